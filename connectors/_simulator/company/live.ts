import { addDays, dayOf } from "../../../core/base/time.ts";
import { DAY_MS } from "./calendar.ts";
import { believed, LOST_REASONS, newDeal, openStages, outcomeStage, rounded } from "./deal-life.ts";
import { SupportLife } from "./live-support.ts";
import type { Market } from "./market.ts";
import type { CompanyChange, Deal, LeadStatus, LiveCompany, Meeting, Profile } from "./model.ts";
import { EXPANSION, NEW_BUSINESS, type Organisation } from "./organisation.ts";
import type { Random } from "./random.ts";
import { onTheHalfHour, type Touches } from "./touches.ts";
import { type LifeState, World } from "./world.ts";

export type LifeSetting = {
  readonly random: Random;
  readonly profile: Profile;
  readonly organisation: Organisation;
  readonly market: Market;
  readonly touches: Touches;
  readonly state: LifeState;
  readonly now: () => number;
};

/**
 * What may happen on a tick, by weight; wins come by a count of their own. About as many deals are opened as are closed, so that a day of
 * demo neither runs dry nor piles up. Most of what happens to tickets and chats happens to those that are open (live-support.ts).
 */
const HAPPENINGS = {
  call: 30,
  email: 22,
  move: 18,
  lead: 18,
  deal: 20,
  meeting: 5,
  lost: 8,
  sms: 2,
  note: 2,
  value: 2,
  postpone: 2,
  ticket: 3,
  chat: 3,
} as const;
type Happening = keyof typeof HAPPENINGS | "won";

export function startLife(setting: LifeSetting): LiveCompany {
  const listeners = new Set<(change: CompanyChange) => void>();
  const life = new Life(setting);
  return {
    tick() {
      const changes = life.tick();
      for (const change of changes) for (const listener of listeners) listener(change);
      return changes;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

class Life {
  readonly #random: Random;
  readonly #setting: LifeSetting;
  readonly #world: World;
  readonly #support: SupportLife;
  /** Appointments that are not over. */
  readonly #upcoming: Meeting[] = [];
  #ticksUntilWin: number;
  /** More deals in play than this, and one is lost where another would have been opened. */
  readonly #mostOpen: number;

  constructor(setting: LifeSetting) {
    this.#random = setting.random;
    this.#setting = setting;
    this.#world = new World(setting.random, setting.organisation, setting.state);
    this.#support = new SupportLife(setting.random.fork("support"), setting.organisation, this.#world);
    for (const activity of setting.state.activities) {
      if (activity.type === "meeting" && activity.status === "upcoming") this.#upcoming.push(activity);
    }
    this.#ticksUntilWin = setting.random.int(4, 8);
    this.#mostOpen = Math.ceil(this.#world.openCount * 1.2);
  }

  tick(): readonly CompanyChange[] {
    const atMs = this.#setting.now();
    return [...this.#holdMeeting(atMs), ...this.#happen(this.#next(), atMs)];
  }

  #next(): Happening {
    this.#ticksUntilWin -= 1;
    if (this.#ticksUntilWin > 0) {
      const next = this.#random.weighted(HAPPENINGS);
      return next === "deal" && this.#world.openCount >= this.#mostOpen ? "lost" : next;
    }
    this.#ticksUntilWin = this.#random.int(10, 14);
    return "won";
  }

  #happen(happening: Happening, atMs: number): readonly CompanyChange[] {
    switch (happening) {
      case "lead":
        return this.#newLead(atMs);
      case "deal":
        return this.#openDeal(atMs);
      case "ticket":
        return this.#support.ticket(atMs);
      case "chat":
        return this.#support.chat(atMs);
      default: {
        // Wins go to deals that stand far on.
        const deal = this.#world.someDeal(happening === "won" ? 6 : 1);
        return deal === null ? this.#openDeal(atMs) : this.#workOn(deal, happening, atMs);
      }
    }
  }

  #workOn(
    deal: Deal,
    happening: Exclude<Happening, "lead" | "deal" | "ticket" | "chat">,
    atMs: number,
  ): readonly CompanyChange[] {
    const { touches, profile } = this.#setting;
    const moment = this.#world.moment(deal, atMs);
    switch (happening) {
      case "won":
      case "lost":
        return this.#close(deal, happening, atMs);
      case "move":
        return this.#move(deal, atMs);
      case "meeting":
        return [this.#book(deal, atMs)];
      case "email": {
        const direction = this.#random.chance(0.7) ? "outbound" : "inbound";
        return [this.#world.addActivity(touches.email(moment, direction, null))];
      }
      case "value": {
        const amountMinor = rounded((deal.state.amountMinor ?? 900_000) * this.#random.logNormal(1, 0.2));
        return this.#world.changeDeal(deal, "value", atMs, { amountMinor });
      }
      case "postpone": {
        const expectedCloseOn = addDays(dayOf(new Date(atMs), profile.timeZone), this.#random.int(10, 45));
        return this.#world.changeDeal(deal, "expected_close", atMs, { expectedCloseOn });
      }
      case "call":
      case "sms":
      case "note":
        return [this.#world.addActivity(touches[happening](moment))];
    }
  }

  #newLead(atMs: number): readonly CompanyChange[] {
    const { market, state } = this.#setting;
    const { teamId, ...firm } = market.firm(1);
    const id = `lead-${String(state.leads.length + 1).padStart(6, "0")}`;
    const at = new Date(atMs);
    const ownerId = this.#world.someone(teamId, atMs).id;
    const statusChanges = [{ id: `${id}-status-1`, at, byId: ownerId, from: null, to: "new" as const }];
    const lead = { id, ...firm, createdAt: at, updatedAt: at, ownerId, status: "new" as const, statusChanges };
    return [this.#world.addLead(lead, [market.person(firm, id, at)])];
  }

  /** On one of the youngest leads that have none yet, on a new one where each has, or with a customer. */
  #openDeal(atMs: number): readonly CompanyChange[] {
    const { state, profile } = this.#setting;
    const isExpansion = this.#random.chance(0.2);
    const wanted: readonly LeadStatus[] = isExpansion ? ["customer"] : ["new", "contacted"];
    const candidates = state.leads.filter((lead) => wanted.includes(lead.status)).slice(-40);
    const arrived = candidates.length === 0 ? this.#newLead(atMs) : [];
    const lead = this.#random.pick(arrived.length === 0 ? candidates : state.leads.slice(-1));
    const owner = isExpansion ? this.#world.someone("team-4", atMs) : this.#world.rep(lead.ownerId);
    const deal = newDeal(this.#random, {
      id: `deal-${String(state.deals.length + 1).padStart(6, "0")}`,
      lead,
      person: this.#random.pick(this.#world.peopleOf(lead.id)),
      pipeline: this.#world.pipeline(isExpansion ? EXPANSION : NEW_BUSINESS),
      createdMs: atMs,
      owners: { at: () => owner, handovers: () => [] },
      winProbability: 0,
      nowMs: atMs,
      timeZone: profile.timeZone,
      pace: 1,
    });
    const qualified = isExpansion ? [] : this.#world.setLeadStatus(lead.id, "qualified", atMs);
    return [...arrived, this.#world.addDeal(deal), ...qualified];
  }

  #move(deal: Deal, atMs: number): readonly CompanyChange[] {
    const stages = openStages(this.#world.pipeline(deal.pipelineId));
    const at = stages.findIndex((stage) => stage.id === deal.state.stageId);
    const step = this.#random.weighted({ 1: 80, 2: 12, [-1]: 8 });
    const next = stages[Math.min(stages.length - 1, Math.max(0, at + Number(step)))];
    if (next === undefined || next.id === deal.state.stageId) {
      return [this.#world.addActivity(this.#setting.touches.call(this.#world.moment(deal, atMs)))];
    }
    const moved = { stageId: next.id, probability: believed(this.#random, next) };
    const changes = this.#world.changeDeal(deal, "stage", atMs, moved);
    return next.canonical === "meeting" ? [...changes, this.#book(deal, atMs)] : changes;
  }

  #book(deal: Deal, atMs: number): CompanyChange {
    const startsMs = onTheHalfHour(atMs + this.#random.between(1, 7) * DAY_MS);
    const meeting = this.#setting.touches.meeting(this.#world.moment(deal, atMs), startsMs, "upcoming");
    this.#upcoming.push(meeting);
    return this.#world.addActivity(meeting);
  }

  #close(deal: Deal, status: "won" | "lost", atMs: number): readonly CompanyChange[] {
    const stageId = outcomeStage(this.#world.pipeline(deal.pipelineId), status).id;
    if (status === "lost") {
      const lostReason = this.#random.weighted(LOST_REASONS);
      return this.#world.changeDeal(deal, "lost", atMs, { status, stageId, probability: 0, lostReason });
    }
    // Nobody signs for an amount that is not written down.
    const amountMinor = deal.state.amountMinor ?? rounded(this.#random.logNormal(900_000, 0.5));
    return [
      ...this.#world.changeDeal(deal, "won", atMs, { status, stageId, probability: 1, amountMinor }),
      ...this.#world.setLeadStatus(deal.leadId, "customer", atMs),
    ];
  }

  /** The first appointment that is over by now, as held or missed. */
  #holdMeeting(atMs: number): readonly CompanyChange[] {
    const at = this.#upcoming.findIndex((meeting) => meeting.endsAt.getTime() <= atMs);
    const [meeting] = at < 0 ? [] : this.#upcoming.splice(at, 1);
    if (meeting === undefined) return [];
    const status = this.#random.chance(0.85) ? "completed" : "no_show";
    return [this.#world.replaceActivity(meeting, { ...meeting, status, updatedAt: new Date(atMs) })];
  }
}
