import { type Day, dayOf } from "../base/time.ts";
import type { Words } from "../base/words/index.ts";
import type { Previous } from "../metrics/ask/comparison.ts";
import { notesOf } from "../metrics/ask/notes.ts";
import { askedNow, filtersOf, question } from "../metrics/ask/question.ts";
import { keptAnswer, type MetricAnswer, readCatalogue, sayingOf } from "../metrics/index.ts";
import type { Db } from "../store/db.ts";
import { readWorkspace, type Workspace } from "../store/setup/workspace.ts";
import type { DigestSettings } from "./settings.ts";

/** How numbers, times and words are written for a workspace. Handed in: screens write them the same way. */
export type Write = {
  readonly words: Words;
  readonly full: (value: number | null, unit: string) => string;
  readonly change: (ratio: number) => string;
  readonly points: (difference: number) => string;
  readonly clock: (instant: Date, now: Date) => string;
  readonly comparison: (previous: Previous, now: Date) => string;
  readonly longDay: (day: Day) => string;
};

/** A line of a digest, as a program reads it. Money in main units. */
export type DigestLine = {
  readonly metric: string;
  readonly title: string;
  readonly unit: string;
  readonly from: Day | null;
  readonly to: Day | null;
  /** Of a breakdown null; its rows are in `rows`. */
  readonly value: number | null;
  readonly previous_value: number | null;
  /** What it is compared with, in words. */
  readonly compared_with: string | null;
  readonly rows: readonly { readonly name: string; readonly value: number | null }[];
  readonly fresh_as_of: string | null;
  /** What is left out or not current, in the digest's language. */
  readonly notes: readonly string[];
};

export type Digest = {
  readonly id: string;
  readonly title: string;
  readonly day: Day;
  readonly currency: string;
  readonly lines: readonly DigestLine[];
  /** The message itself, as plain text: a head, a line for each KPI, and how fresh they are. */
  readonly text: string;
};

/** What it says now. @throws TributaryError as evaluateMetric */
export async function digest(
  db: Db,
  settings: DigestSettings,
  writeFor: (workspace: Workspace) => Write,
  now: Date,
): Promise<Digest> {
  const stored = await readWorkspace(db);
  const workspace = settings.locale === undefined ? stored : { ...stored, locale: settings.locale };
  const write = writeFor(workspace);
  const catalogue = await readCatalogue(db);
  const lines: Line[] = [];
  for (const { metric, of, period, filters, by, limit, title } of settings.kpis) {
    const asked = question({
      metric,
      of,
      period,
      filters: filtersOf(filters),
      by: by === undefined ? [] : [by],
      compare: by === undefined ? "previous" : null,
    });
    const { query, compared } = askedNow(asked, now, workspace);
    const answer = await keptAnswer(db, query);
    const before = compared === null ? null : await keptAnswer(db, compared.query);
    const span = write.words.periods[period] ?? period;
    const named = { title: title ?? sayingOf(catalogue.need(metric), workspace.locale).title, span, write, now };
    const better = catalogue.need(of ?? metric).better;
    const isList = by !== undefined || answer.rows.length > 1;
    const line = isList
      ? listLine(answer, { ...named, limit, isLowerFirst: better === "lower" })
      : numberLine(answer, { ...named, before, with: compared?.with ?? null });
    lines.push(line);
  }
  const day = dayOf(now, workspace.timeZone);
  const title = settings.title ?? stored.name;
  const head = `${title}, ${write.longDay(day)}`;
  return {
    id: settings.id,
    title,
    day,
    currency: stored.currency,
    lines: lines.map(plain),
    text: [head, ...lines.map(({ text }) => text), freshText(lines, write, now)].join("\n"),
  };
}

type Named = { readonly title: string; readonly span: string; readonly write: Write; readonly now: Date };
type Line = DigestLine & { readonly text: string; readonly hasSource: boolean };

function numberLine(
  answer: MetricAnswer,
  {
    title,
    span,
    write,
    now,
    before,
    with: previous,
  }: Named & { readonly before: MetricAnswer | null; readonly with: Previous | null },
): Line {
  const value = answer.rows[0]?.value ?? null;
  const previousValue = before?.rows[0]?.value ?? null;
  const comparedWith = previous === null ? null : write.comparison(previous, now);
  const parts = [`${title}, ${span}: ${value === null ? nothing(answer, write) : write.full(value, answer.unit)}`];
  if (value !== null && previousValue !== null && comparedWith !== null)
    parts.push(
      `${write.words.versus(write.full(previousValue, answer.unit))}, ${comparedWith}${changeText(value, previousValue, answer.unit, write)}`,
    );
  const line = {
    ...lineOf(answer, title, write),
    value,
    previous_value: previousValue,
    compared_with: comparedWith,
    rows: [],
  };
  return { ...line, hasSource: answer.sources.length > 0, text: withNotes(parts, line.notes) };
}

function plain(line: Line): DigestLine {
  const { metric, title, unit, from, to, value, previous_value, compared_with, rows, fresh_as_of, notes } = line;
  return { metric, title, unit, from, to, value, previous_value, compared_with, rows, fresh_as_of, notes };
}

function nothing({ sources }: MetricAnswer, { words }: Write): string {
  return sources.length === 0 ? words.noSource : words.noData;
}

/** Of a ratio the points, of a number the part of it. From nothing there is none. */
function changeText(value: number, before: number, unit: string, write: Write): string {
  if (unit === "ratio") return `, ${write.points(value - before)}`;
  return before === 0 ? "" : `, ${write.change((value - before) / Math.abs(before))}`;
}

function listLine(
  answer: MetricAnswer,
  { title, span, write, limit, isLowerFirst }: Named & { readonly limit: number; readonly isLowerFirst: boolean },
): Line {
  const sign = isLowerFirst ? 1 : -1;
  const rows = answer.rows
    .filter(({ value }) => value !== null)
    // A leaderboard is in its order.
    .toSorted(
      (a, b) => (a.rank ?? 0) - (b.rank ?? 0) || (a.rank === undefined ? sign * ((a.value ?? 0) - (b.value ?? 0)) : 0),
    )
    .slice(0, limit)
    .map(({ dimensions, value }) => ({
      name: Object.values(dimensions)
        .map((one) => one ?? write.words.none)
        .join(", "),
      value,
    }));
  const said = rows.map(({ name, value }) => `${name} ${write.full(value, answer.unit)}`);
  const line = { ...lineOf(answer, title, write), value: null, previous_value: null, compared_with: null, rows };
  const text = withNotes(
    [`${title}, ${span}: ${said.length === 0 ? nothing(answer, write) : said.join(", ")}`],
    line.notes,
  );
  return { ...line, hasSource: answer.sources.length > 0, text };
}

function lineOf(
  answer: MetricAnswer,
  title: string,
  write: Write,
): Pick<DigestLine, "metric" | "title" | "unit" | "from" | "to" | "fresh_as_of" | "notes"> {
  const { metric, unit, from, to, fresh_as_of } = answer;
  const notes = notesOf(answer, write.words, (count) => write.full(count, "count"));
  return { metric, title, unit, from, to, fresh_as_of, notes };
}

function withNotes(parts: readonly string[], notes: readonly string[]): string {
  return `• ${parts.join(" ")}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
}

/** As fresh as what is oldest in it. */
function freshText(lines: readonly Line[], { words, clock }: Write, now: Date): string {
  const told = lines.filter(({ hasSource }) => hasSource);
  if (told.length === 0) return words.nothingConnected;
  const fresh = told.flatMap(({ fresh_as_of }) => fresh_as_of ?? []).toSorted();
  if (fresh.length < told.length || fresh[0] === undefined) return words.someLoading;
  return words.allAsOf(clock(new Date(fresh[0]), now));
}
