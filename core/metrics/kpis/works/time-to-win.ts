import { sql } from "kysely";
import type { AggregateMetric, Scope, Sql } from "../../engine/define.ts";
import { daysFrom } from "../../engine/row-parts.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

const ages = {
  question: "How long does a win take, open deals counted?",
  numerator: null,
  denominator: null,
  subject: deal,
  joinsWholes: true,
  // Open deals are watched up to now, and grow older.
  rows,
} as const;

const OVER =
  "over deals created in the period, from creation, with losing as the competing end; open deals are watched until as-of (Aalen-Johansen)";

/** Deals created in the period: how old they were when they closed, or are. */
function rows(scope: Scope): Sql {
  const cutoff = sql`${scope.cutoff}::timestamptz`;
  const end = sql`coalesce(c.closed_at, ${cutoff})`;
  const days = daysFrom(scope, sql`c.created_at`, end, sql`c.created_is_day or coalesce(c.closed_is_day, false)`);
  return measured(
    sql`
    select c.*, ${days} as days
    from (${deal.rows.created(scope)}) c
    where c.created_at is not null`,
    {
      counted: sql`d.days >= 0`,
      inNumerator: sql`d.status = 'won'`,
      amount: sql`d.days`,
      per: sql`case when d.status = 'open' then 0 else 1 end`,
      exception: sql`case when d.doubt = 'no_closing_date' then d.doubt when d.days < 0 then 'created_after_closed' else d.doubt end`,
    },
  );
}

export const timeToWinKm: AggregateMetric = {
  ...ages,
  id: "time_to_win_km",
  fr: {
    title: "Délai médian de gain, affaires ouvertes comprises",
    question: "Combien de temps prend un gain, affaires ouvertes comprises ?",
    formula:
      "l’âge auquel la chance d’avoir gagné atteint la moitié de sa valeur finale, sur les affaires créées pendant la période, depuis leur création, la perte étant l’issue concurrente ; les affaires ouvertes sont suivies jusqu’à la date d’observation (Aalen-Johansen) ; à côté, l’âge médian de toute clôture (Kaplan-Meier)",
  },
  title: "Median time to a win, open deals counted",
  unit: "days",
  formula: `the age at which the chance of having won reaches half of what it comes to in the end, ${OVER}; beside it the median age at any close (Kaplan-Meier)`,
  better: "lower",
  kind: "incidence_median",
};

export const winProbability: AggregateMetric = {
  ...ages,
  id: "win_probability",
  fr: {
    title: "Chance de gain, affaires ouvertes comprises",
    question: "Quelle est la chance qu’une affaire soit gagnée ?",
    formula:
      "la chance d’avoir gagné au plus grand âge auquel une affaire a été close, sur les affaires créées pendant la période, depuis leur création, la perte étant l’issue concurrente ; les affaires ouvertes sont suivies jusqu’à la date d’observation (Aalen-Johansen)",
  },
  title: "Chance of a win, open deals counted",
  question: "How likely is a deal won in the end?",
  unit: "ratio",
  formula: `the chance of having won at the greatest age at which a deal closed, ${OVER}`,
  better: "higher",
  kind: "incidence_final",
};

export const winProbabilityByAge: AggregateMetric = {
  ...ages,
  id: "win_probability_by_age",
  fr: {
    title: "Chance de gain selon l’âge",
    question: "Quelle est la chance d’avoir gagné à un âge donné ?",
    formula:
      "la chance d’avoir gagné à un âge en jours, sur les affaires créées pendant la période, depuis leur création, la perte étant l’issue concurrente ; les affaires ouvertes sont suivies jusqu’à la date d’observation (Aalen-Johansen) ; à côté, la chance de toute clôture",
  },
  title: "Chance of a win by age",
  question: "How likely is a deal won by an age?",
  unit: "ratio",
  formula: `the chance of having won by an age in days, ${OVER}; beside it the chance of any close`,
  better: "higher",
  alwaysBy: [],
  kind: "incidence",
  curveBy: "age_days",
};
