import { REASONS } from "../metrics/reports/movement.ts";
import type { OpenDeal, Owned } from "../metrics/reports/attention.ts";
import type { Agenda, ForecastLine } from "./agenda.ts";
import { type Followed, flagText } from "./actions.ts";
import { type ReviewWords, reviewWords } from "./words/index.ts";
import { type Block, type Cell, html, link, markdown, text } from "./document.ts";

/**
 * An agenda for people to read, in Markdown or as a whole page of HTML that needs nothing else. Pure.
 *
 * @param language what it asks for, and what came of it, stays in the language in which it was made.
 */
export function agendaText(
  agenda: Agenda,
  format: "md" | "html",
  { name, language }: { readonly name: string; readonly language: string },
): string {
  const words = reviewWords(language);
  const section = sectionIn(words);
  const { title, intro, parts } = agendaParts(agenda, { name, language });
  const blocks: readonly Block[] = [
    { kind: "heading", level: 1, text: title },
    { kind: "paragraph", text: intro },
    ...parts.flatMap((one) => section(one.title, one.blocks)),
  ];
  return format === "html" ? html(title, blocks, words.language) : markdown(blocks);
}

type Write = { readonly words: ReviewWords; readonly money: (value: number | null) => string };

/** Leads that are named where people read; a program has more. */
const SHOWN_LEADS = 10;

/** A part of an agenda by a name of its own; without blocks there is nothing in it. */
export type AgendaPart = { readonly key: string; readonly title: string; readonly blocks: readonly Block[] };

export type AgendaParts = {
  readonly title: string;
  /** By when, and how fresh. */
  readonly intro: string;
  readonly parts: readonly AgendaPart[];
  readonly money: (value: number | null) => string;
};

/** What {@link agendaText} puts together, for those who put it together otherwise. */
export function agendaParts(
  agenda: Agenda,
  { name, language }: { readonly name: string; readonly language: string },
): AgendaParts {
  const words = reviewWords(language);
  const money = moneyIn(agenda.currency, words);
  const fresh = agenda.fresh_as_of === null ? words.notAllRead : words.freshAsOf(agenda.fresh_as_of);
  return {
    title: words.title(name, agenda.from, agenda.to),
    intro: `${words.asOf(agenda.as_of, agenda.timezone)} ${fresh}`,
    parts: partsOf(agenda, { words, money }),
    money,
  };
}

function part(key: string, title: string, blocks: readonly Block[]): AgendaPart {
  return { key, title, blocks };
}

function partsOf(agenda: Agenda, write: Write): readonly AgendaPart[] {
  const { words, money } = write;
  const { heads, columns } = words;
  return [
    part("followed", heads.agreed, followedBlocks(agenda, write)),
    part("won", heads.won, [
      { kind: "paragraph", text: words.deals(agenda.won.count, money(agenda.won.value)) },
      table(
        agenda.won.deals.map((deal) => ({
          [columns.deal]: dealCell(deal, words),
          [columns.value]: text(money(deal.value)),
          [columns.rep]: text(deal.rep ?? words.nobody),
          [columns.on]: text(deal.at),
        })),
      ),
    ]),
    part("forecast", heads.forecast, forecastBlocks(agenda, write)),
    part(
      "talk",
      heads.talk,
      agenda.talk.flatMap(({ rep, deals }): Block[] => [
        { kind: "heading", level: 3, text: rep ?? words.nobodys },
        {
          kind: "list",
          items: deals.map((deal) => [
            ...dealCell(deal, words),
            ...text(
              `, ${money(deal.value)}, ${deal.stage ?? words.noStage}${deal.is_picked ? words.picked : ""}: ${flagsText(deal, words)}${deal.note === null ? "" : ` · ${deal.note}`}`,
            ),
          ]),
        },
      ]),
    ),
    part("attention", heads.attention, attentionBlocks(agenda, write)),
    part("lost", heads.lost, [
      { kind: "paragraph", text: words.deals(agenda.lost.count, money(agenda.lost.value)) },
      table(
        agenda.lost.deals.map((deal) => ({
          [columns.deal]: dealCell(deal, words),
          [columns.value]: text(money(deal.value)),
          [columns.rep]: text(deal.rep ?? words.nobody),
          [columns.on]: text(deal.at),
          [columns.reason]: text(deal.lost_reason ?? words.noReason),
        })),
      ),
    ]),
    part("clean_up", heads.cleanUp, cleanUpBlocks(agenda, words)),
    part("leak", heads.leak, [{ kind: "paragraph", text: leakText(agenda, words) }]),
    part(
      "conclusions",
      heads.conclusions,
      agenda.conclusions.length === 0
        ? []
        : [
            {
              kind: "list",
              items: agenda.conclusions.map((one) =>
                text(`${words.verdicts[one.verdict] ?? one.verdict}: ${one.sentence}`),
              ),
            },
          ],
    ),
    part(
      "notes",
      heads.notes,
      agenda.notes.length === 0
        ? []
        : [{ kind: "list", items: agenda.notes.map((note) => text(`${note.text} (${note.by})`)) }],
    ),
    part(
      "actions",
      heads.actions,
      agenda.actions.flatMap(({ rep, actions, more }): Block[] => [
        { kind: "heading", level: 3, text: rep ?? words.nobodys },
        {
          kind: "list",
          items: [
            ...actions.map((one): Cell => [
              ...(one.url === null ? text(one.subject ?? words.unnamed) : link(one.subject ?? words.unnamed, one.url)),
              ...text(words.actionBy(one.text, one.due_on)),
            ]),
            ...(more === 0 ? [] : [text(words.moreActions(more))]),
          ],
        },
      ]),
    ),
  ];
}

function sectionIn({ nothing }: ReviewWords): (title: string, blocks: readonly Block[]) => Block[] {
  return (title, blocks) => [
    { kind: "heading", level: 2, text: title },
    ...(blocks.length === 0 ? [{ kind: "paragraph", text: nothing } as const] : blocks),
  ];
}

function table(rows: readonly { readonly [column: string]: Cell }[]): Block {
  const columns = Object.keys(rows[0] ?? {});
  return { kind: "table", columns, rows: rows.map((row) => columns.map((column) => row[column] ?? text(""))) };
}

function dealCell(
  deal: { readonly name: string | null; readonly url: string | null },
  { unnamedDeal }: ReviewWords,
): Cell {
  const name = deal.name ?? unnamedDeal;
  return deal.url === null ? text(name) : link(name, deal.url);
}

function flagsText(deal: OpenDeal, words: ReviewWords): string {
  return deal.flags.map((flag) => flagText(flag, words)).join("; ");
}

function followedBlocks({ last, followed }: Agenda, { words }: Write): Block[] {
  const { columns } = words;
  const done = followed.filter(({ state }) => state === "done").length;
  const intro =
    last === null
      ? words.firstReview
      : words.lastReview(last.made_at.slice(0, 10), last.from, last.to, done, followed.length);
  if (followed.length === 0) return [{ kind: "paragraph", text: intro }];
  return [
    { kind: "paragraph", text: intro },
    table(
      followed.map((one) => ({
        "": text(stateText(one, words)),
        [columns.rep]: text(one.rep ?? words.nobody),
        [columns.what]: [
          ...(one.subject === null
            ? []
            : [...(one.url === null ? text(one.subject) : link(one.subject, one.url)), ...text(": ")]),
          ...text(one.text),
        ],
        [columns.by]: text(one.due_on ?? ""),
        [columns.how]: text(
          [one.evidence, one.settled_by === null ? null : words.tickedBy(one.settled_by), one.note]
            .filter((part) => part !== null)
            .join("; "),
        ),
      })),
    ),
  ];
}

function stateText({ state, is_late }: Followed, { states }: ReviewWords): string {
  return states[state === "open" && is_late ? "late" : state];
}

function forecastBlocks({ forecast }: Agenda, { words, money }: Write): Block[] {
  const { columns } = words;
  const said = (row: ForecastLine): string => {
    const then = forecast.before.find(({ horizon, until }) => horizon === row.horizon && until === row.until);
    return then === undefined ? "" : words.atLastReview(money(then.value));
  };
  const decimal = decimalIn(words);
  const lines = table(
    forecast.rows.map((row) => ({
      [columns.until]: text(row.until),
      [columns.wins]: text(decimal.format(row.count)),
      [columns.value]: text(
        row.value === null ? words.noValueToGoBy : words.between(money(row.value), money(row.p10), money(row.p90)),
      ),
      [columns.method]: text(words.methods[row.method] ?? row.method),
      [columns.before]: text(said(row)),
    })),
  );
  const { moved } = forecast;
  if (moved === null) return [lines];
  const reasons = REASONS.filter((reason) => moved.reasons[reason].count !== 0 || moved.reasons[reason].value !== 0);
  return [
    lines,
    {
      kind: "paragraph",
      text: words.moved(
        money(moved.start.value),
        money(moved.end.value),
        reasons.map((reason) => `${words.reasons[reason]} ${money(moved.reasons[reason].value)}`).join(", "),
      ),
    },
    {
      kind: "list",
      items: forecast.movers.map((deal) => [
        ...dealCell(deal, words),
        ...text(
          `: ${REASONS.flatMap((reason) => {
            const value = deal.reasons[reason];
            return value === undefined ? [] : [`${words.reasons[reason]} ${money(value)}`];
          }).join(", ")}`,
        ),
      ]),
    },
  ];
}

function attentionBlocks({ attention }: Agenda, { words, money }: Write): Block[] {
  const { columns } = words;
  const nameOf = whoseIn(words);
  const reps = new Map<string, OpenDeal[]>();
  for (const deal of attention) reps.set(nameOf(deal), [...(reps.get(nameOf(deal)) ?? []), deal]);
  return [...reps]
    .toSorted(([a], [b]) => a.localeCompare(b, "en"))
    .flatMap(([rep, deals]): Block[] => [
      { kind: "heading", level: 3, text: `${rep}: ${deals.length}` },
      table(
        deals.map((deal) => ({
          [columns.deal]: dealCell(deal, words),
          [columns.value]: text(money(deal.value)),
          [columns.stage]: text(deal.stage ?? ""),
          [columns.wrong]: text(flagsText(deal, words)),
        })),
      ),
    ]);
}

function whoseIn({ nobodys }: ReviewWords): (owned: Owned) => string {
  return ({ rep }) => rep ?? nobodys;
}

function cleanUpBlocks(
  { clean_up: { stale_deals, cold_leads, untouched_leads } }: Agenda,
  words: ReviewWords,
): Block[] {
  const nameOf = whoseIn(words);
  const leads = (counted: (total: number) => string, { total, leads: list }: typeof cold_leads): Block[] => {
    if (total === 0) return [];
    const named = list.slice(0, SHOWN_LEADS);
    return [
      {
        kind: "paragraph",
        text: total > named.length ? words.theLatest(counted(total), named.length) : words.listed(counted(total)),
      },
      {
        kind: "list",
        items: named.map((lead) => [
          ...(lead.url === null ? text(lead.name ?? words.unnamed) : link(lead.name ?? words.unnamed, lead.url)),
          ...text(words.lead(lead.rep ?? words.ofNobody, lead.created, lead.lastTouch)),
        ]),
      },
    ];
  };
  const stale: Block[] =
    stale_deals.length === 0
      ? []
      : [
          { kind: "paragraph", text: words.staleDeals(stale_deals.length) },
          {
            kind: "list",
            items: stale_deals.map((deal) => [
              ...dealCell(deal, words),
              ...text(`, ${nameOf(deal)}: ${flagsText(deal, words)}`),
            ]),
          },
        ];
  return [...stale, ...leads(words.untouchedLeads, untouched_leads), ...leads(words.coldLeads, cold_leads)];
}

function leakText({ leak }: Agenda, words: ReviewWords): string {
  if (leak === null) return words.noLeak;
  const share = leak.share === null ? null : `${decimalIn(words).format(leak.share * 100)} %`;
  return words.leak(leak.stage, leak.lost ?? 0, leak.entered, leak.from, leak.to, share);
}

function decimalIn({ language }: ReviewWords): Intl.NumberFormat {
  return new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

function moneyIn(currency: string, { language, noValue }: ReviewWords): (value: number | null) => string {
  const format = new Intl.NumberFormat(language, { style: "currency", currency, maximumFractionDigits: 0 });
  return (value) => (value === null ? noValue : format.format(value));
}
