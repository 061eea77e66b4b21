import { Anchor, Badge, Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { ReviewAgenda } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { flagNames, flagWords, reviewWords } from "./words.ts";

export type OpenDeal = ReviewAgenda["attention"][number];
export type Flag = OpenDeal["flags"][number];

/** Lists begin with so many. */
export const SHOWN = 50;

/** A deal's or lead's name, and where there is one, the way to its tool. */
export function Named({ name, url }: { readonly name: string | null; readonly url: string | null }): ReactNode {
  const c = useWords(common);
  const shown = name ?? c.noName;
  return url !== null && /^https?:/.test(url) ? (
    <Anchor href={url} target="_blank" rel="noreferrer" size="sm" style={{ overflowWrap: "anywhere" }}>
      {shown}
    </Anchor>
  ) : (
    <Text span size="sm" style={{ overflowWrap: "anywhere" }}>
      {shown}
    </Text>
  );
}

export function Owner({ rep }: { readonly rep: string | null }): ReactNode {
  const t = useWords(reviewWords);
  return (
    <Text span size="sm" c={rep === null ? "dimmed" : undefined}>
      {rep ?? t.nobody}
    </Text>
  );
}

/** What is wrong with a deal, each as a mark with its words. */
export function Flags({ flags }: { readonly flags: readonly Flag[] }): ReactNode {
  const write = useFlagText();
  const names = useWords(flagNames);
  return (
    <Group gap={4}>
      {flags.map((flag) => (
        <Badge
          key={flag.kind}
          color={flag.kind === "large" ? "blue" : flag.kind === "stuck" || flag.kind === "past_due" ? "red" : "orange"}
          title={names[flag.kind]}
        >
          {write(flag)}
        </Badge>
      ))}
    </Group>
  );
}

function useFlagText(): (flag: Flag) => string {
  const t = useWords(flagWords);
  const format = useFormat();
  return (flag) => {
    switch (flag.kind) {
      case "stuck":
        return t.stuck(Math.floor(flag.days), Math.floor(flag.limit));
      case "no_next_step":
        return t.no_next_step();
      case "slipping":
        return t.slipping(flag.pushes);
      case "past_due":
        return t.past_due(format.day(flag.expected));
      case "no_date":
        return t.no_date();
      case "single_threaded":
        return t.single_threaded(flag.people);
      case "cold":
        return t.cold(flag.lastTouch === null ? null : format.day(flag.lastTouch));
      case "large":
        return t.large(flag.rank);
      default:
        return flag satisfies never;
    }
  };
}

/** How many of a list are shown, and the way to more of them. */
export function Rest(props: { readonly count: number; readonly total: number; readonly more: () => void }): ReactNode {
  const t = useWords(reviewWords);
  const format = useFormat();
  const { count, total, more } = props;
  if (total <= count) return null;
  return (
    <Group justify="center" mt="sm">
      <Text size="sm" c="dimmed">
        {t.shownOf(format.count(count), format.count(total))}
      </Text>
      <Button size="compact-sm" variant="default" onClick={more}>
        +{SHOWN}
      </Button>
    </Group>
  );
}
