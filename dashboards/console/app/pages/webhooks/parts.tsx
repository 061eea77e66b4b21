import { Badge, Checkbox, Fieldset, MultiSelect, NumberInput, SimpleGrid, Stack, TagsInput, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Operations, Webhook } from "../../api/types.ts";
import { useApi } from "../../api/hooks.ts";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { eventNames, text } from "./words.ts";

/** A webhook's state as people see it: one that is active and gets errors is said to fail. */
export function WebhookBadge({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useWords(text);
  if (webhook.state === "paused")
    return <Badge color={webhook.paused_by === "person" ? "gray" : "red"}>{t.paused}</Badge>;
  return webhook.failing_since === null ? (
    <Badge color="green">{t.active}</Badge>
  ) : (
    <Badge color="yellow">{t.failing}</Badge>
  );
}

/** What a webhook is told of: the events, and of them what fits. Undefined and empty leave nothing out. */
export type Subscription = { readonly events: readonly string[]; readonly filters: Webhook["filters"] };
type Wanted = Pick<Operations["POST /webhooks"]["body"], "events"> & { filters: Webhook["filters"] };

/** Without the filters that fit none of the events: what a folded field still holds is not meant. */
export function wantedOf({ events, filters }: Subscription): Wanted {
  const fits = (prefix: string): boolean => events.some((type) => type === "*" || type.startsWith(prefix));
  const isMeant = (name: string): boolean =>
    FILTERS_OF_DEALS.has(name) ? fits("deal.") : FILTERS_OF_KPIS.has(name) ? fits("kpi.") : true;
  const kept = Object.entries(filters).filter(
    ([name, value]) => isMeant(name) && value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  // The types are those that the hub lists itself.
  return { events: [...events] as Wanted["events"], filters: Object.fromEntries(kept) };
}

const FILTERS_OF_DEALS = new Set(["pipelines", "min_amount"]);
const FILTERS_OF_KPIS = new Set(["metrics", "rises_to", "falls_to"]);
const EVERY = "*";
/** What only rules of the config file tell. */
const RULES_TELL = ["kpi.crossed", "goal.", "rank.", "deal.stuck", "lead.", "forecast.", "conclusion."];

export function SubscriptionFields({
  value,
  onChange,
}: {
  readonly value: Subscription;
  readonly onChange: (value: Subscription) => void;
}): ReactNode {
  const t = useWords(text);
  const names = useWords(eventNames);
  const types = useApi("GET /event-types", {}).data?.data ?? [];
  const isEvery = value.events.includes(EVERY);
  return (
    <>
      <Fieldset legend={t.whichEvents}>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t.whichEventsHelp}
          </Text>
          <Checkbox
            label={t.all}
            checked={isEvery}
            onChange={(event) => onChange({ ...value, events: event.currentTarget.checked ? [EVERY] : [] })}
          />
          {isEvery ? null : (
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
              {types.map(({ type, title }) => (
                <Checkbox
                  key={type}
                  label={names[type] ?? title}
                  description={type}
                  checked={value.events.includes(type)}
                  onChange={(event) => {
                    const others = value.events.filter((one) => one !== type);
                    onChange({ ...value, events: event.currentTarget.checked ? [...others, type] : others });
                  }}
                />
              ))}
            </SimpleGrid>
          )}
        </Stack>
      </Fieldset>
      <FilterFields value={value} onChange={(filters) => onChange({ ...value, filters })} />
    </>
  );
}

function FilterFields({
  value: { events, filters },
  onChange,
}: {
  readonly value: Subscription;
  readonly onChange: (filters: Webhook["filters"]) => void;
}): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const has = (prefix: string): boolean => events.some((type) => type === EVERY || type.startsWith(prefix));
  const set = (name: keyof Webhook["filters"], given: readonly string[] | number | string): void => {
    const { [name]: _old, ...others } = filters;
    onChange(given === "" ? others : { ...others, [name]: given });
  };
  const tags = (name: "pipelines" | "rules" | "digests", help: string): ReactNode => (
    <TagsInput
      label={`${t[name]} (${c.optional})`}
      description={help}
      value={filters[name] ?? []}
      onChange={(given) => set(name, given)}
      acceptValueOnBlur
    />
  );
  if (events.length === 0) return null;
  return (
    <Fieldset legend={t.only}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t.onlyHelp}
        </Text>
        {has("deal.") ? (
          <>
            {tags("pipelines", t.pipelinesHelp)}
            <NumberInput
              label={`${t.minAmount} (${c.optional})`}
              value={filters.min_amount ?? ""}
              min={0}
              onChange={(given) => set("min_amount", given)}
            />
          </>
        ) : null}
        {has("kpi.") ? (
          <>
            <MultiSelect
              label={`${t.metrics} (${c.optional})`}
              data={kpis.map(({ id, title }) => ({ value: id, label: title }))}
              value={filters.metrics ?? []}
              onChange={(given) => set("metrics", given)}
              searchable
              lang="en"
            />
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <NumberInput
                label={`${t.risesTo} (${c.optional})`}
                value={filters.rises_to ?? ""}
                onChange={(given) => set("rises_to", given)}
              />
              <NumberInput
                label={`${t.fallsTo} (${c.optional})`}
                value={filters.falls_to ?? ""}
                onChange={(given) => set("falls_to", given)}
              />
            </SimpleGrid>
          </>
        ) : null}
        {RULES_TELL.some(has) || filters.rules !== undefined ? tags("rules", t.idsHelp) : null}
        {has("digest.") || filters.digests !== undefined ? tags("digests", t.idsHelp) : null}
      </Stack>
    </Fieldset>
  );
}

/** How it is told: in order or not, and how fast. */
export type Manner = { readonly ordered: boolean; readonly perSecond: number | ""; readonly description: string };

export function MannerFields({
  value,
  onChange,
}: {
  readonly value: Manner;
  readonly onChange: (value: Manner) => void;
}): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  return (
    <>
      <Checkbox
        label={t.ordered}
        description={t.orderedHelp}
        checked={value.ordered}
        onChange={(event) => onChange({ ...value, ordered: event.currentTarget.checked })}
      />
      <NumberInput
        label={`${t.perSecond} (${c.optional})`}
        value={value.perSecond}
        min={0.01}
        max={1000}
        maw={260}
        onChange={(given) => onChange({ ...value, perSecond: typeof given === "number" ? given : "" })}
      />
    </>
  );
}
