import { Anchor, Badge, Button, Group, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Input } from "../../api/client.ts";
import { usePages } from "../../api/hooks.ts";
import { useFormat } from "../../parts/format.ts";
import { Card, Loading, More, Problem } from "../../parts/page.tsx";
import { asText } from "../../parts/text.ts";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { text } from "./words.ts";

type Query = NonNullable<Input<"GET /kpis/{metric}">["query"]>;

/** The records behind a number, each with why it counts and the way to the vendor's own page of it. */
export function Records(props: {
  readonly metric: string;
  readonly query: Query;
  readonly filter: string;
  readonly onAll: () => void;
}): ReactNode {
  const { metric, query, filter, onAll } = props;
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const { grain: _grain, by: _by, ...asked } = query;
  const listed = usePages("GET /kpis/{metric}/records", { params: { metric }, query: { ...asked, limit: 20 } });
  const hasValue = listed.rows.some(({ value }) => typeof value === "number");
  return (
    <Card
      title={t.records}
      actions={
        filter === "" ? null : (
          <Group gap="xs">
            <Badge>{filter}</Badge>
            <Button size="xs" variant="default" onClick={onAll}>
              {t.all}
            </Button>
          </Group>
        )
      }
    >
      <Problem error={listed.error} />
      {listed.isLoading ? <Loading /> : null}
      {!listed.isLoading && listed.rows.length === 0 && listed.error === null ? (
        <Text c="dimmed">{t.noRecords}</Text>
      ) : null}
      {listed.rows.length === 0 ? null : (
        <div className="scroll-x" tabIndex={0} role="region" aria-label={t.records}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.record}</Table.Th>
                <Table.Th>{t.at}</Table.Th>
                <Table.Th>{t.rep}</Table.Th>
                {hasValue ? <Table.Th className="numbers">{t.value}</Table.Th> : null}
                <Table.Th>{t.why}</Table.Th>
                <Table.Th>{t.source}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {listed.rows.map((record, index) => {
                const name = asText(record["name"]) || c.noName;
                const url = asText(record["url"]);
                const currency = asText(record["currency"]);
                const { value } = record;
                const at = asText(record["at"]);
                return (
                  <Table.Tr key={`${asText(record["id"])} ${index}`}>
                    <Table.Td>
                      {/^https?:/.test(url) ? (
                        <Anchor href={url} target="_blank" rel="noreferrer" title={t.openThere}>
                          {name}
                        </Anchor>
                      ) : (
                        name
                      )}
                    </Table.Td>
                    <Table.Td className="one-line">{at === "" ? "–" : format.dateTime(at)}</Table.Td>
                    <Table.Td>{asText(record["rep"]) || "–"}</Table.Td>
                    {hasValue ? (
                      <Table.Td className="numbers">
                        {typeof value === "number" ? format.money(value, currency === "" ? undefined : currency) : "–"}
                      </Table.Td>
                    ) : null}
                    <Table.Td>
                      <Text size="sm" lang="en">
                        {asText(record["why"])}
                      </Text>
                    </Table.Td>
                    <Table.Td>{asText(record["connection"])}</Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </div>
      )}
      <More more={listed.more} isLoading={listed.isLoadingMore} />
    </Card>
  );
}
