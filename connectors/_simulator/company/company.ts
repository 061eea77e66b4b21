import { createGoals } from "./goals.ts";
import { createHistory } from "./history.ts";
import { startLife } from "./live.ts";
import { createMarket } from "./market.ts";
import { createCampaigns, createMarketing } from "./marketing.ts";
import type { Campaign, Company, CompanyOptions, Profile } from "./model.ts";
import { createOrganisation } from "./organisation.ts";
import { createPhoneBook } from "./phones.ts";
import { createRandom } from "./random.ts";
import { createChats, createTickets } from "./support.ts";
import { createTouches } from "./touches.ts";

const LEADS_PER_MONTH = 78;

/**
 * Makes up a company and its history. Equal options give the equal company in every process, so the vendors' simulators can each make
 * their own and still tell one story.
 */
export function createCompany(options: CompanyOptions): Company {
  const months = options.months ?? 24;
  const scale = options.scale ?? 1;
  const random = createRandom(`company/${options.seed}`);
  const profile = createProfile(options, months);
  const phones = createPhoneBook(random.fork("phones"));
  const organisation = createOrganisation(random.fork("organisation"), phones, profile);
  const market = createMarket(random.fork("market"), phones);
  let nowMs = profile.now.getTime();
  const touches = createTouches(random.fork("touches"), {
    domain: profile.domain,
    timeZone: profile.timeZone,
    nowMs: () => nowMs,
  });
  const history = createHistory(
    { random: random.fork("history"), profile, organisation, market, touches },
    Math.round(LEADS_PER_MONTH * months * scale),
  );
  const state = {
    leads: [...history.leads],
    people: [...history.people],
    deals: [...history.deals],
    activities: [...history.activities],
    tickets: [...createTickets(random.fork("tickets"), profile, history.deals, organisation.supportAgents)],
    chats: [...createChats(random.fork("chats"), profile, history.leads, history.people, organisation.reps)],
  };
  let campaigns: readonly Campaign[] | null = null;
  let isAlive = false;
  return {
    profile,
    ...organisation,
    ...state,
    ...createMarketing(random.fork("marketing"), profile),
    goals: createGoals(profile, organisation.teams, organisation.reps, scale),
    // Two thousand readers of fifty newsletters are the largest part of the company, and only one vendor asks for them.
    get campaigns() {
      campaigns ??= createCampaigns(random.fork("campaigns"), profile, history.people, history.deals);
      return campaigns;
    },
    live({ clock }) {
      if (isAlive) throw new Error("A company has one life: live() was called before.");
      isAlive = true;
      return startLife({
        random: random.fork("live"),
        profile,
        organisation,
        market,
        touches,
        state,
        now: () => {
          nowMs = clock.now().getTime();
          return nowMs;
        },
      });
    },
  };
}

function createProfile(options: CompanyOptions, months: number): Profile {
  const { now } = options;
  const startedAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1));
  return {
    name: "Fernhill Software",
    domain: "fernhill.example",
    timeZone: options.timeZone ?? "America/New_York",
    currency: "USD",
    seed: options.seed,
    startedAt,
    now,
  };
}
