import { Alert, Badge, Group, List, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Preview } from "../../api/types.ts";
import { type Format, useFormat } from "../../parts/format.ts";
import { Card } from "../../parts/page.tsx";
import { humanise } from "../../words/fields.ts";
import { useWords } from "../../words/index.ts";
import type { Draft } from "./draft.ts";
import { columnNames, text } from "./words.ts";

/** The first rows as they stand in the file, and beside each what it becomes or why it is refused. */
export function PreviewTable({ preview, draft }: { readonly preview: Preview; readonly draft: Draft }): ReactNode {
  const t = useWords(text);
  const isWhole = preview.unfinished.length === 0;
  const refused = preview.rows.filter(({ becomes }) => becomes === null).length;
  const used = new Set([...draft.key, ...Object.values(draft.columns)]);
  return (
    <Card title={t.preview}>
      <Stack>
        {isWhole ? (
          <Alert color={refused === 0 ? "green" : "yellow"}>
            {refused === 0 ? t.allGood : t.refusedCount(refused)}
          </Alert>
        ) : (
          <Alert color="blue" title={t.unfinished}>
            <List size="sm" lang="en">
              {preview.unfinished.map((line) => (
                <List.Item key={line}>{line}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        <div className="scroll-x" tabIndex={0} role="region" aria-label={t.preview}>
          <Table withColumnBorders>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.line}</Table.Th>
                {preview.columns.map((column) => (
                  <Table.Th key={column} c={used.has(column) ? undefined : "dimmed"}>
                    {column}
                  </Table.Th>
                ))}
                {isWhole ? <Table.Th miw={320}>{t.becomes}</Table.Th> : null}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {preview.rows.map((row) => (
                <Table.Tr key={row.line}>
                  <Table.Td>{row.line}</Table.Td>
                  {preview.columns.map((column) => (
                    <Table.Td key={column} c={used.has(column) ? undefined : "dimmed"}>
                      <Text size="sm" lineClamp={2}>
                        {row.cells[column]}
                      </Text>
                    </Table.Td>
                  ))}
                  {isWhole ? (
                    <Table.Td>
                      <Becomes row={row} />
                    </Table.Td>
                  ) : null}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
        <List size="xs" c="dimmed" lang="en">
          {preview.notes.map((note) => (
            <List.Item key={note}>{note}</List.Item>
          ))}
        </List>
      </Stack>
    </Card>
  );
}

function Becomes({ row }: { readonly row: Preview["rows"][number] }): ReactNode {
  const t = useWords(text);
  const names = useWords(columnNames);
  const format = useFormat();
  return (
    <Stack gap={2}>
      {row.becomes === null ? (
        <Badge color="red">{t.refused}</Badge>
      ) : (
        <Group gap="xs">
          {readable(row.becomes, format).map(({ field, value }) => (
            <Text key={field} size="xs">
              <Text span inherit c="dimmed">
                {names[field] ?? humanise(field)}
              </Text>{" "}
              {value}
            </Text>
          ))}
        </Group>
      )}
      {row.problems.map((problem) => (
        <Text key={problem} size="xs" c="var(--app-bad)" lang="en">
          {problem}
        </Text>
      ))}
    </Stack>
  );
}

type Fields = NonNullable<Preview["rows"][number]["becomes"]>;

/** What programs alone want to know. */
const INNER = new Set(["says", "externalId", "currency", "pipeline", "valuePeriod"]);

/** As people read it: an amount with its currency, a day as a day. */
function readable(fields: Fields, format: Format): Fields {
  const currency = fields.find(({ field }) => field === "currency")?.value;
  return fields.flatMap(({ field, value }) => {
    if (INNER.has(field)) return [];
    if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return [{ field: snake(field), value: format.day(value) }];
    if (/^\d{4}-\d{2}-\d{2}T/.test(value)) return [{ field: snake(field), value: format.dateTime(value) }];
    if (!field.endsWith("Minor")) return [{ field: snake(field), value }];
    return [
      { field: "value", value: format.money(Number(value) / 10 ** digitsOf(currency ?? format.currency), currency) },
    ];
  });
}

function digitsOf(currency: string): number {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** Facts call their fields as programs do. */
function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
