import { Badge, Stack, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi, usePages } from "../../api/hooks.ts";
import { Card, Empty, Loading, More, Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";

const text = words({
  en: {
    teams: "Teams",
    reps: "Sales reps",
    about:
      "They come from the tools, each once. Who is one is changed under Who is one; teams that no tool has, and who is in them, are written in the config file’s sections teams and reps.",
    noTeams: "No tool tells of teams.",
    noReps: "No tool has told of a sales rep yet.",
    manager: "Manager",
    count: "Reps",
    email: "E-mail",
    inTeams: "Teams",
    knownBy: "Known by",
    left: "not active",
    scorecard: "Scorecard",
  },
  fr: {
    teams: "Équipes",
    reps: "Commerciaux",
    about:
      "Elles viennent des outils, chacune une fois. Qui est qui se change sous Qui est qui ; les équipes qu’aucun outil ne connaît, et leurs membres, s’écrivent dans les sections teams et reps du fichier de configuration.",
    noTeams: "Aucun outil ne connaît d’équipes.",
    noReps: "Aucun outil n’a encore parlé d’un commercial.",
    manager: "Responsable",
    count: "Commerciaux",
    email: "E-mail",
    inTeams: "Équipes",
    knownBy: "Connu de",
    left: "inactif",
    scorecard: "Bilan",
  },
});

/** Who sells, and in which teams. */
export function Teams(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const teams = useApi("GET /teams", {});
  const reps = usePages("GET /reps", { query: { limit: 100 } });
  const connections = useApi("GET /connections", { query: { limit: 200 } }).data?.data ?? [];
  const named = (ids: readonly string[]): string =>
    ids.map((id) => connections.find((one) => one.id === id)?.title ?? id).join(", ");
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={760}>
        {t.about}
      </Text>
      <Problem error={teams.error ?? reps.error} />
      <Card title={t.teams}>
        {teams.data === undefined && teams.error === null ? <Loading /> : null}
        {teams.data?.data.length === 0 ? <Text c="dimmed">{t.noTeams}</Text> : null}
        {teams.data === undefined || teams.data.data.length === 0 ? null : (
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.teams}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{c.name}</Table.Th>
                  <Table.Th>{t.manager}</Table.Th>
                  <Table.Th className="numbers">{t.count}</Table.Th>
                  <Table.Th>{t.knownBy}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {teams.data.data.map((team) => (
                  <Table.Tr key={team.id}>
                    <Table.Td>
                      <Link to="/who/$entity/$id" params={{ entity: "team", id: team.id }}>
                        {team.name}
                      </Link>
                    </Table.Td>
                    <Table.Td>{team.manager ?? "–"}</Table.Td>
                    <Table.Td className="numbers">{team.reps}</Table.Td>
                    <Table.Td>{named(team.connections)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Card>
      <Card title={t.reps}>
        {reps.isLoading ? <Loading /> : null}
        {!reps.isLoading && reps.rows.length === 0 && reps.error === null ? (
          <Empty icon="people" text={t.noReps} />
        ) : null}
        {reps.rows.length === 0 ? null : (
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.reps}>
            <Table miw={640}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{c.name}</Table.Th>
                  <Table.Th>{t.email}</Table.Th>
                  <Table.Th>{t.inTeams}</Table.Th>
                  <Table.Th>{t.scorecard}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {reps.rows.map((rep) => (
                  <Table.Tr key={rep.id}>
                    <Table.Td>
                      <Link to="/who/$entity/$id" params={{ entity: "rep", id: rep.id }}>
                        {rep.name ?? c.noName}
                      </Link>{" "}
                      {rep.is_active === false ? <Badge color="gray">{t.left}</Badge> : null}
                    </Table.Td>
                    <Table.Td>{rep.email ?? "–"}</Table.Td>
                    <Table.Td>{rep.teams.length === 0 ? "–" : rep.teams.join(", ")}</Table.Td>
                    <Table.Td>
                      <Link
                        to="/reps/$id"
                        params={{ id: rep.id }}
                        aria-label={`${t.scorecard}: ${rep.name ?? c.noName}`}
                      >
                        {t.scorecard}
                      </Link>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
        <More more={reps.more} isLoading={reps.isLoadingMore} />
      </Card>
    </Stack>
  );
}
