import { startOfDay } from "../../../core/base/time.ts";
import { DAY, type Deal, HOUR, ZONE } from "./company.ts";
import { coldDeals } from "./deals.ts";
import { byAmount, type Expected, expected } from "./expected.ts";
import { count, mean, median, quantile, type Row, share } from "./figures.ts";
import { companyOf, dayOf, ENDS, goesOut, inMarch, type Known, type KnownDeal, workingHours } from "./known.ts";
import { groupOf, type Lead, leads } from "./people.ts";
import { MEANINGS } from "./write.ts";

const touchesOf = (known: Known, { group, firm }: Lead) =>
  known
    .touches()
    .filter(
      ({ person, company }) =>
        (person !== null && groupOf(known, person) === group) || (firm !== null && companyOf(company) === firm),
    );

/** The deals of a person, and those that its company has had since the day it came in. */
function dealsOf(known: Known, { group, firm, leadAt }: Lead): readonly KnownDeal[] {
  const since = startOfDay(dayOf(leadAt), ZONE).getTime();
  return known.deals.filter(
    ({ deal }) =>
      (deal.person !== null && groupOf(known, deal.person) === group) ||
      (firm !== null && companyOf(deal.company) === firm && bornAt(deal) >= since),
  );
}
const bornAt = ({ history }: Deal): number => history[0]?.at ?? NaN;

/** The owner at creation, else who touched it first. */
function ownerOf(known: Known, lead: Lead): string | null {
  return lead.first.rep ?? touchesOf(known, lead).find(({ rep }) => rep !== null)?.rep ?? null;
}

const meaning = (word: string): string => (MEANINGS as { readonly [word: string]: string })[word] ?? "open";

/** What was said of a lead's status, in order: of everyone that it is one with. */
function said(known: Known, { group }: Lead) {
  return known.company.people
    .filter(({ name }) => groupOf(known, name) === group)
    .flatMap(({ statuses }) => statuses)
    .filter(({ at }) => at <= known.cutoff)
    .toSorted((a, b) => a.at - b.at);
}

function meaningAt(known: Known, lead: Lead, at: number): string {
  const all = said(known, lead);
  const word = all.findLast((one) => one.at <= at)?.word ?? all[0]?.before;
  return word === undefined ? "open" : meaning(word);
}

/** Changes of what a lead's status means. */
function changes(known: Known, lead: Lead) {
  return said(known, lead).map(({ at, word, before }, no, all) => ({
    at,
    means: meaning(word),
    meant: meaning(all[no - 1]?.word ?? before),
  }));
}

function open(known: Known): Lead[] {
  if (!known.hasBegun) return [];
  return leads(known).filter(
    (lead) =>
      lead.leadAt <= known.end &&
      meaningAt(known, lead, known.end) === "open" &&
      !dealsOf(known, lead).some(({ deal }) => bornAt(deal) <= known.end),
  );
}

/** How a lead left qualification in March: by a change of its status, or by its first deal. */
function leaving(known: Known, lead: Lead): { readonly at: number; readonly isHit: boolean } | undefined {
  const firstDeal = Math.min(...dealsOf(known, lead).map(({ deal }) => bornAt(deal)));
  const byDeal =
    Number.isFinite(firstDeal) && meaningAt(known, lead, firstDeal) === "open" ? [{ at: firstDeal, isHit: false }] : [];
  const byStatus = changes(known, lead)
    .filter(({ meant, means }) => meant === "open" && means !== "open")
    .map(({ at, means }) => ({ at, isHit: means === "disqualified" }));
  return [...byDeal, ...byStatus].filter(({ at }) => inMarch(at)).toSorted((a, b) => a.at - b.at)[0];
}

export function leadKpis(known: Known): Expected[] {
  const row = (lead: Lead, at: number): Row => ({
    of: { ...known.credit(ownerOf(known, lead), at), channel: lead.first.channel },
  });
  const cohort = leads(known).filter(({ leadAt }) => inMarch(leadAt));
  const reached = cohort.map((lead) => {
    const first = touchesOf(known, lead).find(goesOut);
    const until = first?.at ?? known.cutoff;
    const of = { ...row(lead, lead.leadAt).of, first_touch: first?.type ?? null };
    const worked = workingHours(lead.leadAt, until);
    return { of, lead, isHit: first !== undefined, amount: Math.max(0, (until - lead.leadAt) / HOUR), worked };
  });
  const inWork = reached.map((one) => ({ ...one, amount: one.worked }));
  const timely = reached.flatMap(({ of, lead, isHit, worked }) =>
    workingHours(lead.leadAt, known.cutoff) >= 1 ? [{ of, isHit: isHit && worked <= 1 }] : [],
  );
  const standing = open(known);
  const untouched = standing.filter(
    (lead) => !touchesOf(known, lead).some((touch) => goesOut(touch) && touch.at <= known.end),
  );
  const since = known.end - 30 * DAY;
  const cold = standing.filter(
    (lead) => lead.leadAt <= since && !touchesOf(known, lead).some(({ at }) => at > since && at <= known.end),
  );
  const atEnd = (all: readonly Lead[]): Row[] => all.map((lead) => row(lead, known.end));
  const before = leads(known).filter(({ leadAt }) => leadAt < ENDS);
  const left = before.flatMap((lead) => {
    const how = leaving(known, lead);
    return how === undefined ? [] : [{ ...row(lead, how.at), isHit: how.isHit }];
  });
  const letGo = before.flatMap((lead) => {
    const change = changes(known, lead).find(
      ({ at, meant, means }) => means === "disqualified" && meant !== "disqualified" && inMarch(at),
    );
    return change === undefined ? [] : [row(lead, change.at)];
  });
  const became = (has: (deal: KnownDeal) => boolean): Row[] =>
    cohort.map((lead) => ({ ...row(lead, lead.leadAt), isHit: dealsOf(known, lead).some(has) }));
  const slices = [[], ["rep"], ["team"], ["channel"]];
  const snapshot = { hasValue: known.hasBegun };
  return [
    expected(
      "new_leads",
      cohort.map((lead) => row(lead, lead.leadAt)),
      count,
      slices,
    ),
    expected("speed_to_lead_median", reached, quantile(0.5), slices),
    expected("speed_to_lead_p90", reached, quantile(0.9), [[], ["rep"]]),
    expected("speed_to_lead_working_median", inWork, quantile(0.5), [[], ["channel"]]),
    expected("speed_to_lead_working_p90", inWork, quantile(0.9), [[]]),
    expected("timely_contact_rate", timely, share, [...slices, ["first_touch"]]),
    expected("untouched_leads", atEnd(untouched), count, slices, snapshot),
    expected("disqualified_leads", letGo, count, slices),
    expected("disqualification_rate", left, share, slices),
    expected(
      "lead_to_deal_rate",
      became(() => true),
      share,
      slices,
    ),
    expected(
      "lead_to_win_rate",
      became(({ closing }) => closing?.status === "won"),
      share,
      slices,
    ),
    expected("cold_leads", [...atEnd(cold), ...coldDeals(known)], count, [[], ["rep"], ["team"]], snapshot),
    ...meetingKpis(known, cohort),
  ].flat();
}

/** Leads that nobody has reached out to, by who has them. */
export const waiting = (known: Known): (string | null)[] =>
  open(known)
    .filter((lead) => !touchesOf(known, lead).some((touch) => goesOut(touch) && touch.at <= known.end))
    .map((lead) => ownerOf(known, lead));

function meetingKpis(known: Known, cohort: readonly Lead[]): Expected[][] {
  const touches = known.touches();
  const ofGroup = (group: string) =>
    touches.filter(({ person }) => person !== null && groupOf(known, person) === group);
  const outBefore = (group: string, from: number, until: number): number =>
    ofGroup(group).filter((one) => one.type !== "meeting" && goesOut(one) && one.at >= from && one.at < until).length;
  const met = touches.flatMap((meeting): Row[] => {
    const { person, at, type } = meeting;
    if (person === null || type !== "meeting" || !inMarch(at)) return [];
    const group = groupOf(known, person);
    const firm = companyOf(known.company.people.find(({ name }) => name === person)?.company ?? null);
    const came = leads(known).find((lead) => lead.group === group && lead.leadAt <= at)?.leadAt ?? -Infinity;
    const closings = known.deals.flatMap(({ deal, closing }) => {
      const isTheirs =
        (deal.person !== null && groupOf(known, deal.person) === group) ||
        (firm !== null && companyOf(deal.company) === firm);
      return isTheirs && closing !== null && closing.at <= at ? [closing.at] : [];
    });
    const start = Math.max(came, ...closings);
    if (ofGroup(group).some((other) => other.type === "meeting" && other.at >= start && other.at < at)) return [];
    return [{ of: known.credit(meeting.rep, at), amount: outBefore(group, start, at) }];
  });
  const people = cohort.map(({ group, leadAt }) => {
    const first = ofGroup(group).find(({ type, at }) => type === "meeting" && at >= leadAt)?.at ?? null;
    return { of: {}, isHit: first !== null, amount: outBefore(group, leadAt, first ?? Infinity) };
  });
  const steps = [...new Set(people.flatMap(({ isHit, amount }) => (isHit ? [amount] : [])))];
  const byTouches = steps
    .toSorted((a, b) => a - b)
    .map((touches): [string, number] => [String(touches), metBy(people, touches)]);
  return [
    expected("touches_to_meeting_mean", met, mean, [[], ["rep"], ["team"]]),
    expected("touches_to_meeting_median", met, median, [[], ["rep"]]),
    expected("touches_to_meeting_distribution", byAmount("touches", met), count, [["touches"], ["team", "touches"]]),
    [{ metric: "meeting_probability_by_touches", by: ["touches"], values: new Map(byTouches) }],
  ];
}

/** Kaplan-Meier: the share met by so many touches. */
function metBy(people: readonly { readonly isHit: boolean; readonly amount: number }[], touches: number): number {
  let waits = 1;
  for (let step = 0; step <= touches; step += 1) {
    const atRisk = people.filter(({ amount }) => amount >= step).length;
    const met = people.filter(({ amount, isHit }) => isHit && amount === step).length;
    if (atRisk > 0) waits *= 1 - met / atRisk;
  }
  return 1 - waits;
}
