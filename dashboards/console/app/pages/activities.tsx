import { Anchor, Badge, Button, Group, SegmentedControl, Select, Table, Text } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { usePages } from "../api/hooks.ts";
import type { Activity, Operations } from "../api/types.ts";
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
    ahead: "To come",
    past: "Until now",
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
    ahead: "À venir",
    past: "Jusqu’à maintenant",
    none: "Il n’y a pas encore d’activité.",
  },
});

// In English a name says it, but for what is no word.
const kinds = words<{ readonly [type: string]: string }>({
  en: { sms: "SMS", email: "E-mail", whatsapp: "WhatsApp", email_open: "E-mail opened", email_click: "E-mail clicked" },
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
    social: "Réseau social",
    whatsapp: "WhatsApp",
    custom: "Autre",
  },
});

type Kind = NonNullable<Operations["GET /activities"]["query"]["type"]>;

/** `/activities`: what has been, newest first; what is to come stands apart, the soonest first. */
export function Activities(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const names = useWords(kinds);
  const search = useSearch({ strict: false }) as { readonly [name: string]: string | undefined };
  const navigate = useNavigate();
  const reps = usePages("GET /reps", { query: { limit: 200 } }).rows;
  const { doubles, person, deal, rep, type } = search;
  const of = {
    ...(doubles === "true" || doubles === "false" ? { doubles } : {}),
    ...(person === undefined ? {} : { person }),
    ...(deal === undefined ? {} : { deal }),
    ...(rep === undefined ? {} : { rep }),
    // A kind that there is not the server refuses, by name.
    ...(type === undefined ? {} : { type: type as Kind }),
  };
  const past = usePages("GET /activities", { query: { limit: 50, when: "past", ...of } }, { everyMs: 60_000 });
  const ahead = usePages("GET /activities", { query: { limit: 10, when: "ahead", ...of } });
  const set = (change: { readonly [name: string]: string | undefined }): void => {
    const next = Object.entries({ ...search, ...change }).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, value] as const],
    );
    void navigate({ to: "/activities", search: Object.fromEntries(next), replace: true });
  };
  return (
    <Page title={t.title} about={t.about}>
      <Group align="flex-end">
        <SegmentedControl
          aria-label={t.title}
          data={[
            { value: "", label: t.all },
            { value: "false", label: t.counted },
            { value: "true", label: t.doubles },
          ]}
          value={doubles ?? ""}
          onChange={(next) => set({ doubles: next })}
        />
        <Select
          label={t.what}
          data={[
            { value: "", label: t.all },
            ...TYPES.map((one) => ({ value: one, label: names[one] ?? humanise(one) })),
          ]}
          value={type ?? ""}
          allowDeselect={false}
          onChange={(next) => set({ type: next ?? "" })}
        />
        <Select
          label={t.rep}
          searchable
          data={[
            { value: "", label: t.all },
            ...reps.map(({ id, name, email }) => ({ value: id, label: name ?? email ?? id })),
          ]}
          value={rep ?? ""}
          allowDeselect={false}
          onChange={(next) => set({ rep: next ?? "" })}
        />
        {person === undefined && deal === undefined ? null : (
          <Button variant="default" onClick={() => set({ person: undefined, deal: undefined })}>
            {c.all}
          </Button>
        )}
      </Group>
      <Problem error={past.error ?? ahead.error} />
      {ahead.rows.length === 0 ? null : (
        <Card title={t.ahead}>
          <Listed name={t.ahead} rows={ahead.rows} />
          <More more={ahead.more} isLoading={ahead.isLoadingMore} />
        </Card>
      )}
      {past.isLoading ? <Loading /> : null}
      {!past.isLoading && past.error === null && past.rows.length === 0 ? (
        <Empty icon="activity" text={t.none} />
      ) : null}
      {past.rows.length === 0 ? null : (
        <Card {...(ahead.rows.length === 0 ? {} : { title: t.past })}>
          <Listed name={t.title} rows={past.rows} />
          <More more={past.more} isLoading={past.isLoadingMore} />
        </Card>
      )}
    </Page>
  );
}

function Listed({ name, rows }: { readonly name: string; readonly rows: readonly Activity[] }): ReactNode {
  const t = useWords(text);
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={name}>
      <Table miw={820}>
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
          {rows.map((one) => (
            <One key={one.id} activity={one} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

const TYPES = [
  "call",
  "email",
  "meeting",
  "sms",
  "whatsapp",
  "social",
  "chat",
  "note",
  "task",
  "form",
  "visit",
  "email_open",
  "email_click",
  "custom",
] as const;

function One({ activity }: { readonly activity: Activity }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const names = useWords(kinds);
  const format = useFormat();
  const { person, rep, deal, duplicate_of: counts, duplicates, url } = activity;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" className="one-line">
          {format.dateTime(activity.occurred_at)}
        </Text>
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
          <Text size="xs" component="div">
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
