import { Alert, Badge, Button, Grid, Group, Menu, Select, Stack, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { call } from "../../api/client.ts";
import { useAct, useApi, useIsAdmin, usePages } from "../../api/hooks.ts";
import type { ReviewAgenda } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { useFormat } from "../../parts/format.ts";
import { Card, Loading, Page, Problem } from "../../parts/page.tsx";
import { useLanguage, useWords } from "../../words/index.ts";
import { ActionTable, Agreed } from "./agreed.tsx";
import { Asks, CleanUp, Closed, NeedsAttention, Talk } from "./deals.tsx";
import { Notes } from "./notes.tsx";
import { Numbers } from "./numbers.tsx";
import { reviewWords, verdicts } from "./words.ts";

const STEPS = ["agreed", "numbers", "talk", "attention", "lost", "clean", "learned", "actions"] as const;
type Step = (typeof STEPS)[number];

/** `/review`: what the meeting is run from, one part after the other. `?review=` is one that was made. */
export function ReviewPage(): ReactNode {
  const t = useWords(reviewWords);
  const search = useSearch({ strict: false }) as {
    readonly step?: string;
    readonly review?: string;
    readonly team?: string;
    readonly rep?: string;
  };
  const { review, team, rep } = search;
  const { language } = useLanguage();
  const coming = useApi(
    "GET /review",
    { query: { language, ...(team === undefined ? {} : { team }), ...(rep === undefined ? {} : { rep }) } },
    { enabled: review === undefined, everyMs: 60_000 },
  );
  const kept = useApi("GET /reviews/{id}", { params: { id: review ?? "" } }, { enabled: review !== undefined });
  const asked = review === undefined ? coming : kept;
  const step = STEPS.find((one) => one === search.step) ?? "agreed";
  if (asked.data === undefined)
    return (
      <Page title={t.title} actions={<Choice search={search} />}>
        {asked.error === null ? <Loading /> : <Problem error={asked.error} />}
      </Page>
    );
  return <Meeting agenda={asked.data} keptAs={review ?? null} step={step} search={search} />;
}

type Search = { readonly [name: string]: string | undefined };

function Meeting(props: {
  readonly agenda: ReviewAgenda;
  /** The id of one that was made; null: the coming one, as it stands. */
  readonly keptAs: string | null;
  readonly step: Step;
  readonly search: Search;
}): ReactNode {
  const { agenda, keptAs, step, search } = props;
  const t = useWords(reviewWords);
  const format = useFormat();
  const navigate = useNavigate();
  const isAdmin = useIsAdmin();
  const made = usePages("GET /reviews", { query: { limit: 50 } }).rows.find(({ id }) => id === keptAs);
  const names = new Map(
    [...agenda.attention, ...agenda.talk.flatMap(({ deals }) => deals), ...agenda.won.deals, ...agenda.lost.deals].map(
      ({ id, name }) => [id, name],
    ),
  );
  const counts: { readonly [one in Step]: number | null } = {
    agreed: agenda.followed.filter(({ state }) => state === "open").length,
    numbers: null,
    talk: agenda.talk.reduce((sum, { deals }) => sum + deals.length, 0),
    attention: agenda.attention.filter(({ flags }) => flags.some(({ kind }) => kind !== "large")).length,
    lost: agenda.lost.count,
    clean:
      agenda.clean_up.stale_deals.length + agenda.clean_up.cold_leads.total + agenda.clean_up.untouched_leads.total,
    learned: agenda.conclusions.length,
    actions: agenda.actions.reduce((sum, { actions }) => sum + actions.length, 0),
  };
  const go = (next: Step): void => void navigate({ to: "/review", search: { ...search, step: next } });
  const at = STEPS.indexOf(step);
  const [before, after] = [STEPS[at - 1], STEPS[at + 1]];
  return (
    <Page
      title={t.title}
      about={t.about(format.day(agenda.from), format.day(agenda.to))}
      actions={
        <>
          <Choice search={search} />
          <Documents id={keptAs} search={search} />
          {isAdmin && keptAs === null && search["team"] === undefined && search["rep"] === undefined ? (
            <Close count={counts.actions ?? 0} />
          ) : null}
        </>
      }
    >
      {made === undefined ? null : (
        <Alert color="blue" role="status">
          {t.made(format.dateTime(made.made_at), made.made_by.replace(/^user:/, ""))}
        </Alert>
      )}
      <nav aria-label={t.steps}>
        <div className="steps">
          {STEPS.map((one) => (
            <Button
              key={one}
              size="compact-md"
              variant={one === step ? "filled" : "default"}
              {...(one === step ? { "aria-current": "step" as const } : {})}
              onClick={() => go(one)}
              rightSection={
                counts[one] === null || counts[one] === 0 ? null : (
                  <Text span size="xs" className="numbers">
                    {format.count(counts[one])}
                  </Text>
                )
              }
            >
              {t[one]}
            </Button>
          ))}
        </div>
      </nav>
      <Grid>
        <Grid.Col span={{ base: 12, xl: 9 }}>
          <Stack>
            <Part agenda={agenda} keptAs={keptAs} step={step} />
            <Group justify="space-between">
              {before === undefined ? (
                <span />
              ) : (
                <Button variant="default" onClick={() => go(before)}>
                  ← {t[before]}
                </Button>
              )}
              {after === undefined ? null : (
                <Button variant="default" onClick={() => go(after)}>
                  {t[after]} →
                </Button>
              )}
            </Group>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, xl: 3 }}>
          <Notes id={keptAs ?? "coming"} nameOf={(deal) => names.get(deal) ?? t.deal} />
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function Part({
  agenda,
  keptAs,
  step,
}: {
  readonly agenda: ReviewAgenda;
  readonly keptAs: string | null;
  readonly step: Step;
}): ReactNode {
  const t = useWords(reviewWords);
  const isKept = keptAs !== null;
  const picked = new Set(
    agenda.talk.flatMap(({ deals }) => deals.filter(({ is_picked }) => is_picked).map(({ id }) => id)),
  );
  switch (step) {
    case "agreed":
      return <Agreed actions={agenda.followed} isKept={isKept} />;
    case "numbers":
      return <Numbers agenda={agenda} />;
    case "talk":
      return <Talk talk={agenda.talk} isKept={isKept} />;
    case "attention":
      return <NeedsAttention deals={agenda.attention} picked={picked} isKept={isKept} />;
    case "lost":
      return (
        <Closed
          title={t.lostCount(agenda.lost.count)}
          closed={agenda.lost}
          summary={t.value}
          none={t.noLost}
          hasReasons
        />
      );
    case "clean":
      return <CleanUp clean={agenda.clean_up} />;
    case "learned":
      return <Learned agenda={agenda} />;
    case "actions":
      return keptAs === null ? <Asks asks={agenda.actions} /> : <AskedFor review={keptAs} />;
    default:
      return step satisfies never;
  }
}

function Learned({ agenda: { leak, conclusions } }: { readonly agenda: ReviewAgenda }): ReactNode {
  const t = useWords(reviewWords);
  const said = useWords(verdicts);
  const format = useFormat();
  return (
    <Stack>
      <Card title={t.leak}>
        <Text>
          {leak === null || leak.lost === null
            ? t.noLeak
            : t.leakText(
                leak.stage ?? t.none,
                format.count(leak.lost),
                format.count(leak.entered),
                format.value(leak.share, "ratio"),
              )}
        </Text>
        {leak === null ? null : (
          <Text size="xs" c="dimmed">
            {format.day(leak.from)} – {format.day(leak.to)}
          </Text>
        )}
      </Card>
      <Card title={t.conclusions}>
        {conclusions.length === 0 ? <Text c="dimmed">{t.noConclusions}</Text> : null}
        <Stack gap="sm">
          {conclusions.map((one) => (
            <div key={one.id}>
              <Text size="sm">{one.sentence}</Text>
              <Badge color={one.verdict === "holds" ? "green" : one.verdict === "no_longer_holds" ? "red" : "orange"}>
                {said[one.verdict] ?? one.verdict}
              </Badge>
            </div>
          ))}
        </Stack>
      </Card>
    </Stack>
  );
}

/** What a review that was made has asked for, as it stands now. */
function AskedFor({ review }: { readonly review: string }): ReactNode {
  const t = useWords(reviewWords);
  const isAdmin = useIsAdmin();
  const listed = usePages("GET /review-actions", { query: { review, limit: 200 } });
  const change = useAct("PATCH /review-actions/{id}");
  return (
    <Card title={t.askedFor}>
      <Problem error={listed.error ?? change.error} />
      {listed.isLoading ? <Loading /> : null}
      {!listed.isLoading && listed.rows.length === 0 ? <Text c="dimmed">{t.noAsks}</Text> : null}
      {listed.rows.length === 0 ? null : (
        <ActionTable
          actions={listed.rows}
          busy={change.isPending ? (change.variables?.params.id ?? null) : null}
          onChange={isAdmin ? (action, state) => change.mutate({ params: { id: action.id }, body: { state } }) : null}
        />
      )}
    </Card>
  );
}

/** Which review, and of whom. */
function Choice({ search }: { readonly search: Search }): ReactNode {
  const t = useWords(reviewWords);
  const format = useFormat();
  const navigate = useNavigate();
  const made = usePages("GET /reviews", { query: { limit: 50 } }).rows;
  const reps = usePages("GET /reps", { query: { limit: 200 } }).rows;
  const teams = usePages("GET /teams", {}).rows;
  const { step, review, team, rep } = search;
  const go = (next: Search): void =>
    void navigate({ to: "/review", search: { ...(step === undefined ? {} : { step }), ...next } });
  const of = team !== undefined ? `team ${team}` : rep !== undefined ? `rep ${rep}` : "";
  return (
    <>
      <Select
        aria-label={t.which}
        data={[
          { value: "", label: t.coming },
          ...made.map(({ id, made_at }) => ({ value: id, label: format.date(made_at) })),
        ]}
        value={review ?? ""}
        allowDeselect={false}
        w={170}
        onChange={(next) => go(next === null || next === "" ? {} : { review: next })}
      />
      {review === undefined ? (
        <Select
          aria-label={t.of}
          searchable
          allowDeselect={false}
          w={180}
          data={[
            { value: "", label: t.everybody },
            { group: t.teams, items: teams.map(({ name }) => ({ value: `team ${name}`, label: name })) },
            {
              group: t.reps,
              items: [...new Set(reps.flatMap(({ name }) => (name === null ? [] : [name])))].map((name) => ({
                value: `rep ${name}`,
                label: name,
              })),
            },
          ]}
          value={of}
          onChange={(next) => {
            const [kind, ...name] = (next ?? "").split(" ");
            go(kind === "team" || kind === "rep" ? { [kind]: name.join(" ") } : {});
          }}
        />
      ) : null}
    </>
  );
}

/** The review for those who are not there: copied as Markdown, or as a page of its own. */
function Documents({ id, search }: { readonly id: string | null; readonly search: Search }): ReactNode {
  const t = useWords(reviewWords);
  const [error, setError] = useState<unknown>(null);
  const { language } = useLanguage();
  const { team, rep } = search;
  const of = { ...(team === undefined ? {} : { team }), ...(rep === undefined ? {} : { rep }) };
  const read = async (format: "md" | "html"): Promise<Blob> => {
    const answer =
      id === null
        ? await call("GET /review/document", { query: { format, language, ...of } })
        : await call("GET /reviews/{id}/document", { params: { id }, query: { format } });
    return new Blob([answer.text], { type: format === "md" ? "text/markdown" : "text/html" });
  };
  const save = async (format: "md" | "html"): Promise<void> => {
    try {
      setError(null);
      const address = URL.createObjectURL(await read(format));
      const link = document.createElement("a");
      link.href = address;
      link.download = `review.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <Menu>
        <Menu.Target>
          <Button variant="default">{t.document}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void save("md")}>{t.markdown}</Menu.Item>
          <Menu.Item onClick={() => void save("html")}>{t.print}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Problem error={error} />
    </>
  );
}

function Close({ count }: { readonly count: number }): ReactNode {
  const t = useWords(reviewWords);
  const navigate = useNavigate();
  const make = useAct("POST /reviews");
  const [asks, setAsks] = useState(false);
  return (
    <>
      <Button loading={make.isPending} onClick={() => setAsks(true)}>
        {t.close}
      </Button>
      <Problem error={make.error} />
      {asks ? (
        <Confirm
          title={t.close}
          about={t.closeAbout(count)}
          onConfirm={() =>
            make.mutate(
              {},
              {
                onSuccess: ({ id }) => void navigate({ to: "/review", search: { review: id, step: "actions" } }),
              },
            )
          }
          onClose={() => setAsks(false)}
        />
      ) : null}
    </>
  );
}
