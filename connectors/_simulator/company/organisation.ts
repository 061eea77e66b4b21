import { mailbox, personName } from "./names.ts";
import type { CanonicalStage } from "../../../core/schema/canonical.ts";
import type { Pipeline, PipelineStage, Profile, Rep, SupportAgent, Team } from "./model.ts";
import { DAY_MS } from "./calendar.ts";
import type { PhoneBook } from "./phones.ts";
import type { Random } from "./random.ts";

/** The seller's own side: teams, the people in them, and how they sell. */
export type Organisation = {
  readonly teams: readonly Team[];
  readonly reps: readonly Rep[];
  readonly supportAgents: readonly SupportAgent[];
  readonly pipelines: readonly Pipeline[];
};

export const NEW_BUSINESS = "pipeline-new-business";
export const EXPANSION = "pipeline-expansion";

type StageRow = readonly [name: string, canonical: CanonicalStage, probability: number];

const NEW_BUSINESS_STAGES: readonly StageRow[] = [
  ["Prospect", "prospecting", 0.05],
  ["Qualified", "qualification", 0.15],
  ["Contacted", "first_contact", 0.25],
  ["Demo Scheduled", "meeting", 0.4],
  ["Needs Analysis", "needs_analysis", 0.55],
  ["Proposal Sent", "close", 0.7],
  ["Contract Out", "follow_up", 0.85],
];
const EXPANSION_STAGES: readonly StageRow[] = [
  ["Identified", "prospecting", 0.2],
  ["Discussed", "first_contact", 0.35],
  ["Review Meeting", "meeting", 0.5],
  ["Offer Made", "close", 0.7],
  ["Awaiting Signature", "follow_up", 0.9],
];

function pipeline(id: string, name: string, rows: readonly StageRow[]): Pipeline {
  const short = id.replace("pipeline-", "");
  const open = rows.map(([stage, canonical, probability], at): PipelineStage => ({
    id: `stage-${short}-${at + 1}`,
    name: stage,
    type: "open",
    canonical,
    probability,
  }));
  const won: PipelineStage = { id: `stage-${short}-won`, name: "Won", type: "won", canonical: null, probability: 1 };
  const lost: PipelineStage = {
    id: `stage-${short}-lost`,
    name: "Lost",
    type: "lost",
    canonical: null,
    probability: 0,
  };
  return { id, name, stages: [...open, won, lost] };
}

/** Team name, home zones of its people, how many besides the manager, which pipeline it works. */
const TEAMS: readonly (readonly [name: string, zones: readonly string[], size: number, pipelineId: string])[] = [
  ["East", ["America/New_York", "America/Toronto"], 7, NEW_BUSINESS],
  ["West", ["America/Los_Angeles", "America/Denver", "America/Chicago"], 6, NEW_BUSINESS],
  ["Europe", ["Europe/London", "Europe/Berlin"], 5, NEW_BUSINESS],
  ["Customer Growth", ["America/New_York", "Europe/London"], 3, EXPANSION],
];

export function createOrganisation(random: Random, phones: PhoneBook, profile: Profile): Organisation {
  const reps: Rep[] = [];
  const names = new Set<string>();
  const months = (profile.now.getTime() - profile.startedAt.getTime()) / DAY_MS / 30.4;

  function newName(): ReturnType<typeof personName> {
    for (;;) {
      const name = personName(random);
      if (names.has(name.name)) continue;
      names.add(name.name);
      return name;
    }
  }

  /** @param atMonth months after the history's start at which someone begins; negative: long there. */
  function hire(teamId: string, zones: readonly string[], isManager: boolean, atMonth: number): void {
    const name = newName();
    const timeZone = random.pick(zones);
    const hiredMs = profile.startedAt.getTime() + atMonth * 30.4 * DAY_MS;
    reps.push({
      id: `rep-${String(reps.length + 1).padStart(3, "0")}`,
      ...name,
      email: `${mailbox(name)}@${profile.domain}`,
      phone: phones.take(timeZone.startsWith("Europe/London") ? "GB" : timeZone.startsWith("Europe/") ? "DE" : "US"),
      teamId,
      isManager,
      timeZone,
      hiredAt: new Date(Math.round(hiredMs / DAY_MS) * DAY_MS),
      leftAt: null,
      rampDays: random.int(75, 150),
      skill: Math.min(1.45, Math.max(0.6, random.logNormal(1, 0.22))),
    });
  }

  const teams = TEAMS.map(([name, zones, size, pipelineId], nth): Team => {
    const id = `team-${nth + 1}`;
    const managerId = `rep-${String(reps.length + 1).padStart(3, "0")}`;
    hire(id, zones, true, -random.between(12, 40));
    // The first of a team has long been there; the others came one after another, the last ones are still learning.
    for (let member = 0; member < size; member += 1) {
      const isEarly = member < Math.ceil(size / 2);
      const isNewest = member === size - 1;
      const joinedMonth = isNewest ? random.between(months - 3, months - 0.7) : random.between(1, months - 4);
      hire(id, zones, false, isEarly ? -random.between(4, 30) : joinedMonth);
    }
    return { id, name, managerId, pipelineId };
  });

  return {
    teams,
    reps: withLeavers(random, reps, profile),
    supportAgents: createAgents(newName, profile),
    pipelines: [
      pipeline(NEW_BUSINESS, "New Business", NEW_BUSINESS_STAGES),
      pipeline(EXPANSION, "Expansion", EXPANSION_STAGES),
    ],
  };
}

/** One of those long there leaves each of the three larger teams, spread over the middle of the history. */
function withLeavers(random: Random, reps: readonly Rep[], profile: Profile): readonly Rep[] {
  const spanMs = profile.now.getTime() - profile.startedAt.getTime();
  const leavers = new Map<string, Date>();
  for (const [nth, teamId] of ["team-1", "team-2", "team-3"].entries()) {
    const early = reps.filter((rep) => rep.teamId === teamId && !rep.isManager && rep.hiredAt < profile.startedAt);
    const leftMs = profile.startedAt.getTime() + spanMs * random.between(0.3 + nth * 0.2, 0.45 + nth * 0.2);
    leavers.set(random.pick(early).id, new Date(Math.round(leftMs / DAY_MS) * DAY_MS));
  }
  return reps.map((rep) => ({ ...rep, leftAt: leavers.get(rep.id) ?? null }));
}

function createAgents(newName: () => ReturnType<typeof personName>, profile: Profile): readonly SupportAgent[] {
  return ["America/New_York", "America/Chicago", "Europe/London", "Europe/Berlin"].map((timeZone, nth) => {
    const name = newName();
    return {
      id: `agent-${nth + 1}`,
      name: name.name,
      email: `${mailbox(name)}@${profile.domain}`,
      timeZone,
    };
  });
}

/** Whether someone works here at an instant. */
export function isEmployed(rep: Rep, atMs: number): boolean {
  return rep.hiredAt.getTime() <= atMs && (rep.leftAt === null || atMs < rep.leftAt.getTime());
}

/** How much of a full day's work someone does at an instant: 0 when not here, 0.3 on the first day, their skill once ramped. */
export function productivity(rep: Rep, atMs: number): number {
  if (!isEmployed(rep, atMs)) return 0;
  const ramp = Math.min(1, 0.3 + (0.7 * (atMs - rep.hiredAt.getTime())) / (rep.rampDays * DAY_MS));
  return rep.skill * ramp * (rep.isManager ? 0.15 : 1);
}
