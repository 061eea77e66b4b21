import { addDays, dayOf, type Day } from "../../../core/base/time.ts";
import type { Goal, Profile, Rep, Team } from "./model.ts";
import { isEmployed, NEW_BUSINESS, productivity } from "./organisation.ts";

/** What a fully productive rep is to win in a month, minor units. */
const QUOTA_MINOR = { newBusiness: 1_100_000, expansion: 1_500_000 };

/**
 * Targets by calendar month, from the first whole month to the end of the quarter of `now`: won value for every rep who is here, for every team and
 * for all; won deals and new leads for all.
 */
export function createGoals(
  profile: Profile,
  teams: readonly Team[],
  reps: readonly Rep[],
  scale: number,
): readonly Goal[] {
  const goals: Goal[] = [];
  const last = quarterEnd(dayOf(profile.now, profile.timeZone));
  for (
    let from = monthAfter(dayOf(profile.startedAt, profile.timeZone));
    from.slice(0, 7) <= last;
    from = monthAfter(from)
  ) {
    const to = addDays(monthAfter(from), -1);
    const month = from.slice(0, 7);
    const middleMs = Date.parse(`${month}-15T12:00:00Z`);
    const span = { from, to };
    let wholeTarget = 0;
    for (const team of teams) {
      let teamTarget = 0;
      for (const rep of reps) {
        if (rep.teamId !== team.id || rep.isManager || !isEmployed(rep, middleMs)) continue;
        const quota = team.pipelineId === NEW_BUSINESS ? QUOTA_MINOR.newBusiness : QUOTA_MINOR.expansion;
        // A quota knows how long someone has been here, not how good they are.
        const target = round(quota * scale * (productivity(rep, middleMs) / rep.skill), 100_000);
        teamTarget += target;
        goals.push({
          id: `goal-${month}-${rep.id}`,
          metric: "won_value",
          repId: rep.id,
          teamId: null,
          ...span,
          target,
        });
      }
      goals.push({
        id: `goal-${month}-${team.id}`,
        metric: "won_value",
        repId: null,
        teamId: team.id,
        ...span,
        target: teamTarget,
      });
      wholeTarget += teamTarget;
    }
    goals.push({
      id: `goal-${month}-won`,
      metric: "won_value",
      repId: null,
      teamId: null,
      ...span,
      target: wholeTarget,
    });
    goals.push({
      id: `goal-${month}-wins`,
      metric: "deals_won",
      repId: null,
      teamId: null,
      ...span,
      target: round(22 * scale, 1),
    });
    goals.push({
      id: `goal-${month}-leads`,
      metric: "new_leads",
      repId: null,
      teamId: null,
      ...span,
      target: round(95 * scale, 1),
    });
  }
  return goals;
}

function round(value: number, step: number): number {
  return Math.max(step, Math.round(value / step) * step);
}

function monthAfter(day: Day): Day {
  return `${addDays(`${day.slice(0, 7)}-28`, 4).slice(0, 7)}-01`;
}

/** The last month of a day's calendar quarter: `2026-12`. */
function quarterEnd(day: Day): string {
  const quarter = Math.ceil(Number(day.slice(5, 7)) / 3);
  return `${day.slice(0, 4)}-${String(quarter * 3).padStart(2, "0")}`;
}
