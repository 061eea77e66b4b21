import { Code, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { usePages } from "../../api/hooks.ts";
import { useFormat } from "../../parts/format.ts";
import { Card, Loading, More, Problem } from "../../parts/page.tsx";
import { useWords, words } from "../../words/index.ts";

const text = words({
  en: {
    title: "Who changed what, newest first",
    at: "When",
    who: "Who",
    what: "What",
    to: "To what",
    details: "Details",
  },
  fr: {
    title: "Qui a modifié quoi, le plus récent d’abord",
    at: "Quand",
    who: "Qui",
    what: "Quoi",
    to: "Sur quoi",
    details: "Détails",
  },
});

/** Every change that somebody made, by whichever way. */
export function Audit(): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const listed = usePages("GET /audit", {});
  return (
    <Card title={t.title}>
      <Problem error={listed.error} />
      {listed.isLoading ? <Loading /> : null}
      <div className="scroll-x" tabIndex={0} role="region" aria-label={t.title}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.at}</Table.Th>
              <Table.Th>{t.who}</Table.Th>
              <Table.Th>{t.what}</Table.Th>
              <Table.Th>{t.to}</Table.Th>
              <Table.Th>{t.details}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {listed.rows.map((entry) => (
              <Table.Tr key={entry.id}>
                <Table.Td className="one-line">{format.dateTime(entry.at)}</Table.Td>
                <Table.Td>{entry.actor}</Table.Td>
                <Table.Td>
                  <Code>{entry.action}</Code>
                </Table.Td>
                <Table.Td>
                  <Text size="sm" lineClamp={1}>
                    {entry.target}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Text size="xs" c="dimmed" lineClamp={2}>
                    {Object.keys(entry.details).length === 0 ? "" : JSON.stringify(entry.details)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <More more={listed.more} isLoading={listed.isLoadingMore} />
    </Card>
  );
}
