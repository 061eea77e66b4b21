import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { activity } from "../../subjects/activity.ts";

export const replyRate: AggregateMetric = {
  id: "reply_rate",
  fr: {
    title: "E-mails avec réponse",
    question: "Répond-on à nos e-mails ?",
    formula:
      "e-mails sortants auxquels la même personne a répondu en 14 jours ÷ e-mails sortants vers une personne ayant au moins cet âge à la date d’observation ; une réponse répond au dernier e-mail qui la précède",
  },
  title: "E-mails answered",
  question: "Are our e-mails answered?",
  unit: "ratio",
  formula:
    "outbound e-mails answered by the same person within 14 days ÷ outbound e-mails to a person that are at least that old at as-of; a reply answers the latest e-mail before it",
  numerator: "e-mails answered within 14 days",
  denominator: "outbound e-mails that are at least 14 days old",
  better: "higher",
  subject: activity,
  kind: "share",
  rows: (scope) =>
    measured(activity.rows.mailed(scope), {
      counted: sql`d.at <= ${scope.cutoff}::timestamptz - interval '14 days'`,
      inNumerator: sql`d.answered_at is not null`,
    }),
};
