import { sql } from "kysely";
import { TOUCH_TYPES } from "../../schema/canonical.ts";
import type { Outcome } from "../../schema/outcomes.ts";
import type { Scope, Sql } from "../engine/define.ts";
import { stillCounts } from "../engine/row-parts.ts";

/** Meetings with these did not take place, or will not. */
const CALLED_OFF: readonly Outcome[] = ["no_show", "rescheduled", "declined", "cancelled", "abandoned", "failed"];

function isOn(alias: string): Sql {
  return sql`coalesce(${sql.ref(alias)}.outcome, 'held') <> all(${[...CALLED_OFF]}::text[])`;
}

/**
 * Touches: what a rep does towards a person or company (call, e-mail, message, meeting, chat). Mail that a campaign sends to many is none, nor is a
 * meeting that did not take place.
 */
export function isTouch(scope: Scope, alias: string): Sql {
  const a = sql.ref(alias);
  return sql`(${a}.type = any(${[...TOUCH_TYPES]}::text[]) and ${a}.duplicate_of is null and ${stillCounts(scope, alias)}
    and ${a}.occurred_at <= ${scope.cutoff}::timestamptz and not ${isCampaignMail(alias)}
    and (${a}.type <> 'meeting' or ${isOn(alias)}))`;
}

/** Mail to many, which no rep has written. */
export function isCampaignMail(alias: string): Sql {
  const a = sql.ref(alias);
  return sql`(${a}.rep_id is null and ${a}.type = 'email' and ${a}.attributes ? 'campaign')`;
}

/** Whether a touch went out from us. A meeting counts either way: some tools give meetings no direction. */
export function isOutbound(alias: string): Sql {
  const a = sql.ref(alias);
  return sql`(${a}.direction = 'outbound' or ${a}.type = 'meeting')`;
}

/** Whether it is a meeting that is on or a task still to be done, for a time after the instant, and was booked by then. */
export function liesAhead(scope: Scope, alias: string, instant: Sql, bookedBy: Sql = instant): Sql {
  const a = sql.ref(alias);
  return sql`(${a}.type in ('meeting', 'task') and ${a}.occurred_at > ${instant} and coalesce(${a}.booked_at, '-infinity') <= ${bookedBy}
    and ${a}.duplicate_of is null and ${stillCounts(scope, alias)} and ${isOn(alias)}
    and not (${a}.outcome is not distinct from 'done' and ${a}.occurred_at > ${scope.cutoff}::timestamptz))`;
}
