import { Select, SimpleGrid, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Preview } from "../../api/types.ts";
import { useWords } from "../../words/index.ts";
import { stageNames, STAGES } from "../../words/stages.ts";
import type { Draft } from "./draft.ts";
import { text } from "./words.ts";

/** What each stage that the sheet has means. */
export function StageMeanings(props: {
  readonly draft: Draft;
  readonly preview: Preview;
  readonly onChange: (draft: Draft) => void;
}): ReactNode {
  const { draft, preview, onChange } = props;
  const t = useWords(text);
  const names = useWords(stageNames);
  const column = draft.columns["stage"] ?? "";
  const found = [...new Set(preview.rows.map(({ cells }) => cells[column] ?? "").filter((one) => one !== ""))];
  const all = [...new Set([...found, ...Object.keys(draft.stages)])];
  return (
    <Stack gap="xs">
      <Text fw={500}>{t.stages}</Text>
      <Text size="sm" c="dimmed">
        {t.stagesAbout}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {all.map((stage) => (
          <Select
            key={stage}
            label={stage}
            data={[
              ...STAGES.map((one) => ({ value: one, label: names[one] ?? one })),
              { value: "won", label: t.won },
              { value: "lost", label: t.lost },
            ]}
            value={draft.stages[stage] ?? null}
            onChange={(meaning) => onChange({ ...draft, stages: { ...draft.stages, [stage]: meaning ?? "" } })}
          />
        ))}
      </SimpleGrid>
    </Stack>
  );
}
