import { setLanding } from "../../../core/store/facts/facts-marks.ts";
import { writeSettings } from "../../../core/store/setup/settings.ts";
import type { Change, World } from "../kpi-world.ts";
import { COMPANIES, type Company, RATES, SAME_COMPANY, STAGES } from "./company.ts";

const iso = (at: number): string => new Date(at).toISOString();
const date = (at: number | null): Date | null => (at === null ? null : new Date(at));

/** What the company asks its reps to do. */
export const ACTIONS = [
  { id: "calls", type: "call", direction: "outbound", points: 2, daily_target: 1 },
  { id: "meetings", type: ["meeting"], points: 5 },
  { id: "wins", deal: "won", points: 20 },
  { id: "deals", deal: "created", points: 1 },
  { id: "in_q", stage: "Q", points: 3 },
] as const;
export const MEANINGS = { Qualified: "qualified", Bad: "disqualified" } as const;
/** Of the whole company, of Ann for the month, of Ben in two halves. */
export const GOALS = [
  { rep: null, from: "2026-03-01", to: "2026-03-31", target: 500_00 },
  { rep: "Ann", from: "2026-03-01", to: "2026-03-31", target: 200_00 },
  { rep: "Ben", from: "2026-03-01", to: "2026-03-15", target: 100_00 },
  { rep: "Ben", from: "2026-03-16", to: "2026-03-31", target: 50_00 },
] as const;
export const HOLIDAY = "2026-03-17";

/** Stores a company's records as if they had come one after another. */
export async function write(world: World, company: Company): Promise<void> {
  const { db } = world.store;
  await world.clear();
  const hours = ["monday", "tuesday", "wednesday", "thursday", "friday"].map((day) => [day, ["09:00-17:00"]]);
  await db
    .updateTable("workspace")
    .set({ business_hours: JSON.stringify(Object.fromEntries(hours)), holidays: [HOLIDAY] })
    .execute();
  await writeSettings(db, "targeted_actions", ACTIONS);
  await writeSettings(db, "lead_statuses", MEANINGS);
  for (const [day, rate] of RATES) await world.rate("EUR", day, rate);
  for (const rep of ["Ann", "Ben", "Dee"]) await world.rep(rep);
  await world.rep("Ben again", { mergedInto: "Ben" });
  await world.rep("Cal", { isActive: false });
  await world.team("North", [{ rep: "Ann", to: iso(company.annMoves) }, { rep: "Dee" }]);
  await world.team("South", [
    { rep: "Ann", from: iso(company.annMoves) },
    { rep: "Ben again", to: iso(company.benLeaves) },
  ]);
  for (const pipeline of ["Sales", "Care"]) {
    const own = STAGES.filter((stage) => stage.pipeline === pipeline);
    await world.pipeline(
      pipeline,
      own.map(({ name }) => name),
      own.map(({ probability }) => probability),
    );
  }
  await db.transaction().execute(async (tx) => {
    // Known from the beginning.
    await setLanding(tx, null);
    await tx.updateTable("stages").set({ canonical: "close" }).where("name", "=", "N").execute();
  });
  for (const name of COMPANIES) if (name !== null) await world.company(name, SAME_COMPANY[name]);
  await writePeople(world, company);
  await writeDeals(world, company);
  await writeActivities(world, company);
  await writeTools(world, company);
  for (const { rep, from, to, target } of GOALS) await world.goal("won_value", from, to, rep, { target });
}

async function writePeople(world: World, { people }: Company): Promise<void> {
  for (const one of people) {
    await world.lead(one.name, one.leadAt === null ? null : iso(one.leadAt), {
      ...(one.mergedInto === null ? {} : { mergedInto: one.mergedInto }),
      ...(one.deletedAt === null ? {} : { deletedAt: iso(one.deletedAt) }),
      ...(one.company === null ? {} : { company: one.company }),
      ...(one.rep === null ? {} : { rep: one.rep }),
      attributes: one.channel === null ? {} : { channel: one.channel },
    });
    const { takenOver } = one;
    const rep = takenOver?.rep == null ? null : world.id("rep", takenOver.rep);
    if (takenOver !== null) await world.change("people", one.name, { rep_id: rep }, iso(takenOver.at));
    for (const { at, word, before } of one.statuses) await world.leadStatus(one.name, iso(at), word, before);
  }
}

async function writeDeals(world: World, { deals }: Company): Promise<void> {
  for (const { name, history, deletedAt, isMerged, company, person, segment, source } of deals)
    await world.deal(name, {
      ...(deletedAt === null ? {} : { deletedAt: iso(deletedAt) }),
      ...(isMerged ? { mergedInto: "deal 0" } : {}),
      ...(company === null ? {} : { company }),
      ...(person === null ? {} : { person }),
      attributes: { ...(segment === null ? {} : { segment }), ...(source === null ? {} : { source }) },
      changes: history.map((one): Change => ({
        at: iso(one.at),
        ...(one.known > one.at ? { knownAt: iso(one.known) } : {}),
        status: one.status,
        stage: STAGES[one.stage]?.name ?? null,
        rep: one.rep,
        amountMinor: one.amount,
        currency: one.currency,
        expected: one.expected,
        probability: one.probability,
      })),
    });
}

async function writeActivities(world: World, { activities, deals }: Company): Promise<void> {
  const known = new Set(deals.map(({ name }) => name));
  for (const one of activities) {
    const attributes = {
      ...(one.thread === null ? {} : { thread: one.thread }),
      ...(one.isCampaign ? { campaign: "spring" } : {}),
    };
    await world.activity(one.name, iso(one.at), {
      type: one.type,
      attributes,
      ...(one.landed === null ? {} : { landedAt: iso(one.landed) }),
      ...(one.direction === null ? {} : { direction: one.direction }),
      ...(one.outcome === null ? {} : { outcome: one.outcome }),
      ...(one.durationS === null ? {} : { durationS: one.durationS }),
      ...(one.rep === null ? {} : { rep: one.rep }),
      ...(one.person === null ? {} : { person: one.person }),
      ...(one.company === null ? {} : { company: one.company }),
      ...(one.deal === null || !known.has(one.deal) ? {} : { deal: one.deal }),
      ...(one.isDouble ? { duplicateOf: "activity 0" } : {}),
      ...(one.deletedAt === null ? {} : { deletedAt: iso(one.deletedAt) }),
    });
  }
}

async function writeTools(world: World, { tickets, conversations, campaigns, web }: Company): Promise<void> {
  const rep = (name: string | null): string | null => (name === null ? null : world.id("rep", name));
  for (const one of tickets) {
    await world.row("tickets", one.name, {
      opened_at: date(one.openedAt),
      rep_id: rep(one.firstRep),
      company_id: one.company === null ? null : world.id("company", one.company),
      channel: one.channel,
      attributes: JSON.stringify({ tags: one.tags.join(", ") }),
      deleted_at: date(one.deletedAt),
    });
    const became = {
      first_reply_at: date(one.repliedAt),
      solved_at: date(one.solvedAt),
      reopens: one.reopens,
      satisfaction: one.satisfaction,
      rep_id: rep(one.rep),
    };
    await world.change("tickets", one.name, became, iso(one.landed));
  }
  for (const one of conversations)
    await world.row("conversations", one.name, {
      started_at: date(one.startedAt),
      first_response_at: date(one.answeredAt),
      rep_id: rep(one.rep),
      person_id: one.person === null ? null : world.id("person", one.person),
      deleted_at: date(one.deletedAt),
    });
  for (const { name, sentAt, humanOpens, ...counts } of campaigns)
    await world.row("campaigns", name, {
      ...counts,
      sent_at: date(sentAt),
      attributes: JSON.stringify(humanOpens === null ? {} : { human_opens: humanOpens }),
    });
  for (const { name, day, channel, sessions, keyEvents, spentMinor, currency, deletedAt } of web) {
    const source = { day, channel, deleted_at: date(deletedAt) };
    await world.row("web_traffic", name, { ...source, sessions, users: sessions, key_events: keyEvents });
    await world.row("spend", name, { ...source, amount_minor: spentMinor, currency });
  }
}
