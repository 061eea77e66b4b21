import { addDays, dayOf, daysBetween, type Day } from "../../../core/base/time.ts";
import { DAY_MS, HOUR_MS, leadWeight, MINUTE_MS } from "./calendar.ts";
import type { Campaign, CampaignSend, Deal, Person, Profile, Spend, WebDay } from "./model.ts";
import type { Random } from "./random.ts";

/** A newsletter every other Tuesday to everyone who had signed up by then. Who has a deal going reads it more often. */
export function createCampaigns(
  random: Random,
  profile: Profile,
  people: readonly Person[],
  deals: readonly Deal[],
): readonly Campaign[] {
  const wonAt = new Map<string, number>();
  for (const deal of deals) if (deal.state.status !== "lost") wonAt.set(deal.personId, deal.createdAt.getTime());
  const gone = new Set<string>();
  const campaigns: Campaign[] = [];
  for (let atMs = firstTuesday(profile.startedAt); atMs < profile.now.getTime(); atMs += 14 * DAY_MS) {
    const number = campaigns.length + 1;
    const sends: CampaignSend[] = [];
    for (const person of people) {
      if (!person.isSubscribed || gone.has(person.id) || person.createdAt.getTime() > atMs) continue;
      const isKeen = wonAt.has(person.id);
      const send = oneSend(random, person.id, atMs, isKeen, profile);
      if (send.unsubscribedAt !== null || send.bounce === "hard") gone.add(person.id);
      sends.push(send);
    }
    const topic = TOPICS[number % TOPICS.length] ?? "";
    campaigns.push({
      id: `campaign-${String(number).padStart(3, "0")}`,
      name: `Newsletter ${number}`,
      subject: `${topic} (no. ${number})`,
      sentAt: new Date(atMs),
      sends,
    });
  }
  return campaigns;
}

const TOPICS = [
  "What is new",
  "Five lessons from the field",
  "Plan the next quarter",
  "A customer's story",
  "Less manual work",
];

function oneSend(random: Random, personId: string, sentMs: number, isKeen: boolean, profile: Profile): CampaignSend {
  const bounce = random.chance(0.006) ? "hard" : random.chance(0.008) ? "soft" : null;
  const nowMs = profile.now.getTime();
  const isProxyOpen = bounce === null && random.chance(0.18);
  const isOpened = bounce === null && (isProxyOpen || random.chance(isKeen ? 0.46 : 0.24));
  const openedMs = sentMs + Math.round(random.logNormal(4, 1.3) * HOUR_MS);
  const openedAt = isOpened && openedMs < nowMs ? [new Date(openedMs)] : [];
  const isClicked = openedAt.length > 0 && !isProxyOpen && random.chance(isKeen ? 0.16 : 0.08);
  const page = random.pick(["pricing", "guide", "customers", "webinar"]);
  const clicks = isClicked
    ? [{ at: new Date(openedMs + MINUTE_MS), url: `https://www.${profile.domain}/${page}` }]
    : [];
  const isLeaving = openedAt.length > 0 && !isProxyOpen && random.chance(0.004);
  return {
    personId,
    bounce,
    openedAt,
    isProxyOpen,
    clicks,
    unsubscribedAt: isLeaving ? new Date(openedMs + 2 * MINUTE_MS) : null,
  };
}

function firstTuesday(from: Date): number {
  const midnightMs = Math.ceil(from.getTime() / DAY_MS) * DAY_MS;
  const untilTuesday = (2 - new Date(midnightMs).getUTCDay() + 7) % 7;
  return midnightMs + untilTuesday * DAY_MS + 14 * HOUR_MS;
}

/** Channel, how traffic names it, sessions on an ordinary day, share that does something that counts, cost of a session. */
const CHANNELS: readonly (readonly [string, string, number, number, number])[] = [
  ["Organic Search", "google / organic", 180, 0.021, 0],
  ["Paid Search", "google / cpc", 95, 0.032, 2.4],
  ["Paid Social", "linkedin / paid", 40, 0.018, 3.1],
  ["Direct", "(direct) / (none)", 110, 0.026, 0],
  ["Referral", "partner / referral", 35, 0.034, 0],
  ["Email", "newsletter / email", 30, 0.04, 0],
];
/** Where visits begin, by share. */
const LANDING_PAGES: readonly (readonly [string, number])[] = [
  ["/", 0.5],
  ["/pricing", 0.25],
  ["/guide", 0.15],
  ["/webinar", 0.1],
];

export type Marketing = {
  readonly webDays: readonly WebDay[];
  readonly spend: readonly Spend[];
  /** The visits of any day, as they will be when it is over. */
  webDaysOf(day: Day): readonly WebDay[];
};

/** Visits by day, channel and landing page, and what the paid ones cost. Whole days only: the day of `now` is not over. */
export function createMarketing(random: Random, profile: Profile): Marketing {
  const first = dayOf(profile.startedAt, profile.timeZone);
  const webDaysOf = (day: Day): readonly WebDay[] =>
    day < first ? [] : channelDays(random.fork(day), day, daysBetween(first, day)).flatMap(({ visits }) => visits);
  const webDays: WebDay[] = [];
  const spend: Spend[] = [];
  for (let day = first; day < dayOf(profile.now, profile.timeZone); day = addDays(day, 1)) {
    for (const { visits, cost } of channelDays(random.fork(day), day, daysBetween(first, day))) {
      webDays.push(...visits);
      if (cost !== null) spend.push(cost);
    }
  }
  return { webDays, spend, webDaysOf };
}

type ChannelDay = { readonly visits: readonly WebDay[]; readonly cost: Spend | null };

/** Each channel's day. Days draw from sources of their own, so that a later one can be asked for alone. */
function channelDays(random: Random, day: Day, nth: number): readonly ChannelDay[] {
  const weight = leadWeight(Date.parse(`${day}T12:00:00Z`)) * 1.3 ** (nth / 365);
  return CHANNELS.map(([channel, sourceMedium, usual, keyRate, price]) => {
    const total = random.logNormal(usual * (0.35 + 0.65 * weight), 0.15);
    const visits = LANDING_PAGES.map(([landingPage, share]) => {
      const sessions = Math.round(total * share * random.between(0.8, 1.2));
      const users = Math.round(sessions * random.between(0.78, 0.9));
      const keyEvents = Math.round(sessions * keyRate * random.between(0.5, 1.5));
      return { day, channel, sourceMedium, landingPage, sessions, users, keyEvents };
    });
    const sessions = visits.reduce((sum, each) => sum + each.sessions, 0);
    const amountMinor = Math.round(sessions * price * random.between(0.9, 1.1) * 100);
    const id = `spend-${day}-${channel.toLowerCase().replace(" ", "-")}`;
    const campaign = `${channel} ${day.slice(0, 4)}`;
    return { visits, cost: price === 0 ? null : { id, day, channel, campaign, amountMinor } };
  });
}
