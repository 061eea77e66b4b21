import { Box, Group, Select, SimpleGrid, Slider, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import type { Kpi } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { humanise } from "../../words/fields.ts";
import { useWords } from "../../words/index.ts";
import { dimensionNames, grainNames, GRAINS, periodNames, PERIODS } from "../../words/kpis.ts";
import { addDays, type Question } from "./question.ts";
import { text } from "./words.ts";

/** What can be asked of a KPI. */
export function Controls(props: {
  readonly kpi: Kpi;
  readonly question: Question;
  readonly onChange: (question: Question) => void;
}): ReactNode {
  const { kpi, question, onChange } = props;
  const t = useWords(text);
  const periods = useWords(periodNames);
  const grains = useWords(grainNames);
  const dimensions = useWords(dimensionNames);
  const format = useFormat();
  const set = (change: Partial<Question>): void => onChange({ ...question, ...change });
  return (
    <Box>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Select
          label={t.period}
          data={[...PERIODS, "days" as const].map((value) => ({ value, label: periods[value] }))}
          value={question.period}
          allowDeselect={false}
          onChange={(next) => {
            const period = [...PERIODS, "days" as const].find((one) => one === next) ?? "this_month";
            const today = format.today();
            set({
              period,
              ...(period === "days" && question.from === "" ? { from: addDays(today, -29), to: today } : {}),
            });
          }}
        />
        <Select
          label={t.by}
          data={[
            { value: "", label: t.nothing },
            ...kpi.dimensions.map((one) => ({ value: one, label: dimensions[one] ?? humanise(one) })),
          ]}
          value={question.by}
          allowDeselect={false}
          searchable
          onChange={(by) => set({ by: by ?? "", filter: "" })}
        />
        <Select
          label={t.over}
          data={[{ value: "", label: t.whole }, ...GRAINS.map((one) => ({ value: one, label: grains[one] }))]}
          value={question.grain}
          allowDeselect={false}
          onChange={(next) => set({ grain: GRAINS.find((one) => one === next) ?? "" })}
        />
        <Select
          label={t.compare}
          data={[
            { value: "previous", label: t.previous },
            { value: "last_year", label: t.lastYear },
            { value: "", label: t.none },
          ]}
          value={question.compare}
          allowDeselect={false}
          onChange={(next) => set({ compare: next === "last_year" || next === "previous" ? next : "" })}
        />
        {question.period === "days" ? (
          <>
            <TextInput
              type="date"
              label={t.period}
              value={question.from}
              onChange={(event) => set({ from: event.currentTarget.value })}
            />
            <TextInput
              type="date"
              aria-label={t.period}
              label=" "
              value={question.to}
              onChange={(event) => set({ to: event.currentTarget.value })}
            />
          </>
        ) : null}
      </SimpleGrid>
      <AsOf value={question.asOf} onChange={(asOf) => set({ asOf })} />
    </Box>
  );
}

const FURTHEST = 365;

/** Back in time, by what was known then. */
function AsOf({ value, onChange }: { readonly value: string; readonly onChange: (day: string) => void }): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const today = format.today();
  const known =
    value === ""
      ? 0
      : Math.min(FURTHEST, Math.max(0, Math.round((Date.parse(today) - Date.parse(value)) / 86_400_000)));
  const [dragged, setDragged] = useState<number | null>(null);
  const back = dragged ?? known;
  const dayOf = (days: number): string => (days === 0 ? "" : addDays(today, -days));
  return (
    <Group mt="md" gap="md" align="center">
      <Text size="sm" fw={500} miw={210} aria-live="polite">
        {t.asOf}: {back === 0 ? t.now : format.day(dayOf(back))}
      </Text>
      <Slider
        flex={1}
        miw={200}
        min={0}
        max={FURTHEST}
        value={FURTHEST - back}
        label={back === 0 ? t.now : t.asOfHelp(back)}
        thumbLabel={t.asOf}
        onChange={(next) => setDragged(FURTHEST - next)}
        onChangeEnd={(next) => {
          setDragged(null);
          onChange(dayOf(FURTHEST - next));
        }}
      />
    </Group>
  );
}
