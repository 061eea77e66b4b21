import { REASONS } from "../metrics/reports/movement.ts";
import type { OpenDeal, Owned } from "../metrics/reports/attention.ts";
import type { Agenda, ForecastLine } from "./agenda.ts";
import { type Followed, flagText } from "./actions.ts";
import { type Block, type Cell, html, link, markdown, text } from "./document.ts";

/** An agenda for people to read. Pure. */
export function agendaMarkdown(agenda: Agenda, workspace: string): string {
  return markdown(blocksOf(agenda, workspace));
}

/** A whole page; it needs nothing else. */
export function agendaHtml(agenda: Agenda, workspace: string): string {
  return html(titleOf(agenda, workspace), blocksOf(agenda, workspace));
}

function titleOf({ from, to }: Agenda, workspace: string): string {
  return `Pipeline review, ${workspace}: ${from} to ${to}`;
}

/** Leads that are named where people read; a program has more. */
const SHOWN_LEADS = 10;

function blocksOf(agenda: Agenda, workspace: string): Block[] {
  const money = moneyIn(agenda.currency);
  return [
    { kind: "heading", level: 1, text: titleOf(agenda, workspace) },
    {
      kind: "paragraph",
      text: `As of ${agenda.as_of} (${agenda.timezone}). ${agenda.fresh_as_of === null ? "Not every source has been read yet." : `Fresh as of ${agenda.fresh_as_of}.`}`,
    },
    ...section("What was agreed on", followedBlocks(agenda)),
    ...section("Won", [
      { kind: "paragraph", text: `${agenda.won.count} deals, ${money(agenda.won.value)}` },
      table(
        agenda.won.deals.map((deal) => ({
          deal: dealCell(deal),
          value: text(money(deal.value)),
          rep: text(deal.rep ?? "nobody"),
          on: text(deal.at),
        })),
      ),
    ]),
    ...section("Forecast", forecastBlocks(agenda)),
    ...section(
      "To talk about",
      agenda.talk.flatMap(({ rep, deals }): Block[] => [
        { kind: "heading", level: 3, text: rep ?? "Nobody's" },
        {
          kind: "list",
          items: deals.map((deal) => [
            ...dealCell(deal),
            ...text(
              `, ${money(deal.value)}, ${deal.stage ?? "no stage"}${deal.is_picked ? " (picked)" : ""}: ${flagsText(deal)}${deal.note === null ? "" : ` · ${deal.note}`}`,
            ),
          ]),
        },
      ]),
    ),
    ...section("Deals that need attention", attentionBlocks(agenda, money)),
    ...section("Lost", [
      { kind: "paragraph", text: `${agenda.lost.count} deals, ${money(agenda.lost.value)}` },
      table(
        agenda.lost.deals.map((deal) => ({
          deal: dealCell(deal),
          value: text(money(deal.value)),
          rep: text(deal.rep ?? "nobody"),
          on: text(deal.at),
          reason: text(deal.lost_reason ?? "no reason given"),
        })),
      ),
    ]),
    ...section("To clean up", cleanUpBlocks(agenda)),
    ...section("Where most is lost", [{ kind: "paragraph", text: leakText(agenda) }]),
    ...section(
      "Conclusions that changed",
      agenda.conclusions.length === 0
        ? []
        : [
            {
              kind: "list",
              items: agenda.conclusions.map((one) => text(`${one.verdict.replaceAll("_", " ")}: ${one.sentence}`)),
            },
          ],
    ),
    ...section(
      "Notes",
      agenda.notes.length === 0
        ? []
        : [{ kind: "list", items: agenda.notes.map((note) => text(`${note.text} (${note.by})`)) }],
    ),
    ...section(
      "Actions",
      agenda.actions.flatMap(({ rep, actions, more }): Block[] => [
        { kind: "heading", level: 3, text: rep ?? "Nobody's" },
        {
          kind: "list",
          items: [
            ...actions.map((one): Cell => [
              ...(one.url === null
                ? text(one.subject ?? "without a name")
                : link(one.subject ?? "without a name", one.url)),
              ...text(`: ${one.text}, by ${one.due_on}`),
            ]),
            ...(more === 0 ? [] : [text(`and ${more} more that can wait`)]),
          ],
        },
      ]),
    ),
  ];
}

function section(title: string, blocks: readonly Block[]): Block[] {
  return [
    { kind: "heading", level: 2, text: title },
    ...(blocks.length === 0 ? [{ kind: "paragraph", text: "Nothing." } as const] : blocks),
  ];
}

function table(rows: readonly { readonly [column: string]: Cell }[]): Block {
  const columns = Object.keys(rows[0] ?? {});
  return { kind: "table", columns, rows: rows.map((row) => columns.map((column) => row[column] ?? text(""))) };
}

function dealCell(deal: { readonly name: string | null; readonly url: string | null }): Cell {
  const name = deal.name ?? "a deal without a name";
  return deal.url === null ? text(name) : link(name, deal.url);
}

function flagsText(deal: OpenDeal): string {
  return deal.flags.map(flagText).join("; ");
}

function followedBlocks({ last, followed }: Agenda): Block[] {
  const done = followed.filter(({ state }) => state === "done").length;
  const intro =
    last === null
      ? "There was no review before this one."
      : `Last review ${last.made_at.slice(0, 10)} (${last.from} to ${last.to}): ${done} of ${followed.length} done.`;
  if (followed.length === 0) return [{ kind: "paragraph", text: intro }];
  return [
    { kind: "paragraph", text: intro },
    table(
      followed.map((one) => ({
        "": text(stateText(one)),
        rep: text(one.rep ?? "nobody"),
        what: [
          ...(one.subject === null
            ? []
            : [...(one.url === null ? text(one.subject) : link(one.subject, one.url)), ...text(": ")]),
          ...text(one.text),
        ],
        by: text(one.due_on ?? ""),
        "how it went": text(
          [one.evidence, one.settled_by === null ? null : `ticked by ${one.settled_by}`, one.note]
            .filter((part) => part !== null)
            .join("; "),
        ),
      })),
    ),
  ];
}

function stateText({ state, is_late }: Followed): string {
  return state === "open" ? (is_late ? "not done, late" : "not done") : state;
}

function forecastBlocks({ forecast, currency }: Agenda): Block[] {
  const money = moneyIn(currency);
  const said = (row: ForecastLine): string => {
    const then = forecast.before.find(({ horizon, until }) => horizon === row.horizon && until === row.until);
    return then === undefined ? "" : `${money(then.value)} at the last review`;
  };
  const lines = table(
    forecast.rows.map((row) => ({
      until: text(row.until),
      wins: text(row.count.toFixed(1)),
      value: text(
        row.value === null ? "no value to go by" : `${money(row.value)} (${money(row.p10)} to ${money(row.p90)})`,
      ),
      by: text(row.method),
      before: text(said(row)),
    })),
  );
  const { moved } = forecast;
  if (moved === null) return [lines];
  const reasons = REASONS.filter((reason) => moved.reasons[reason].count !== 0 || moved.reasons[reason].value !== 0);
  return [
    lines,
    {
      kind: "paragraph",
      text: `Open pipeline: ${money(moved.start.value)} → ${money(moved.end.value)}. ${reasons.map((reason) => `${reason.replaceAll("_", " ")} ${money(moved.reasons[reason].value)}`).join(", ")}`,
    },
    {
      kind: "list",
      items: forecast.movers.map((deal) => [
        ...dealCell(deal),
        ...text(
          `: ${Object.entries(deal.reasons)
            .map(([reason, value]) => `${reason.replaceAll("_", " ")} ${money(value)}`)
            .join(", ")}`,
        ),
      ]),
    },
  ];
}

function attentionBlocks({ attention }: Agenda, money: (value: number | null) => string): Block[] {
  const reps = new Map<string, OpenDeal[]>();
  for (const deal of attention) reps.set(nameOf(deal), [...(reps.get(nameOf(deal)) ?? []), deal]);
  return [...reps]
    .toSorted(([a], [b]) => a.localeCompare(b, "en"))
    .flatMap(([rep, deals]): Block[] => [
      { kind: "heading", level: 3, text: `${rep}: ${deals.length}` },
      table(
        deals.map((deal) => ({
          deal: dealCell(deal),
          value: text(money(deal.value)),
          stage: text(deal.stage ?? ""),
          "what is wrong": text(flagsText(deal)),
        })),
      ),
    ]);
}

function nameOf({ rep }: Owned): string {
  return rep ?? "Nobody's";
}

function cleanUpBlocks({ clean_up: { stale_deals, cold_leads, untouched_leads } }: Agenda): Block[] {
  const leads = (what: string, { total, leads: list }: typeof cold_leads): Block[] => {
    if (total === 0) return [];
    const named = list.slice(0, SHOWN_LEADS);
    return [
      { kind: "paragraph", text: `${total} ${what}${total > named.length ? `; the latest ${named.length}:` : ":"}` },
      {
        kind: "list",
        items: named.map((lead) => [
          ...(lead.url === null ? text(lead.name ?? "without a name") : link(lead.name ?? "without a name", lead.url)),
          ...text(
            `, ${lead.rep ?? "nobody's"}, since ${lead.created ?? "long ago"}${lead.lastTouch === null ? "" : `, last touch ${lead.lastTouch}`}`,
          ),
        ]),
      },
    ];
  };
  const stale: Block[] =
    stale_deals.length === 0
      ? []
      : [
          { kind: "paragraph", text: `${stale_deals.length} deals on which nothing goes on:` },
          {
            kind: "list",
            items: stale_deals.map((deal) => [...dealCell(deal), ...text(`, ${nameOf(deal)}: ${flagsText(deal)}`)]),
          },
        ];
  return [
    ...stale,
    ...leads("leads that nobody has reached out to", untouched_leads),
    ...leads("cold leads", cold_leads),
  ];
}

function leakText({ leak }: Agenda): string {
  if (leak === null) return "No stage was entered by ten deals.";
  const share = leak.share === null ? "" : ` (${(leak.share * 100).toFixed(1)} %)`;
  return `${leak.stage ?? "No stage"}: ${leak.lost ?? 0} of the ${leak.entered} deals that entered it from ${leak.from} to ${leak.to} were lost from it${share}.`;
}

function moneyIn(currency: string): (value: number | null) => string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: 0 });
  return (value) => (value === null ? "no value" : format.format(value));
}
