import { Badge, Group, Progress, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Connection, Run } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { useNow } from "../../parts/when.tsx";
import { useWords } from "../../words/index.ts";
import { text } from "./words.ts";

const COLOURS = { active: "green", paused: "gray", needs_auth: "red", ended: "gray" } as const;

export function StateBadge({ state }: { readonly state: Connection["state"] }): ReactNode {
  return <Badge color={COLOURS[state]}>{useWords(text)[state]}</Badge>;
}

/** What is wrong with it as far as numbers go, and what to do; nothing where all is well. */
export function Troubles({ connection }: { readonly connection: Connection }): ReactNode {
  const { state_reason: reason, troubles } = connection;
  const isSaid = reason === null || troubles.some((one) => one.includes(reason));
  return [...(isSaid ? [] : [reason]), ...troubles].map((one) => (
    <Text key={one} size="sm" lang="en" style={{ overflowWrap: "anywhere" }}>
      {one}
    </Text>
  ));
}

const RUN_COLOURS: { readonly [state in Run["state"]]: string } = {
  running: "blue",
  succeeded: "green",
  failed: "red",
  waiting: "gray",
  interrupted: "gray",
};

export function RunBadge({ state }: { readonly state: Run["state"] }): ReactNode {
  const t = useWords(text);
  return <Badge color={RUN_COLOURS[state]}>{state === "waiting" ? t.waitingRun : t[state]}</Badge>;
}

/** How far a run is: share, rate and the time that is left, where the vendor says how much there is. */
export function RunProgress({ run, name }: { readonly run: Run; readonly name: string }): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const now = useNow(1_000);
  const done = run.progress?.done ?? run.counts.fetched;
  const total = run.progress?.total ?? null;
  const seconds = Math.max(1, (now - new Date(run.started_at).getTime()) / 1000);
  const rate = done / seconds;
  const said = [
    total === null ? t.records(done, format.count(done)) : t.of(format.count(done), format.count(total)),
    ...(rate >= 1 ? [t.rate(format.count(rate))] : []),
    ...(total !== null && rate > 0 && total > done ? [t.left(format.duration((total - done) / rate))] : []),
  ];
  const label = `${t.pulling} ${name}`;
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {label}
        </Text>
        <Text size="xs" c="dimmed">
          {said.join(" · ")}
        </Text>
      </Group>
      <Progress
        aria-label={label}
        value={total === null ? 100 : Math.min(100, (100 * done) / Math.max(total, 1))}
        animated={total === null}
        striped={total === null}
      />
    </Stack>
  );
}
