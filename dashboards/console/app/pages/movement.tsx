import { Anchor, Group, SegmentedControl, Table, Text, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useApi } from "../api/hooks.ts";
import type { Movement } from "../api/types.ts";
import { type Step, Waterfall } from "../parts/charts/bars.tsx";
import { useFormat } from "../parts/format.ts";
import { Card, Loading, Page, Problem } from "../parts/page.tsx";
import { asText } from "../parts/text.ts";
import { common } from "../words/common.ts";
import { useWords, words } from "../words/index.ts";

const text = words({
  en: {
    title: "Movement",
    about: "What moved the open pipeline between two days. It adds up exactly.",
    from: "From the end of",
    to: "to the end of",
    value: "Value",
    count: "Deals",
    start: "Start",
    end: "End",
    deals: "Deals that moved it",
    deal: "Deal",
    reason: "Reason",
    change: "Change",
    left: "Left out",
  },
  fr: {
    title: "Mouvement",
    about: "Ce qui a fait bouger le pipeline ouvert entre deux jours. La somme est exacte.",
    from: "De la fin du",
    to: "à la fin du",
    value: "Valeur",
    count: "Affaires",
    start: "Début",
    end: "Fin",
    deals: "Affaires à l’origine",
    deal: "Affaire",
    reason: "Raison",
    change: "Changement",
    left: "Laissés de côté",
  },
});

const reasons = words<{ readonly [reason: string]: string }>({
  en: {
    created: "Created",
    reopened: "Reopened",
    value_up: "Value up",
    value_down: "Value down",
    won: "Won",
    lost: "Lost",
    deleted: "Deleted",
    merged: "Merged",
    owner_in: "Owner in",
    owner_out: "Owner out",
    pipeline_in: "Pipeline in",
    pipeline_out: "Pipeline out",
    pulled_in: "Pulled in",
    pushed_out: "Pushed out",
    currency: "Exchange rates",
  },
  fr: {
    created: "Créées",
    reopened: "Rouvertes",
    value_up: "Hausses",
    value_down: "Baisses",
    won: "Gagnées",
    lost: "Perdues",
    deleted: "Supprimées",
    merged: "Fusionnées",
    owner_in: "Reçues",
    owner_out: "Cédées",
    pipeline_in: "Pipeline entrant",
    pipeline_out: "Pipeline sortant",
    pulled_in: "Avancées",
    pushed_out: "Repoussées",
    currency: "Taux de change",
  },
});

/** What lessens the open pipeline. */
const DOWN = new Set(["value_down", "won", "lost", "deleted", "merged", "owner_out", "pipeline_out", "pushed_out"]);
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** `/movement` */
export function MovementPage(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const names = useWords(reasons);
  const format = useFormat();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { readonly from?: string; readonly to?: string };
  const today = format.today();
  const to = DAY.test(search.to ?? "") ? (search.to ?? today) : today;
  const from = DAY.test(search.from ?? "")
    ? (search.from ?? today)
    : new Date(Date.parse(today) - 30 * 86_400_000).toISOString().slice(0, 10);
  const [of, setOf] = useState<"value" | "count">("value");
  const asked = useApi("GET /movement", { query: { from, to } });
  const row = asked.data?.rows[0];
  const set = (change: { readonly from?: string; readonly to?: string }): void =>
    void navigate({ to: "/movement", search: { from, to, ...change }, replace: true });
  const write = (value: number): string => (of === "value" ? format.short(value, "money") : format.count(value));
  return (
    <Page title={t.title} about={t.about}>
      <Group align="flex-end">
        <TextInput
          type="date"
          label={t.from}
          value={from}
          max={to}
          onChange={(event) => set({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={t.to}
          value={to}
          min={from}
          onChange={(event) => set({ to: event.currentTarget.value })}
        />
        <SegmentedControl
          aria-label={t.value}
          data={[
            { value: "value", label: t.value },
            { value: "count", label: t.count },
          ]}
          value={of}
          onChange={(next) => setOf(next === "count" ? "count" : "value")}
        />
      </Group>
      <Problem error={asked.error} />
      {asked.data === undefined && asked.error === null ? <Loading /> : null}
      {row === undefined ? null : (
        <Card>
          <Waterfall name={t.title} steps={stepsOf(row, of, { ...names, start: t.start, end: t.end }, write)} />
          {asked.data?.exceptions.map(({ reason, count }) => (
            <Text key={reason} size="sm" c="dimmed">
              {t.left}: <span lang="en">{reason}</span> ({count})
            </Text>
          ))}
        </Card>
      )}
      {asked.data === undefined || asked.data.deals.length === 0 ? null : (
        <Card title={t.deals}>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.deals}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.deal}</Table.Th>
                  <Table.Th>{t.reason}</Table.Th>
                  <Table.Th className="numbers">{t.change}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {asked.data.deals.slice(0, 100).map((deal, index) => {
                  const url = asText(deal["url"]);
                  const name = asText(deal["name"]) || c.noName;
                  const moved = Object.entries(movesOf(deal["reasons"]));
                  return (
                    <Table.Tr key={`${asText(deal["id"])} ${index}`}>
                      <Table.Td>
                        {/^https?:/.test(url) ? (
                          <Anchor href={url} target="_blank" rel="noreferrer">
                            {name}
                          </Anchor>
                        ) : (
                          name
                        )}
                      </Table.Td>
                      <Table.Td>{moved.map(([reason]) => names[reason] ?? reason).join(", ")}</Table.Td>
                      <Table.Td className="numbers">
                        {format.money(
                          moved.reduce(
                            (sum, [reason, value]) => sum + (DOWN.has(reason) ? -Math.abs(value) : value),
                            0,
                          ),
                        )}
                      </Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </div>
        </Card>
      )}
    </Page>
  );
}

/** By reason: the amount that it moved. */
function movesOf(said: unknown): { readonly [reason: string]: number } {
  if (typeof said !== "object" || said === null) return {};
  return Object.fromEntries(
    Object.entries(said).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

function stepsOf(
  row: Movement["rows"][number],
  of: "value" | "count",
  names: { readonly [reason: string]: string },
  write: (value: number) => string,
): readonly Step[] {
  const steps: Step[] = [
    { name: names["start"] ?? "", from: 0, to: row.start[of], shown: write(row.start[of]), isTotal: true },
  ];
  let at = row.start[of];
  for (const [reason, part] of Object.entries(row.reasons)) {
    if (part[of] === 0) continue;
    const change = DOWN.has(reason) ? -Math.abs(part[of]) : part[of];
    steps.push({ name: names[reason] ?? reason, from: at, to: at + change, shown: write(change), isTotal: false });
    at += change;
  }
  return [...steps, { name: names["end"] ?? "", from: 0, to: row.end[of], shown: write(row.end[of]), isTotal: true }];
}
