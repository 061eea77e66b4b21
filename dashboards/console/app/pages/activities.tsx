import { Anchor, Badge, Group, SegmentedControl, Table, Text } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { usePages } from "../api/hooks.ts";
import type { Activity } from "../api/types.ts";
import { useFormat } from "../parts/format.ts";
import { Card, Empty, Loading, More, Page, Problem } from "../parts/page.tsx";
import { common } from "../words/common.ts";
import { humanise } from "../words/fields.ts";
import { useWords, words } from "../words/index.ts";

const text = words({
  en: {
    title: "Activities",
    about: "Every touch that the tools tell of, newest first. The same touch in two tools counts once.",
    all: "All",
    counted: "What counts",
    doubles: "Doubles",
    when: "When",
    what: "What",
    who: "With",
    rep: "Sales rep",
    deal: "Deal",
    same: "The same touch",
    source: "Source",
    double: "counts elsewhere",
    toCome: "to come",
    none: "There is no activity yet.",
  },
  fr: {
    title: "Activités",
    about:
      "Tous les contacts que rapportent les outils, le plus récent d’abord. Un même contact dans deux outils compte une fois.",
    all: "Toutes",
    counted: "Ce qui compte",
    doubles: "Doublons",
    when: "Quand",
    what: "Quoi",
    who: "Avec",
    rep: "Commercial",
    deal: "Affaire",
    same: "Le même contact",
    source: "Source",
    double: "compté ailleurs",
    toCome: "à venir",
    none: "Il n’y a pas encore d’activité.",
  },
});

const kinds = words<{ readonly [type: string]: string }>({
  en: {},
  fr: {
    call: "Appel",
    meeting: "Rendez-vous",
    email: "E-mail",
    sms: "SMS",
    chat: "Chat",
    note: "Note",
    task: "Tâche",
    email_open: "E-mail ouvert",
    email_click: "Clic",
    visit: "Visite",
    ticket: "Ticket",
    form: "Formulaire",
  },
});

/** `/activities` */
export function Activities(): ReactNode {
  const t = useWords(text);
  const search = useSearch({ strict: false }) as {
    readonly doubles?: string;
    readonly person?: string;
    readonly deal?: string;
  };
  const navigate = useNavigate();
  const { doubles, person, deal } = search;
  const listed = usePages("GET /activities", {
    query: {
      limit: 50,
      ...(doubles === "true" || doubles === "false" ? { doubles } : {}),
      ...(person === undefined ? {} : { person }),
      ...(deal === undefined ? {} : { deal }),
    },
  });
  const others = { ...(person === undefined ? {} : { person }), ...(deal === undefined ? {} : { deal }) };
  return (
    <Page title={t.title} about={t.about}>
      <Group>
        <SegmentedControl
          aria-label={t.title}
          data={[
            { value: "", label: t.all },
            { value: "false", label: t.counted },
            { value: "true", label: t.doubles },
          ]}
          value={doubles ?? ""}
          onChange={(next) =>
            void navigate({
              to: "/activities",
              search: { ...others, ...(next === "" ? {} : { doubles: next }) },
              replace: true,
            })
          }
        />
      </Group>
      <Problem error={listed.error} />
      {listed.isLoading ? <Loading /> : null}
      {!listed.isLoading && listed.error === null && listed.rows.length === 0 ? (
        <Empty icon="activity" text={t.none} />
      ) : null}
      {listed.rows.length === 0 ? null : (
        <Card>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.title}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.when}</Table.Th>
                  <Table.Th>{t.what}</Table.Th>
                  <Table.Th>{t.who}</Table.Th>
                  <Table.Th>{t.rep}</Table.Th>
                  <Table.Th>{t.deal}</Table.Th>
                  <Table.Th>{t.same}</Table.Th>
                  <Table.Th>{t.source}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {listed.rows.map((one) => (
                  <One key={one.id} activity={one} />
                ))}
              </Table.Tbody>
            </Table>
          </div>
          <More more={listed.more} isLoading={listed.isLoadingMore} />
        </Card>
      )}
    </Page>
  );
}

function One({ activity }: { readonly activity: Activity }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const names = useWords(kinds);
  const format = useFormat();
  const { person, rep, deal, duplicate_of: counts, duplicates, url } = activity;
  const isAhead = Date.parse(activity.occurred_at) > Date.now();
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm">{format.dateTime(activity.occurred_at)}</Text>
        {isAhead ? <Badge color="blue">{t.toCome}</Badge> : null}
      </Table.Td>
      <Table.Td>
        <Text size="sm" fw={500}>
          {names[activity.type] ?? humanise(activity.type)}
        </Text>
        <Text size="xs" c="dimmed" lineClamp={1}>
          {activity.subject}
        </Text>
      </Table.Td>
      <Table.Td>
        {person === null ? (
          "–"
        ) : (
          <Link to="/who/$entity/$id" params={{ entity: "person", id: person.id }}>
            {person.name ?? c.noName}
          </Link>
        )}
      </Table.Td>
      <Table.Td>{rep === null ? "–" : (rep.name ?? c.noName)}</Table.Td>
      <Table.Td>
        {deal === null ? (
          "–"
        ) : (
          <Link to="/activities" search={{ deal: deal.id }}>
            {deal.name ?? c.noName}
          </Link>
        )}
      </Table.Td>
      <Table.Td>
        {counts === null ? null : (
          <Text size="xs">
            <Badge color="gray">{t.double}</Badge> {counts.connection}
          </Text>
        )}
        {duplicates.map((one) => (
          <Text key={one.id} size="xs">
            {one.connection}
          </Text>
        ))}
      </Table.Td>
      <Table.Td>
        {url === null || !/^https?:/.test(url) ? (
          activity.connection
        ) : (
          <Anchor href={url} target="_blank" rel="noreferrer" size="sm">
            {activity.connection}
          </Anchor>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
