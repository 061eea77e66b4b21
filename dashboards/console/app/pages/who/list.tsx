import { SegmentedControl, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { usePages } from "../../api/hooks.ts";
import { Icon } from "../../parts/icons.tsx";
import { Card, Empty, Loading, More, Page, Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { ENTITIES, entityOf, text } from "./words.ts";

/** `/who/{entity}` */
export function WhoList(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const navigate = useNavigate();
  const params = useParams({ strict: false }) as { readonly entity?: string };
  const entity = entityOf(params.entity);
  const [search, setSearch] = useState("");
  const [settled] = useDebouncedValue(search.trim(), 300);
  const listed = usePages("GET /identities/{entity}", {
    params: { entity },
    query: settled === "" ? {} : { search: settled },
  });
  return (
    <Page title={t.title} about={t.about}>
      <SegmentedControl
        aria-label={t.title}
        data={ENTITIES.map((value) => ({ value, label: t[value] }))}
        value={entity}
        onChange={(next) => void navigate({ to: "/who/$entity", params: { entity: next } })}
        style={{ alignSelf: "flex-start", maxWidth: "100%", overflowX: "auto" }}
      />
      <TextInput
        label={t.search}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        leftSection={<Icon name="search" size={16} />}
        maw={480}
      />
      <Problem error={listed.error} />
      {listed.isLoading ? <Loading /> : null}
      {!listed.isLoading && listed.error === null && listed.rows.length === 0 ? (
        <Empty icon="people" text={settled === "" ? t.none : t.noMatch} />
      ) : null}
      {listed.rows.length === 0 ? null : (
        <Card>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{c.name}</Table.Th>
                <Table.Th>{t.records}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {listed.rows.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <Link to="/who/$entity/$id" params={{ entity, id: one.id }}>
                      {one.name ?? c.noName}
                    </Link>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">
                      {t.rows(one.rows)} · {one.connection}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <More more={listed.more} isLoading={listed.isLoadingMore} />
        </Card>
      )}
    </Page>
  );
}
