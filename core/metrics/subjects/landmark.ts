import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { isKnown } from "../engine/row-parts.ts";
import { areJoined, entriesBy, joinedStage, stageStay } from "./stage-stay.ts";
import { isOutbound, isTouch } from "./touches.ts";

const TOUCH_MIXES = ["with meeting", "none", "calls only", "e-mails only", "calls and e-mails", "other"];

/**
 * Deals that entered a stage and were still in it so many days later (the workspace's `landmark_days`), told apart by the touches of those first
 * days. Without such a landmark a deal that lives longer would have more touches for that reason alone.
 */
export const landmark = {
  ...stageStay,
  id: "landmark",
  dimensions: {
    ...stageStay.dimensions,
    touch_mix: by.column("touch_mix", { words: TOUCH_MIXES }),
    touches: by.column("touches", { words: ["0", "1", "2", "3", "4", "5+"] }),
    meeting_type: {
      ...by.column("meeting_type", {}),
      everyone: sql`select distinct lower(attributes ->> 'meeting_type') as key, lower(attributes ->> 'meeting_type') as label, null::text as hint
        from activities where type = 'meeting'`,
    },
  },
  rows: { stood: (scope) => stoodBy(scope, new Set()) },
} as const satisfies Subject;

/** The same rows as the entries of a stage, less those of deals that had left it by then or whose time has not come. */
export function stoodBy(scope: Scope, slicedBy: ReadonlySet<string>): Sql {
  const isStill = areJoined(slicedBy)
    ? sql`${joinedStage("then_in")} = ${joinedStage("came_in")}`
    : sql`later.stage_id = e.stage_id`;
  const until = sql`e.at + make_interval(days => (select landmark_days from workspace))`;
  return sql`
    select e.*, case
        when mix.meetings > 0 then 'with meeting'
        when mix.touches = 0 then 'none'
        when mix.calls = mix.touches then 'calls only'
        when mix.emails = mix.touches then 'e-mails only'
        when mix.calls > 0 and mix.emails > 0 and mix.calls + mix.emails = mix.touches then 'calls and e-mails'
        else 'other' end as touch_mix,
      case when mix.touches >= 5 then '5+' else mix.touches::text end as touches, mix.meeting_type
    from (${entriesBy(scope, slicedBy)}) e
    join lateral (
      select c.stage_id, c.status from deal_changes c where c.deal_id = e.id and ${isKnown(scope, "c")} and c.held_from <= ${until}
      order by c.ordinal desc limit 1
    ) later on later.status = 'open'
    left join stages then_in on then_in.id = later.stage_id
    left join stages came_in on came_in.id = e.stage_id
    cross join lateral (
      select count(*) as touches, count(*) filter (where a.type = 'meeting') as meetings, count(*) filter (where a.type = 'call') as calls,
        count(*) filter (where a.type = 'email') as emails,
        string_agg(distinct lower(a.attributes ->> 'meeting_type'), ' + ') filter (where a.type = 'meeting') as meeting_type
      from activities a
      where (a.deal_id = e.id or a.attributed_deal_id = e.id) and ${isTouch(scope, "a")} and ${isOutbound("a")}
        and a.occurred_at >= e.at and a.occurred_at < ${until}
    ) mix
    where ${isStill} and isfinite(e.at) and ${until} <= ${scope.cutoff}::timestamptz`;
}
