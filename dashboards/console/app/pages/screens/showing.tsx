import { ActionIcon, Button, Group, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { useApi } from "../../api/hooks.ts";
import type { Kpi, Showings } from "../../api/types.ts";
import { Icon } from "../../parts/icons.tsx";
import { type Field, fieldsOf, SchemaFields } from "../../parts/schema-form.tsx";
import { asText } from "../../parts/text.ts";
import { humanise } from "../../words/fields.ts";
import { useWords } from "../../words/index.ts";
import { dimensionNames, GRAINS, grainNames, allPeriodNames, useTitle } from "../../words/kpis.ts";
import type { DraftTile } from "./draft.ts";
import { screenWords, settingNames, viewNames } from "./words.ts";

/** Settings that every tile and feed has; those of a KPI are beside them. */
const OF_ALL = ["view", "widget", "title", "width", "height"];
const OF_KPI = ["metric", "of", "filters"];

/** The settings that count, by view. */
export function usesOf(showings: Showings): (view: string) => ReadonlySet<string> {
  return (view) => {
    const found = showings.views[view];
    if (found === undefined) return new Set(OF_ALL);
    return new Set([...OF_ALL, ...(found.shows === "other" ? [] : OF_KPI), ...found.uses]);
  };
}

/**
 * The settings of a tile or a feed: those that its view declares, in the order of the schema. What has no field of its own here (a setting that
 * is new) is asked for as its schema says.
 */
export function ShowingForm(props: {
  readonly showings: Showings;
  /** The setting that says how it is shown: `view` of a tile, `widget` of a feed. */
  readonly by: "view" | "widget";
  readonly value: DraftTile;
  readonly onChange: (value: DraftTile) => void;
}): ReactNode {
  const { showings, by, value, onChange } = props;
  const t = useWords(screenWords);
  const names = useWords(viewNames);
  const labels = useWords(settingNames);
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const view = asText(value[by]) || (Object.keys(showings.views)[0] ?? "");
  const uses = usesOf(showings)(view);
  const shows = showings.views[view]?.shows ?? "other";
  const kpi = kpis.find(({ id }) => id === value["metric"]) ?? null;
  const set = (change: DraftTile): void => onChange({ ...value, ...change });
  const choose = (next: string): void => {
    const wanted = showings.views[next]?.shows ?? "other";
    const isFit = kpi !== null && wanted !== "other" && kpi.shown_as.includes(wanted);
    const first = wanted === "other" ? undefined : kpis.find(({ shown_as }) => shown_as.includes(wanted))?.id;
    // Another way to show may ask for another KPI.
    onChange({
      ...value,
      [by]: next,
      // A text tile needs one to be shown at all.
      ...(next === "text" && value["text"] === undefined ? { text: "…" } : {}),
      ...(wanted === "other" || isFit ? {} : { metric: first, of: undefined }),
    });
  };
  const fields = fieldsOf(showings.schema).filter(({ name }) => uses.has(name) && !NAMED.has(name));
  return (
    <Stack gap="sm">
      <Select
        label={by === "view" ? t.view : t.widget}
        data={Object.keys(showings.views).map((one) => ({ value: one, label: names[one] ?? humanise(one) }))}
        value={view}
        allowDeselect={false}
        onChange={(next) => choose(next ?? view)}
      />
      {shows === "other" ? null : (
        <KpiSelect
          label={t.metric}
          kpis={kpis.filter(({ shown_as }) => shown_as.includes(shows))}
          value={asText(value["metric"])}
          onChange={(metric) => set({ metric, of: undefined, by: undefined, filters: undefined })}
        />
      )}
      {kpi?.takes_of === true && uses.has("of") ? (
        <KpiSelect
          label={shows === "ranking" ? t.of : t.ofOther}
          kpis={kpis.filter(
            ({ takes_of, dimensions, shown_as }) => !takes_of && shown_as.includes("one") && dimensions.includes("rep"),
          )}
          value={asText(value["of"])}
          onChange={(of) => set({ of })}
        />
      ) : null}
      <Usual uses={uses} kpi={kpi} value={value} set={set} />
      {fields.length === 0 ? null : (
        <SchemaFields
          fields={fields.map((field): Field => ({ ...field, help: null }))}
          labels={labels}
          values={value}
          onChange={(next) => onChange(next)}
        />
      )}
      <TextInput
        label={t.tileTitle}
        placeholder={shows === "other" ? undefined : t.titleHelp}
        maxLength={60}
        value={asText(value["title"])}
        onChange={(event) => set({ title: event.currentTarget.value === "" ? undefined : event.currentTarget.value })}
      />
      {uses.has("filters") ? (
        <Filters
          dimensions={kpi?.dimensions ?? ["rep", "team", "pipeline", "stage", "source"]}
          value={(value["filters"] ?? {}) as { readonly [dimension: string]: string }}
          onChange={(filters) => set({ filters })}
        />
      ) : null}
    </Stack>
  );
}

/** Those that have a field of their own in the form. */
const NAMED = new Set([...OF_ALL, ...OF_KPI, "id", "period", "by", "grain", "text"]);

function Usual(props: {
  readonly uses: ReadonlySet<string>;
  readonly kpi: Kpi | null;
  readonly value: DraftTile;
  readonly set: (change: DraftTile) => void;
}): ReactNode {
  const { uses, kpi, value, set } = props;
  const t = useWords(screenWords);
  const periods = useWords(allPeriodNames);
  const grains = useWords(grainNames);
  const dimensions = useWords(dimensionNames);
  return (
    <>
      {uses.has("period") ? (
        <Select
          label={t.period}
          data={Object.entries(periods).map(([name, label]) => ({ value: name, label }))}
          value={asText(value["period"]) || "this_month"}
          allowDeselect={false}
          onChange={(period) => set({ period: period ?? undefined })}
        />
      ) : null}
      {uses.has("by") ? (
        <Select
          label={t.by}
          data={[
            { value: "", label: t.byDefault },
            ...(kpi?.dimensions ?? []).map((one) => ({ value: one, label: dimensions[one] ?? humanise(one) })),
          ]}
          value={asText(value["by"])}
          searchable
          allowDeselect={false}
          onChange={(by) => set({ by: by === null || by === "" ? undefined : by })}
        />
      ) : null}
      {uses.has("grain") ? (
        <Select
          label={t.grain}
          data={GRAINS.map((one) => ({ value: one, label: grains[one] }))}
          value={asText(value["grain"]) || "month"}
          allowDeselect={false}
          onChange={(grain) => set({ grain: grain ?? undefined })}
        />
      ) : null}
      {uses.has("text") ? (
        <Textarea
          label={t.text}
          autosize
          minRows={3}
          maxLength={400}
          value={asText(value["text"])}
          onChange={(event) => set({ text: event.currentTarget.value })}
        />
      ) : null}
    </>
  );
}

function KpiSelect(props: {
  readonly label: string;
  readonly kpis: readonly Kpi[];
  readonly value: string;
  readonly onChange: (id: string) => void;
}): ReactNode {
  const titleOf = useTitle();
  return (
    <Select
      label={props.label}
      searchable
      data={props.kpis.map((kpi) => ({ value: kpi.id, label: titleOf(kpi) }))}
      value={props.value === "" ? null : props.value}
      allowDeselect={false}
      onChange={(next) => (next === null ? undefined : props.onChange(next))}
    />
  );
}

function Filters(props: {
  readonly dimensions: readonly string[];
  readonly value: { readonly [dimension: string]: string };
  readonly onChange: (value: { readonly [dimension: string]: string } | undefined) => void;
}): ReactNode {
  const { dimensions, value, onChange } = props;
  const t = useWords(screenWords);
  const names = useWords(dimensionNames);
  const set = Object.entries(value);
  const free = dimensions.filter((one) => value[one] === undefined);
  const change = (entries: readonly (readonly [string, string])[]): void =>
    onChange(entries.length === 0 ? undefined : Object.fromEntries(entries));
  return (
    <div role="group" aria-label={t.filters}>
      <Text size="sm" fw={500} mb={4}>
        {t.filters}
      </Text>
      <Stack gap={6}>
        {set.map(([dimension, one], index) => (
          <Group key={dimension} gap={6} wrap="nowrap" align="flex-end">
            <Select
              flex={1}
              aria-label={t.filterDimension}
              searchable
              allowDeselect={false}
              data={[dimension, ...free].map((name) => ({ value: name, label: names[name] ?? humanise(name) }))}
              value={dimension}
              onChange={(next) =>
                change(set.map((entry, at) => (at === index ? [next ?? dimension, entry[1]] : entry)))
              }
            />
            <TextInput
              flex={1}
              aria-label={`${t.filterValue}: ${names[dimension] ?? humanise(dimension)}`}
              placeholder={t.filterValue}
              value={one}
              onChange={(event) => {
                const written = event.currentTarget.value;
                change(set.map((entry, at) => (at === index ? [entry[0], written] : entry)));
              }}
            />
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={`${t.filterRemove}: ${names[dimension] ?? humanise(dimension)}`}
              onClick={() => change(set.filter((_, at) => at !== index))}
            >
              <Icon name="close" size={14} />
            </ActionIcon>
          </Group>
        ))}
        {free[0] === undefined ? null : (
          <Group>
            <Button size="compact-sm" variant="default" onClick={() => change([...set, [free[0] ?? "", ""]])}>
              {t.filterAdd}
            </Button>
          </Group>
        )}
      </Stack>
    </div>
  );
}
