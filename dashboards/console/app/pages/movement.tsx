import { Anchor, Group, SegmentedControl, Table, Text, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useApi } from "../api/hooks.ts";
import { Waterfall } from "../parts/charts/bars.tsx";
import { DOWN, movementReasons, stepsOf } from "../parts/charts/movement.ts";
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

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** `/movement` */
export function MovementPage(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const names = useWords(movementReasons);
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
