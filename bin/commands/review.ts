import { type Command, InvalidArgumentError, Option } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import type { Day } from "../../core/base/time.ts";
import { namedRange, PERIOD_NAMES } from "../../core/metrics/ask/period.ts";
import { parsePeriod } from "../../core/metrics/ask/period-text.ts";
import { ACTION_KINDS, type ActionKind } from "../../core/review/actions.ts";
import { agenda, type Agenda } from "../../core/review/agenda.ts";
import { agendaText } from "../../core/review/render.ts";
import { REVIEW_LANGUAGES } from "../../core/review/words/index.ts";
import {
  addAction,
  addNote,
  changeAction,
  makeReview,
  pickDeal,
  unknownReview,
  unpickDeal,
} from "../../core/setup/reviews.ts";
import { listActions, type ActionState } from "../../core/store/reviews/actions.ts";
import { findReview, listReviews } from "../../core/store/reviews/reviews.ts";
import { readWorkspace, type Workspace } from "../../core/store/setup/workspace.ts";
import { instantOf, parseAsOf, parseDay } from "../asking.ts";
import type { CliContext, Database } from "../context.ts";
import { tableText } from "../output.ts";
import { isOneOf } from "../../core/base/keys.ts";

const ACTOR = "cli";
const FORMATS = ["md", "html", "json"] as const;
type Format = (typeof FORMATS)[number];
const languageOption = (): Option =>
  new Option("--language <language>", "in which language; default: the workspace's").choices(REVIEW_LANGUAGES);
const formatOption = (): Option => new Option("--format <format>", "how it is written").choices(FORMATS).default("md");

/** `tributary review`. */
export function registerReview(command: Command, context: CliContext): void {
  command
    .option(
      "--period <period>",
      `the days that it looks back on: a name (${PERIOD_NAMES.join(", ")}), 2026, 2026-Q2, 2026-04 or DAY..DAY; default: since the review before`,
    )
    .addOption(new Option("--rep <name>", "of one rep").conflicts("team"))
    .option("--team <name>", "of one team")
    .option("--as-of <time>", "by what was known: an instant, or a day for its end", parseAsOf)
    .addOption(formatOption())
    .addOption(languageOption())
    .action(async ({ period, rep, team, asOf, format, language }: Asked) => {
      const shown = await context.withDatabase(async ({ store, clock }) => {
        const workspace = await readWorkspace(store.db);
        const [now, at] = [clock.now(), instantOf(asOf, workspace.timeZone)];
        const range = period === undefined ? null : rangeOf(period, at ?? now, workspace);
        const of =
          rep !== undefined
            ? { dimension: "rep", value: rep }
            : team !== undefined
              ? { dimension: "team", value: team }
              : null;
        return { workspace, agenda: await agenda(store.db, { range, of, asOf: at, now, language }) };
      });
      print(context, { format, language }, shown);
    });
  registerPast(command, context);
  registerActions(command, context);
  registerBrought(command, context);
}

type Asked = {
  readonly period?: string;
  readonly rep?: string;
  readonly team?: string;
  readonly asOf?: string;
  readonly format: Format;
  readonly language?: string;
};

function print(
  context: CliContext,
  { format, language }: { readonly format: Format; readonly language: string | undefined },
  { workspace, agenda: shown }: { readonly workspace: Workspace; readonly agenda: Agenda },
): void {
  if (format === "json") context.out.json(shown);
  else {
    const said = { name: workspace.name, language: language ?? workspace.locale };
    context.out.result(shown, () => agendaText(shown, format, said));
  }
}

/** @throws TributaryError `kpi.bad_period` */
function rangeOf(
  text: string,
  now: Date,
  calendar: Parameters<typeof namedRange>[2],
): { readonly from: Day; readonly to: Day } {
  const range = isOneOf(PERIOD_NAMES, text) ? namedRange(text, now, calendar) : parsePeriod(text);
  const [from, to] = [range?.from ?? null, range?.to ?? null];
  if (from !== null && to !== null) return { from, to };
  throw new TributaryError({
    code: "kpi.bad_period",
    kind: "config",
    message: `"${text}" is no period that a review can look back on.`,
    mend: `Write ${PERIOD_NAMES.filter((name) => name !== "all").join(", ")}, 2026-Q2, 2026-04 or 2026-04-01..2026-04-15.`,
  });
}

function registerPast(command: Command, context: CliContext): void {
  command
    .command("make")
    .description("make the review: keep its agenda, write down what it asks for, and tell its receivers")
    .action(async () => {
      const id = await context.withDatabase(({ store, clock }) =>
        makeReview({ db: store.db, now: clock.now() }, ACTOR, null),
      );
      context.out.result({ id }, () => `made: ${id}`);
    });
  command
    .command("list")
    .description("the reviews that were made, newest first")
    .action(async () => {
      const rows = await context.withDatabase(({ store }) => listReviews(store.db, 100, null));
      context.out.table(
        rows.map(({ id, from, to, madeAt, madeBy }) => ({ id, from, to, made: madeAt.toISOString(), by: madeBy })),
      );
    });
  command
    .command("show <review>")
    .description("a review as it was made")
    .addOption(formatOption())
    .addOption(languageOption())
    .action(async (id: string, { format, language }: { format: Format; language?: string }) => {
      const shown = await context.withDatabase(async ({ store }) => {
        const found = isUuid(id) ? await findReview(store.db, id) : null;
        if (found === null) throw unknownReview();
        // Written by makeReview, and by nobody else.
        return { workspace: await readWorkspace(store.db), agenda: found.agenda as Agenda };
      });
      print(context, { format, language }, shown);
    });
}

function registerActions(command: Command, context: CliContext): void {
  command
    .command("actions")
    .description("what was agreed on, newest first")
    .addOption(new Option("--state <state>", "only these").choices(["open", "done", "dropped"]))
    .action(async ({ state }: { state?: ActionState }) => {
      const rows = await context.withDatabase(({ store }) => listActions(store.db, { state }));
      context.out.result(rows, () =>
        rows.length === 0
          ? "none"
          : tableText(
              rows.map(({ id, rep, subject, text, dueOn, state: is }) => ({
                id,
                rep,
                about: subject,
                text,
                by: dueOn,
                state: is,
              })),
            ),
      );
    });
  command
    .command("add <text>")
    .description("add an action")
    .option("--deal <id>", "about this deal", parseUuid)
    .option("--rep <id>", "whose it is; default: the deal's owner", parseUuid)
    .addOption(
      new Option("--kind <kind>", "what is to be seen in the data once it is done")
        .choices(ACTION_KINDS)
        .default("other"),
    )
    .option("--due <day>", "by when", parseDay)
    .option("--note <text>", "a note")
    .action(async (text: string, said: { deal?: string; rep?: string; kind: ActionKind; due?: Day; note?: string }) => {
      const id = await context.withDatabase((open) =>
        addAction(depsOf(open), ACTOR, {
          text,
          kind: said.kind,
          subject: said.deal === undefined ? null : { entity: "deal", id: said.deal },
          repId: said.rep ?? null,
          dueOn: said.due ?? null,
          note: said.note ?? null,
        }),
      );
      context.out.result({ id }, () => `added: ${id}`);
    });
  for (const [name, state, about] of [
    ["tick", "done", "an action is done"],
    ["drop", "dropped", "an action is not needed any more"],
    ["reopen", "open", "an action is to be done after all"],
  ] as const)
    command
      .command(`${name} <action>`)
      .description(about)
      .option("--note <text>", "a note")
      .action(async (id: string, { note }: { note?: string }) => {
        await context.withDatabase((open) => changeAction(depsOf(open), ACTOR, parseUuid(id), { state, note }));
        context.out.result({ id, state }, () => `${state}: ${id}`);
      });
}

function registerBrought(command: Command, context: CliContext): void {
  command
    .command("pick <deal>")
    .description("talk about a deal at the coming review")
    .option("--note <text>", "why")
    .action(async (deal: string, { note }: { note?: string }) => {
      await context.withDatabase((open) => pickDeal(depsOf(open), ACTOR, parseUuid(deal), note ?? null));
      context.out.result({ deal }, () => `picked: ${deal}`);
    });
  command
    .command("unpick <deal>")
    .description("do not talk about it after all")
    .action(async (deal: string) => {
      await context.withDatabase((open) => unpickDeal(depsOf(open), ACTOR, parseUuid(deal)));
      context.out.result({ deal }, () => `not picked any more: ${deal}`);
    });
  command
    .command("note <text>")
    .description("write something down for the coming review")
    .option("--deal <id>", "about this deal", parseUuid)
    .action(async (text: string, { deal }: { deal?: string }) => {
      const id = await context.withDatabase((open) =>
        addNote(depsOf(open), ACTOR, { reviewId: null, dealId: deal ?? null, text }),
      );
      context.out.result({ id }, () => `noted`);
    });
}

function depsOf({ store, clock }: Database): { db: Database["store"]["db"]; now: Date } {
  return { db: store.db, now: clock.now() };
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function parseUuid(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError("It is no id, such as 3f0c1f0a-9c1e-8b7a-b6a4-2f1d3c5e7a90.");
  return text;
}
