import { Badge, Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import type { Identity, IdentityLink } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Card, Loading, Page, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { type Entity, entityOf, text } from "./words.ts";

/** `/who/{entity}/{id}`: the records that are one, why, and how to change that. */
export function WhoPage(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const isAdmin = useIsAdmin();
  const given = useParams({ strict: false }) as { readonly entity?: string; readonly id?: string };
  const entity = entityOf(given.entity);
  const asked = useApi("GET /identities/{entity}/{id}", { params: { entity, id: given.id ?? "" } });
  const who = asked.data;
  if (who === undefined) return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return (
    <Page
      title={who.name ?? c.noName}
      about={t[entity]}
      actions={
        entity === "person" ? (
          <Button component={Link} to={`/activities?person=${who.id}`} variant="default">
            {t.activities}
          </Button>
        ) : null
      }
    >
      <Card title={t.records}>
        <div className="scroll-x" tabIndex={0} role="region" aria-label={t.records}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{c.name}</Table.Th>
                <Table.Th>{t.connection}</Table.Th>
                <Table.Th>{t.knownBy}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {who.rows.map((row) => (
                <Table.Tr key={row.id}>
                  <Table.Td>{row.name ?? c.noName}</Table.Td>
                  <Table.Td>{row.connection}</Table.Td>
                  <Table.Td>
                    <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                      {row.keys.map(({ value }) => value).join(", ") || row.external_id}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </Card>
      {who.links.length === 0 ? null : <Links links={who.links} isAdmin={isAdmin} />}
      {isAdmin ? <Merge who={who} entity={entity} /> : null}
    </Page>
  );
}

function Links({ links, isAdmin }: { readonly links: readonly IdentityLink[]; readonly isAdmin: boolean }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const undo = useAct("POST /identity-links/{id}/undo");
  const [question, setQuestion] = useState<IdentityLink | null>(null);
  const nameOf = (end: IdentityLink["from"]): string => `${end.name ?? c.noName} (${end.connection ?? "–"})`;
  return (
    <Card title={t.links}>
      <Problem error={undo.error} />
      <Stack gap="sm">
        {links.map((link) => (
          <Group key={link.id} justify="space-between" align="flex-start" wrap="nowrap">
            <div>
              <Text size="sm">
                {nameOf(link.from)} → {nameOf(link.into)}
              </Text>
              <Text size="xs" c="dimmed">
                {link.rule} · {link.evidence} · <When at={link.created_at} />
              </Text>
            </div>
            {link.undone_at !== null ? (
              <Badge color="gray">{t.undone}</Badge>
            ) : isAdmin ? (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`${t.undo}: ${nameOf(link.from)}`}
                onClick={() => setQuestion(link)}
              >
                {t.undo}
              </Button>
            ) : null}
          </Group>
        ))}
      </Stack>
      {question === null ? null : (
        <Confirm
          title={t.undo}
          about={t.undoAbout}
          onConfirm={() => undo.mutate({ params: { id: question.id } })}
          onClose={() => setQuestion(null)}
        />
      )}
    </Card>
  );
}

function Merge({ who, entity }: { readonly who: Identity; readonly entity: Entity }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const merge = useAct("POST /identity-links");
  const [search, setSearch] = useState("");
  const [settled] = useDebouncedValue(search.trim(), 300);
  const found = useApi(
    "GET /identities/{entity}",
    { params: { entity }, query: { search: settled, limit: 10 } },
    { enabled: settled !== "" },
  );
  const own = new Set(who.rows.map(({ id }) => id));
  const others = settled === "" ? [] : (found.data?.data.filter(({ id }) => !own.has(id)) ?? []);
  return (
    <Card title={t.merge}>
      <Stack maw={620}>
        <Text size="sm" c="dimmed">
          {t.mergeAbout}
        </Text>
        <TextInput label={t.search} value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
        <Problem error={merge.error} />
        <div aria-live="polite">
          {settled !== "" && found.data !== undefined && others.length === 0 ? (
            <Text size="sm">{t.noMatch}</Text>
          ) : null}
        </div>
        {others.map((one) => (
          <Group key={one.id} justify="space-between">
            <Text size="sm">
              {one.name ?? c.noName} · {one.connection}
            </Text>
            <Button
              size="compact-sm"
              variant="light"
              aria-label={`${t.mergeThis}: ${one.name ?? c.noName}`}
              loading={merge.isPending}
              onClick={() =>
                merge.mutate({ body: { entity, from: one.id, into: who.id } }, { onSuccess: () => setSearch("") })
              }
            >
              {t.mergeThis}
            </Button>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
