import { Button, Group, NumberInput, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin, usePages } from "../../api/hooks.ts";
import type { Goal, Kpi } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { useFormat } from "../../parts/format.ts";
import { AsYaml, OwnerMark } from "../../parts/owner.tsx";
import { Card, Empty, Loading, Page, Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";
import { useTitle } from "../../words/kpis.ts";

const text = words({
  en: {
    title: "Goals",
    about:
      "What a KPI is to reach, for everybody together, a team or a rep. Screens, forecast and the KPIs of goals measure against them.",
    none: "There is no goal yet.",
    metric: "KPI",
    days: "Days",
    from: "From",
    to: "To",
    whose: "Whose",
    everybody: "Everybody together",
    teams: "Teams",
    reps: "Sales reps",
    target: "Target",
    period: "Period",
    month: "This month",
    nextMonth: "Next month",
    quarter: "This quarter",
    year: "This year",
    custom: "Other days",
    set: "Set a goal",
    change: "Change",
    changeOf: (name: string) => `Change the goal: ${name}`,
    save: "Save the goal",
    remove: "Remove the goal",
    removeAbout: "What measures against it has no goal for these days any more. What was reached stays.",
    yaml: "In the file, `team` is the id of one of its teams.",
    per: "The target is of one day.",
  },
  fr: {
    title: "Objectifs",
    about:
      "Ce qu’un indicateur doit atteindre, pour tout le monde ensemble, une équipe ou un commercial. Les écrans, la prévision et les indicateurs d’objectifs s’y mesurent.",
    none: "Il n’y a pas encore d’objectif.",
    metric: "Indicateur",
    days: "Jours",
    from: "Du",
    to: "Au",
    whose: "De qui",
    everybody: "Tout le monde ensemble",
    teams: "Équipes",
    reps: "Commerciaux",
    target: "Objectif",
    period: "Période",
    month: "Ce mois-ci",
    nextMonth: "Le mois prochain",
    quarter: "Ce trimestre",
    year: "Cette année",
    custom: "D’autres jours",
    set: "Fixer un objectif",
    change: "Modifier",
    changeOf: (name: string) => `Modifier l’objectif : ${name}`,
    save: "Enregistrer l’objectif",
    remove: "Supprimer l’objectif",
    removeAbout: "Ce qui s’y mesure n’a plus d’objectif pour ces jours. Ce qui a été atteint reste.",
    yaml: "Dans le fichier, `team` est l’identifiant d’une de ses équipes.",
    per: "L’objectif est celui d’un jour.",
  },
});

/** `/goals` */
export function Goals(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const titleOf = useTitle();
  const isAdmin = useIsAdmin();
  const asked = useApi("GET /goals", {});
  const connections = useApi("GET /connections", { query: { limit: 200 } }).data?.data ?? [];
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const remove = useAct("DELETE /goals/{id}");
  const [editing, setEditing] = useState<Goal | "new" | null>(null);
  const [asks, setAsks] = useState<Goal | null>(null);
  const goals = asked.data?.data ?? [];
  const kpiOf = (id: string): Kpi | undefined => kpis.find((one) => one.id === id);
  const nameOf = (goal: Goal): string => {
    const kpi = kpiOf(goal.metric);
    return `${kpi === undefined ? goal.metric : titleOf(kpi)}, ${goal.rep?.name ?? goal.team?.name ?? t.everybody}`;
  };
  const made = goals.filter(({ owner }) => owner === "made");
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={isAdmin ? <Button onClick={() => setEditing("new")}>{t.set}</Button> : null}
    >
      <Problem error={asked.error ?? remove.error} />
      {asked.data === undefined && asked.error === null ? <Loading /> : null}
      {editing === null ? null : (
        <GoalForm
          key={editing === "new" ? "new" : editing.id}
          goal={editing === "new" ? null : editing}
          kpis={kpis}
          onDone={() => setEditing(null)}
        />
      )}
      {asked.data !== undefined && goals.length === 0 && editing === null ? (
        <Empty icon="goal" text={t.none}>
          {isAdmin ? (
            <Button variant="light" onClick={() => setEditing("new")}>
              {t.set}
            </Button>
          ) : null}
        </Empty>
      ) : null}
      {goals.length === 0 ? null : (
        <Card>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.title}>
            <Table miw={680}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.metric}</Table.Th>
                  <Table.Th>{t.whose}</Table.Th>
                  <Table.Th>{t.days}</Table.Th>
                  <Table.Th className="numbers">{t.target}</Table.Th>
                  <Table.Th>{c.state}</Table.Th>
                  {isAdmin && made.length > 0 ? <Table.Th>{c.actions}</Table.Th> : null}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {goals.map((goal) => {
                  const kpi = kpiOf(goal.metric);
                  return (
                    <Table.Tr key={goal.id}>
                      <Table.Td>{kpi === undefined ? goal.metric : titleOf(kpi)}</Table.Td>
                      <Table.Td>{goal.rep?.name ?? goal.team?.name ?? t.everybody}</Table.Td>
                      <Table.Td className="one-line">
                        {format.day(goal.from)} – {format.day(goal.to)}
                      </Table.Td>
                      <Table.Td className="numbers">{format.value(goal.target, kpi?.unit ?? "number")}</Table.Td>
                      <Table.Td>
                        {goal.owner === "tool" ? (
                          <OwnerMark
                            owner="tool"
                            from={connections.find(({ id }) => id === goal.connection)?.title ?? goal.connection ?? ""}
                          />
                        ) : (
                          <OwnerMark owner={goal.owner} />
                        )}
                      </Table.Td>
                      {isAdmin && made.length > 0 ? (
                        <Table.Td>
                          {goal.owner === "made" ? (
                            <Group gap={4} wrap="nowrap">
                              <Button
                                size="compact-sm"
                                variant="default"
                                aria-label={t.changeOf(nameOf(goal))}
                                onClick={() => setEditing(goal)}
                              >
                                {t.change}
                              </Button>
                              <Button
                                size="compact-sm"
                                variant="default"
                                aria-label={`${t.remove}: ${nameOf(goal)}`}
                                onClick={() => setAsks(goal)}
                              >
                                {c.remove}
                              </Button>
                            </Group>
                          ) : null}
                        </Table.Td>
                      ) : null}
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </div>
        </Card>
      )}
      {made.length === 0 ? null : (
        <AsYaml about={t.yaml} yaml={`goals:\n${made.map(({ yaml }) => yaml.replace(/^goals:\n/, "")).join("")}`} />
      )}
      {asks === null ? null : (
        <Confirm
          title={t.remove}
          about={`${nameOf(asks)}, ${format.day(asks.from)} – ${format.day(asks.to)}. ${t.removeAbout}`}
          isDangerous
          onConfirm={() => remove.mutate({ params: { id: asks.id } })}
          onClose={() => setAsks(null)}
        />
      )}
    </Page>
  );
}

const SPANS = ["month", "nextMonth", "quarter", "year", "custom"] as const;
type Span = (typeof SPANS)[number];

/** The first and the last day; null: those that are written. */
function daysOf(span: Span, today: string): { readonly from: string; readonly to: string } | null {
  const [year = 0, month = 1] = today.split("-").map(Number);
  const first = (of: number): string => new Date(Date.UTC(year, of - 1, 1)).toISOString().slice(0, 10);
  const last = (of: number): string => new Date(Date.UTC(year, of, 0)).toISOString().slice(0, 10);
  const quarter = Math.floor((month - 1) / 3) * 3 + 1;
  switch (span) {
    case "month":
      return { from: first(month), to: last(month) };
    case "nextMonth":
      return { from: first(month + 1), to: last(month + 1) };
    case "quarter":
      return { from: first(quarter), to: last(quarter + 2) };
    case "year":
      return { from: first(1), to: last(12) };
    case "custom":
      return null;
    default:
      return span satisfies never;
  }
}

function GoalForm(props: {
  readonly goal: Goal | null;
  readonly kpis: readonly Kpi[];
  readonly onDone: () => void;
}): ReactNode {
  const { goal, kpis, onDone } = props;
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const titleOf = useTitle();
  const reps = usePages("GET /reps", { query: { limit: 200 } }).rows;
  const teams = usePages("GET /teams", {}).rows;
  const change = useAct("PUT /goals/{id}");
  const [newId] = useState(uuid);
  const [metric, setMetric] = useState(goal?.metric ?? "won_value");
  const [span, setSpan] = useState<Span>(goal === null ? "month" : "custom");
  const [from, setFrom] = useState(goal?.from ?? "");
  const [to, setTo] = useState(goal?.to ?? "");
  const [whose, setWhose] = useState(
    goal?.rep !== null && goal !== null ? `rep ${goal.rep.id}` : goal?.team != null ? `team ${goal.team.id}` : "",
  );
  const [target, setTarget] = useState<number | string>(goal?.target ?? "");
  const kpi = kpis.find(({ id }) => id === metric);
  const days = daysOf(span, format.today()) ?? { from, to };
  const [kind = "", id = ""] = whose.split(" ");
  const fits = kpis.filter(({ shown_as, takes_of }) => shown_as.includes("one") && !takes_of);
  const submit = (): void => {
    const body = {
      metric,
      ...days,
      target: Number(target),
      rep: kind === "rep" ? id : null,
      team: kind === "team" ? id : null,
    };
    change.mutate({ params: { id: goal?.id ?? newId }, body }, { onSuccess: onDone });
  };
  return (
    <Card title={goal === null ? t.set : t.change}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack>
          <Group align="flex-end">
            <Select
              label={t.metric}
              searchable
              allowDeselect={false}
              flex="1 1 220px"
              data={fits.map((one) => ({ value: one.id, label: titleOf(one) }))}
              value={metric}
              onChange={(next) => setMetric(next ?? metric)}
            />
            <Select
              label={t.whose}
              searchable
              allowDeselect={false}
              flex="1 1 200px"
              data={[
                { value: "", label: t.everybody },
                ...(kpi?.dimensions.includes("team") === true && teams.length > 0
                  ? [{ group: t.teams, items: teams.map((one) => ({ value: `team ${one.id}`, label: one.name })) }]
                  : []),
                ...(kpi?.dimensions.includes("rep") === true
                  ? [
                      {
                        group: t.reps,
                        items: reps.map((one) => ({ value: `rep ${one.id}`, label: one.name ?? one.email ?? one.id })),
                      },
                    ]
                  : []),
              ]}
              value={whose}
              onChange={(next) => setWhose(next ?? "")}
            />
            <Select
              label={t.period}
              allowDeselect={false}
              flex="1 1 160px"
              data={SPANS.map((one) => ({ value: one, label: t[one] }))}
              value={span}
              onChange={(next) => setSpan(SPANS.find((one) => one === next) ?? "month")}
            />
            {span === "custom" ? (
              <>
                <TextInput
                  type="date"
                  label={t.from}
                  value={from}
                  onChange={(event) => setFrom(event.currentTarget.value)}
                />
                <TextInput
                  type="date"
                  label={t.to}
                  value={to}
                  min={from}
                  onChange={(event) => setTo(event.currentTarget.value)}
                />
              </>
            ) : null}
            <NumberInput
              label={kpi?.unit.startsWith("money") === true ? `${t.target} (${format.currency})` : t.target}
              {...(kpi?.unit === "money_per_day" ? { description: t.per } : {})}
              min={0}
              thousandSeparator
              flex="1 1 140px"
              value={target}
              onChange={setTarget}
            />
          </Group>
          <Text size="xs" c="dimmed">
            {days.from !== "" && days.to !== "" ? `${format.day(days.from)} – ${format.day(days.to)}` : ""}
          </Text>
          <Problem error={change.error} />
          <Group>
            <Button
              type="submit"
              loading={change.isPending}
              disabled={!(Number(target) > 0) || days.from === "" || days.to === ""}
            >
              {t.save}
            </Button>
            <Button variant="default" onClick={onDone}>
              {c.cancel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

/** `crypto.randomUUID` is there only where the page came by https or from this machine. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte, at) => {
    const marked = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, "0");
  });
  return [hex.slice(0, 4), hex.slice(4, 6), hex.slice(6, 8), hex.slice(8, 10), hex.slice(10)]
    .map((part) => part.join(""))
    .join("-");
}
