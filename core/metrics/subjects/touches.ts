import { sql } from "kysely";
import { TOUCH_TYPES } from "../../schema/canonical.ts";
import type { Scope, Sql } from "../engine/define.ts";
import { stillCounts } from "../engine/row-parts.ts";

/**
 * Touches: what a rep does towards a person or company (call, e-mail, message, meeting, chat). Mail that a campaign sends to many is none.
 */
export function isTouch(scope: Scope, alias: string): Sql {
  const a = sql.ref(alias);
  return sql`(${a}.type = any(${[...TOUCH_TYPES]}::text[]) and ${a}.duplicate_of is null and ${stillCounts(scope, alias)}
    and ${a}.occurred_at <= ${scope.cutoff}::timestamptz
    and not (${a}.rep_id is null and ${a}.type = 'email' and ${a}.attributes ? 'campaign'))`;
}

/** Whether a touch went out from us. A meeting counts either way: some tools give meetings no direction. */
export function isOutbound(alias: string): Sql {
  const a = sql.ref(alias);
  return sql`(${a}.direction = 'outbound' or ${a}.type = 'meeting')`;
}
