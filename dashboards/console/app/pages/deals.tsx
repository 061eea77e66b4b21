import { Anchor, Badge, Group, Select, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi, usePages } from "../api/hooks.ts";
import { useFormat } from "../parts/format.ts";
import { Card, Empty, Loading, More, Page, Problem } from "../parts/page.tsx";
import { common } from "../words/common.ts";
import { useWords, words } from "../words/index.ts";

const text = words({
  en: {
    title: "Deals",
    about: "Every deal as it stands, newest first, whichever tool it is in. The name leads to the tool.",
    search: "Name or id",
    status: "Status",
    source: "Source",
    open: "open",
    won: "won",
    lost: "lost",
    deal: "Deal",
    stage: "Stage",
    value: "Value",
    owner: "Sales rep",
    company: "Company",
    created: "Created",
    expected: "Expected or closed",
    touches: "Activities",
    none: "No deal is like this.",
  },
  fr: {
    title: "Affaires",
    about: "Chaque affaire telle qu’elle est, la plus récente d’abord, quel que soit son outil. Le nom mène à l’outil.",
    search: "Nom ou identifiant",
    status: "Statut",
    source: "Source",
    open: "ouverte",
    won: "gagnée",
    lost: "perdue",
    deal: "Affaire",
    stage: "Étape",
    value: "Montant",
    owner: "Commercial",
    company: "Entreprise",
    created: "Créée",
    expected: "Prévue ou close",
    touches: "Activités",
    none: "Aucune affaire ne correspond.",
  },
});

const STATUSES = ["open", "won", "lost"] as const;
const COLOURS = { open: "blue", won: "green", lost: "gray" } as const;

/** `/deals` */
export function Deals(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const navigate = useNavigate();
  const found = useSearch({ strict: false }) as { readonly [name: string]: string | undefined };
  const { search, connection } = found;
  const status = STATUSES.find((one) => one === found["status"]);
  const connections = useApi("GET /connections", { query: { limit: 200 } }).data?.data ?? [];
  const listed = usePages("GET /deals", {
    query: {
      limit: 50,
      ...(search === undefined ? {} : { search }),
      ...(status === undefined ? {} : { status }),
      ...(connection === undefined ? {} : { connection }),
    },
  });
  const set = (change: { readonly [name: string]: string | undefined }): void => {
    const next = Object.entries({ ...found, ...change }).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, value] as const],
    );
    void navigate({ to: "/deals", search: Object.fromEntries(next), replace: true });
  };
  const look = useDebouncedCallback((written: string) => set({ search: written }), 300);
  return (
    <Page title={t.title} about={t.about}>
      <Group align="flex-end">
        <TextInput
          label={t.search}
          type="search"
          defaultValue={search ?? ""}
          maxLength={200}
          onChange={(event) => look(event.currentTarget.value)}
        />
        <Select
          label={t.status}
          allowDeselect={false}
          data={[{ value: "", label: c.all }, ...STATUSES.map((one) => ({ value: one, label: t[one] }))]}
          value={status ?? ""}
          onChange={(next) => set({ status: next ?? "" })}
        />
        <Select
          label={t.source}
          allowDeselect={false}
          searchable
          data={[{ value: "", label: c.all }, ...connections.map(({ id, title }) => ({ value: id, label: title }))]}
          value={connection ?? ""}
          onChange={(next) => set({ connection: next ?? "" })}
        />
      </Group>
      <Problem error={listed.error} />
      {listed.isLoading ? <Loading /> : null}
      {!listed.isLoading && listed.error === null && listed.rows.length === 0 ? (
        <Empty icon="deal" text={t.none} />
      ) : null}
      {listed.rows.length === 0 ? null : (
        <Card>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.title}>
            <Table miw={860}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.deal}</Table.Th>
                  <Table.Th>{t.status}</Table.Th>
                  <Table.Th className="numbers">{t.value}</Table.Th>
                  <Table.Th>{t.owner}</Table.Th>
                  <Table.Th>{t.created}</Table.Th>
                  <Table.Th>{t.expected}</Table.Th>
                  <Table.Th>{t.source}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {listed.rows.map((deal) => {
                  const { url } = deal;
                  const name = deal.name ?? c.noName;
                  const ends = deal.closed_at ?? deal.expected_close_on;
                  return (
                    <Table.Tr key={deal.id}>
                      <Table.Td>
                        {url !== null && /^https?:/.test(url) ? (
                          <Anchor href={url} target="_blank" rel="noreferrer" size="sm">
                            {name}
                          </Anchor>
                        ) : (
                          name
                        )}
                        <Text size="xs" c="dimmed">
                          {[deal.company?.name, deal.pipeline].filter((one) => one != null).join(" · ")}
                        </Text>
                        <Link to="/activities" search={{ deal: deal.id }} aria-label={`${t.touches}: ${name}`}>
                          <Text span size="xs">
                            {t.touches}
                          </Text>
                        </Link>
                      </Table.Td>
                      <Table.Td>
                        <Badge color={COLOURS[deal.status]}>{t[deal.status]}</Badge>
                        <Text size="xs" c="dimmed">
                          {deal.status === "lost" ? (deal.lost_reason ?? deal.stage) : deal.stage}
                        </Text>
                      </Table.Td>
                      <Table.Td className="numbers">
                        {format.money(deal.value.amount, deal.value.currency ?? format.currency)}
                      </Table.Td>
                      <Table.Td>{deal.owner?.name ?? "–"}</Table.Td>
                      <Table.Td className="one-line">
                        {deal.created_at === null ? "–" : format.date(deal.created_at)}
                      </Table.Td>
                      <Table.Td className="one-line">
                        {ends === null ? "–" : ends.length > 10 ? format.date(ends) : format.day(ends)}
                      </Table.Td>
                      <Table.Td>
                        {connections.find(({ id }) => id === deal.connection)?.title ?? deal.connection}
                      </Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </div>
          <More more={listed.more} isLoading={listed.isLoadingMore} />
        </Card>
      )}
    </Page>
  );
}
