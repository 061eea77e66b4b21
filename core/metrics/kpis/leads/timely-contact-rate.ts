import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { workingHours } from "../../engine/working.ts";
import { lead } from "../../subjects/lead.ts";

const MINUTES = sql`(select timely_contact_minutes from workspace)`;

export const timelyContactRate: AggregateMetric = {
  id: "timely_contact_rate",
  isInWorkingTime: true,
  fr: {
    title: "Prospects joints à temps",
    question: "Combien de prospects joignons-nous à temps ?",
    formula:
      "prospects joints en timely_contact_minutes de temps ouvré ÷ prospects créés pendant la période qui ont au moins cet âge à la date d’observation",
  },
  title: "Leads reached in time",
  question: "How many leads do we reach in time?",
  unit: "ratio",
  formula:
    "leads reached within timely_contact_minutes of working time ÷ leads created in the period that are at least that old at as-of",
  numerator: "leads reached in time",
  denominator: "leads created in the period that are old enough",
  better: "higher",
  subject: lead,
  kind: "share",
  rows: (scope) => {
    const within = (until: ReturnType<typeof sql>) => sql`${workingHours(scope, sql`d.at`, until)} * 60`;
    return measured(lead.rows.reached(scope), {
      counted: sql`${within(sql`${scope.cutoff}::timestamptz`)} >= ${MINUTES}`,
      inNumerator: sql`d.first_touch_at is not null and ${within(sql`d.first_touch_at`)} <= ${MINUTES}`,
    });
  },
};
