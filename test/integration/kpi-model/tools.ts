import { startOfDay } from "../../../core/base/time.ts";
import { type Campaign, DAY, HOUR, type Ticket, type WebDay, ZONE } from "./company.ts";
import { closed, customers } from "./deals.ts";
import { type Expected, expected, whole } from "./expected.ts";
import { count, divided, type Figure, median, money, ratio, type Row, share, total } from "./figures.ts";
import { companyOf, inMarch, type Known, workingHours, worth } from "./known.ts";
import { groupOf } from "./people.ts";

/** Tickets, conversations, campaigns, visits and spend. */
export function toolKpis(known: Known): Expected[] {
  return [...supportKpis(known), ...chatKpis(known), ...mailKpis(known), ...webKpis(known)].flat();
}

/** A ticket as it is known: what became of it, once that has landed. */
function knownTickets(known: Known): Ticket[] {
  return known.company.tickets
    .filter((one) => known.isThere(one))
    .map((one) => {
      const untold = { repliedAt: null, solvedAt: null, reopens: null, satisfaction: null };
      // Whose it was first, if it was anybody's; then nobody else's.
      return known.hasLanded(one.landed) ? { ...one, firstRep: one.firstRep ?? one.rep } : { ...one, ...untold };
    });
}

function supportKpis(known: Known): Expected[][] {
  const tickets = knownTickets(known);
  const at = (when: (one: Ticket) => number | null) =>
    tickets.flatMap((one): (Row & { readonly one: Ticket; readonly at: number })[] => {
      const at = when(one);
      if (at === null || !inMarch(at) || at > known.cutoff) return [];
      return [{ one, at, of: dimensions(known, one, at) }];
    });
  const [opened, replied, solved] = [
    at(({ openedAt }) => openedAt),
    at(({ repliedAt }) => repliedAt),
    at(({ solvedAt }) => solvedAt),
  ];
  const waiting = tickets.filter(
    ({ openedAt, solvedAt }) => known.hasBegun && openedAt <= known.end && (solvedAt === null || solvedAt > known.end),
  );
  const took = (rows: typeof opened): Row[] =>
    rows.map((row) => ({ ...row, amount: (row.at - row.one.openedAt) / HOUR }));
  const rated = solved.flatMap((row) =>
    row.one.satisfaction === null ? [] : [{ ...row, isHit: row.one.satisfaction === "good" }],
  );
  const slices = [[], ["rep"], ["team"], ["channel"]];
  const tagged = opened.flatMap(({ one }): Row[] =>
    (one.tags.length === 0 ? [null] : one.tags).map((tag) => ({ of: { tag } })),
  );
  return [
    expected("tickets_opened", opened, count, [...slices, ["customer_status"]]),
    expected("tickets_opened", tagged, count, [["tag"]]),
    expected(
      "tickets_open",
      waiting.map((one) => ({ of: dimensions(known, one, known.end) })),
      count,
      slices,
      { hasValue: known.hasBegun },
    ),
    expected("first_reply_median", took(replied), median, slices),
    expected(
      "first_reply_working_median",
      replied.map((row) => ({ ...row, amount: workingHours(row.one.openedAt, row.at) })),
      median,
      [[], ["rep"]],
    ),
    expected("resolution_median", took(solved), median, slices),
    expected(
      "reopen_rate",
      solved.map((row) => ({ ...row, isHit: (row.one.reopens ?? 0) > 0 })),
      share,
      slices,
    ),
    expected("csat", rated, share, slices),
    [whole("tickets_per_customer", known.hasBegun ? divided(opened.length, customers(known)) : null)],
  ];
}

function dimensions(known: Known, one: Ticket, at: number): Row["of"] {
  return { ...known.credit(one.firstRep, at), channel: one.channel, customer_status: standing(known, one.company, at) };
}

/** How we stood with a company at an instant; null: with none. */
function standing(known: Known, company: string | null, at: number): string | null {
  if (company === null) return null;
  const states = known.deals.flatMap(({ deal, states }) =>
    companyOf(deal.company) === companyOf(company) ? (states.findLast((state) => state.at <= at)?.status ?? []) : [],
  );
  if (states.includes("won")) return "customer";
  return states.includes("open") ? "open" : states.includes("lost") ? "lost" : "none";
}

function chatKpis(known: Known): Expected[][] {
  const chats = known.company.conversations.filter((one) => known.isThere(one));
  const started = chats.flatMap(({ startedAt, rep, person }): Row[] => {
    if (!inMarch(startedAt) || startedAt > known.cutoff) return [];
    const until = Math.min(startedAt + 14 * DAY, known.cutoff);
    const isHit = known.company.people.some(
      (one) =>
        one.leadAt !== null &&
        person !== null &&
        groupOf(known, one.name) === groupOf(known, person) &&
        known.isThere(one) &&
        one.leadAt >= startedAt &&
        one.leadAt <= until,
    );
    return [{ of: known.credit(rep, startedAt), isHit }];
  });
  const answered = chats.flatMap(({ startedAt, answeredAt, rep }): Row[] =>
    answeredAt === null || !inMarch(answeredAt) || answeredAt > known.cutoff
      ? []
      : [{ of: known.credit(rep, answeredAt), amount: (answeredAt - startedAt) / 60_000 }],
  );
  const slices = [[], ["rep"], ["team"]];
  return [
    expected("conversations", started, count, slices),
    expected("chat_to_lead_rate", started, share, slices),
    expected("chat_first_response_median", answered, median, slices),
  ];
}

function mailKpis(known: Known): Expected[][] {
  const sent = known.company.campaigns.filter(({ sentAt }) => inMarch(sentAt) && sentAt <= known.cutoff);
  const delivered = ({ recipients, bounces }: Campaign): number => recipients - (bounces ?? 0);
  const of = (part: (one: Campaign) => number | null, whole: (one: Campaign) => number): Row[] =>
    sent.flatMap((one) => {
      const amount = part(one);
      return amount === null ? [] : [{ of: { channel: one.channel }, amount, per: whole(one) }];
    });
  const slices = [[], ["channel"]];
  return [
    expected(
      "emails_sent",
      sent.map(({ recipients, channel }) => ({ of: { channel }, amount: recipients })),
      total,
      slices,
    ),
    expected(
      "open_rate",
      of(({ opens }) => opens, delivered),
      ratio,
      slices,
    ),
    expected(
      "human_open_rate",
      of(({ humanOpens }) => humanOpens, delivered),
      ratio,
      slices,
    ),
    expected(
      "click_rate",
      of(({ clicks }) => clicks, delivered),
      ratio,
      slices,
    ),
    expected(
      "unsubscribe_rate",
      of(({ unsubscribes }) => unsubscribes, delivered),
      ratio,
      slices,
    ),
    expected(
      "bounce_rate",
      of(
        ({ bounces }) => bounces,
        ({ recipients }) => recipients,
      ),
      ratio,
      slices,
    ),
  ];
}

function webKpis(known: Known): Expected[][] {
  const days = known.company.web.flatMap((one): (WebDay & { readonly at: number })[] => {
    const at = startOfDay(one.day, ZONE).getTime();
    return inMarch(at) && at <= known.cutoff && known.isThere(one) ? [{ ...one, at }] : [];
  });
  const rows = (amount: (one: WebDay & { readonly at: number }) => number | null): Row[] =>
    days.map((one) => ({ of: { channel: one.channel }, amount: amount(one) }));
  const spent = rows(({ spentMinor, currency, at }) => worth(spentMinor, currency, at));
  const visits = rows(({ sessions }) => sessions);
  const leads = newLeads(known);
  const wins = closed(known).filter(({ status }) => status === "won");
  const slices = [[], ["channel"]];
  const against = (
    metric: string,
    a: readonly Row[],
    figureA: Figure,
    b: readonly Row[],
    figureB: Figure,
  ): Expected[] => slices.map((by) => ({ metric, by, values: quotients(by, [a, figureA], [b, figureB]) }));
  // What nothing is known to have been spent on has no cost.
  const cost: Figure = (rows) => (rows.some(({ amount }) => amount !== null) ? money(rows) : null);
  return [
    expected("sessions", visits, total, slices),
    expected(
      "key_events",
      rows(({ keyEvents }) => keyEvents),
      total,
      slices,
    ),
    expected("spend", spent, money, slices),
    against("session_to_lead_rate", leads, count, visits, total),
    against("cost_per_lead", spent, cost, leads, count),
    against("cost_per_win", spent, cost, wins, count),
    against("return_on_spend", wins, money, spent, money),
  ];
}

function newLeads(known: Known): Row[] {
  const first = new Map<string, { readonly leadAt: number; readonly channel: string | null }>();
  for (const one of known.company.people) {
    const { leadAt, channel, name } = one;
    const group = groupOf(known, name);
    if (leadAt === null || leadAt > known.cutoff || !known.isThere(one)) continue;
    if ((first.get(group)?.leadAt ?? Infinity) > leadAt) first.set(group, { leadAt, channel });
  }
  return [...first.values()].flatMap(({ leadAt, channel }) => (inMarch(leadAt) ? [{ of: { channel } }] : []));
}

function quotients(
  by: readonly string[],
  [a, figureA]: readonly [readonly Row[], Figure],
  [b, figureB]: readonly [readonly Row[], Figure],
): Map<string, number | null> {
  const key = ({ of }: Row): string => by.map((name) => of[name] ?? "-").join(" | ");
  const keys = by.length === 0 ? [""] : [...new Set([...a, ...b].map(key))];
  const ofKey = (rows: readonly Row[], wanted: string): Row[] => rows.filter((row) => key(row) === wanted);
  return new Map(keys.map((one) => [one, divided(figureA(ofKey(a, one)), figureB(ofKey(b, one)))]));
}
