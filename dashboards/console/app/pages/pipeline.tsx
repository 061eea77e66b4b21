import { Anchor, Badge, Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useApi } from "../api/hooks.ts";
import { useFormat } from "../parts/format.ts";
import { Empty, Loading, Page, Problem } from "../parts/page.tsx";
import { asText } from "../parts/text.ts";
import { useNow } from "../parts/when.tsx";
import { common } from "../words/common.ts";
import { plural, useWords, words } from "../words/index.ts";
import { stageNames, STAGES } from "../words/stages.ts";

const text = words({
  en: {
    title: "Pipeline",
    about: "The open deals by stage. Marked are those that stand still, and those without a next step.",
    none: "There is no open deal.",
    total: (shown: string, count: number) => `${shown} · ${count} ${plural("en", count, "deal", "deals")}`,
    stuck: "stands still",
    noStep: "no next step",
    age: (days: number) => `${days} ${plural("en", days, "day", "days")} old`,
    noStage: "No common stage",
    more: (count: number) => `and ${count} more`,
  },
  fr: {
    title: "Pipeline",
    about: "Les affaires ouvertes par étape. Sont marquées celles qui n’avancent plus et celles sans prochaine étape.",
    none: "Il n’y a aucune affaire ouverte.",
    total: (shown: string, count: number) => `${shown} · ${count} ${plural("fr", count, "affaire", "affaires")}`,
    stuck: "à l’arrêt",
    noStep: "sans prochaine étape",
    age: (days: number) => `${days} ${plural("fr", days, "jour", "jours")}`,
    noStage: "Sans étape commune",
    more: (count: number) => `et ${count} de plus`,
  },
});

type Card = { readonly [name: string]: unknown };
const SHOWN = 200;

/** `/pipeline`: what meetings look at. */
export function Pipeline(): ReactNode {
  const t = useWords(text);
  const names = useWords(stageNames);
  const format = useFormat();
  const query = { limit: SHOWN };
  const everyMs = { everyMs: 30_000 };
  const by = "canonical_stage";
  const columns = useApi("GET /kpis/{metric}", { params: { metric: "open_pipeline_value" }, query: { by } }, everyMs);
  const counts = useApi("GET /kpis/{metric}", { params: { metric: "open_deal_count" }, query: { by } }, everyMs);
  const deals = useApi(
    "GET /kpis/{metric}/records",
    { params: { metric: "open_pipeline_value" }, query: { ...query, by } },
    everyMs,
  );
  const idsOf = (rows: readonly Card[] | undefined): ReadonlySet<string> => new Set(rows?.map(({ id }) => asText(id)));
  const stuck = idsOf(
    useApi("GET /kpis/{metric}/records", { params: { metric: "stalled_deals" }, query }, everyMs).data?.data,
  );
  const noStep = idsOf(
    useApi("GET /kpis/{metric}/records", { params: { metric: "no_next_step" }, query }, everyMs).data?.data,
  );
  if (columns.data === undefined || deals.data === undefined)
    return columns.error === null && deals.error === null ? (
      <Loading />
    ) : (
      <Problem error={columns.error ?? deals.error} />
    );
  const stageOf = (dimensions: unknown): string =>
    asText((dimensions as { readonly [name: string]: unknown } | null)?.[by]);
  const found = [...new Set(columns.data.rows.map(({ dimensions }) => dimensions[by] ?? ""))];
  const order = (stage: string): number => (stage === "" ? 99 : STAGES.indexOf(stage as (typeof STAGES)[number]));
  const stages = found.toSorted((a, b) => order(a) - order(b));
  return (
    <Page title={t.title} about={t.about}>
      {stages.length === 0 ? <Empty icon="board" text={t.none} /> : null}
      <div className="board" tabIndex={0} role="region" aria-label={t.title}>
        {stages.map((stage) => {
          const value = columns.data?.rows.find(({ dimensions }) => (dimensions[by] ?? "") === stage)?.value ?? null;
          const count = counts.data?.rows.find(({ dimensions }) => (dimensions[by] ?? "") === stage)?.value ?? 0;
          const cards = deals.data?.data.filter((deal) => stageOf(deal["dimensions"]) === stage) ?? [];
          return (
            <section key={stage} aria-label={stage === "" ? t.noStage : (names[stage] ?? stage)}>
              <Stack gap="xs">
                <div>
                  <Title order={2} size="h5">
                    {stage === "" ? t.noStage : (names[stage] ?? stage)}
                  </Title>
                  <Text size="sm" c="dimmed">
                    {t.total(format.short(value, "money"), count)}
                  </Text>
                </div>
                {cards.map((deal, index) => (
                  <Deal
                    key={`${asText(deal["id"])} ${index}`}
                    deal={deal}
                    isStuck={stuck.has(asText(deal["id"]))}
                    hasNoStep={noStep.has(asText(deal["id"]))}
                  />
                ))}
                {count > cards.length && cards.length > 0 ? (
                  <Text size="sm" c="dimmed">
                    {t.more(count - cards.length)}
                  </Text>
                ) : null}
              </Stack>
            </section>
          );
        })}
      </div>
    </Page>
  );
}

function Deal({
  deal,
  isStuck,
  hasNoStep,
}: {
  readonly deal: Card;
  readonly isStuck: boolean;
  readonly hasNoStep: boolean;
}): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const now = useNow(60_000);
  const name = asText(deal["name"]) || c.noName;
  const url = asText(deal["url"]);
  const { value } = deal;
  const created = asText(deal["created_at"]);
  const currency = asText(deal["currency"]);
  return (
    <Paper withBorder p="sm">
      <Stack gap={4}>
        <Text size="sm" fw={600} lineClamp={2}>
          {/^https?:/.test(url) ? (
            <Anchor href={url} target="_blank" rel="noreferrer" inherit>
              {name}
            </Anchor>
          ) : (
            name
          )}
        </Text>
        <Group justify="space-between" gap={4}>
          <Text size="sm">
            {typeof value === "number" ? format.money(value, currency === "" ? undefined : currency) : "–"}
          </Text>
          <Text size="xs" c="dimmed">
            {created === "" ? "" : t.age(Math.max(0, Math.floor((now - Date.parse(created)) / 86_400_000)))}
          </Text>
        </Group>
        <Text size="xs" c="dimmed">
          {asText(deal["rep"])}
        </Text>
        {isStuck || hasNoStep ? (
          <Group gap={4}>
            {isStuck ? <Badge color="red">{t.stuck}</Badge> : null}
            {hasNoStep ? <Badge color="yellow">{t.noStep}</Badge> : null}
          </Group>
        ) : null}
      </Stack>
    </Paper>
  );
}
