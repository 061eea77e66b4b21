import { sql } from "kysely";
import type { AggregateMetric, ComposedMetric, Scope, Sql } from "../../engine/define.ts";
import { dividing } from "../../engine/dividing.ts";
import { periodTable, holds, stillCounts } from "../../engine/row-parts.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";
import { anyOf, membersOf, ofCircle } from "../../subjects/circle.ts";
import { isOutbound, isTouch } from "../../subjects/touches.ts";
import { ticketsOpened } from "../support/tickets.ts";

const wins = { unit: "ratio", better: "higher", subject: deal, kind: "share" } as const;

/** So many days after a win its customer should have heard from us. */
const ONBOARDED_WITHIN_DAYS = 14;

/** Of a deal `c`: the rows that its person and its company were merged into, as `who` (person_key, firm_key). */
const WHO = sql`
  cross join lateral (
    select coalesce(person.merged_into, person.id) as person_key, coalesce(firm.merged_into, firm.id) as firm_key
    from deals own left join people person on person.id = own.person_id left join companies firm on firm.id = own.company_id
    where own.id = c.id
  ) who`;
const [PERSON, FIRM] = [sql`who.person_key`, sql`who.firm_key`];

export const onboardingTouchRate: AggregateMetric = {
  ...wins,
  id: "onboarding_touch_rate",
  fr: {
    title: "Clients accueillis",
    question: "Les nouveaux clients ont-ils de nos nouvelles ?",
    formula:
      "affaires gagnées pendant la période avec un contact sortant vers le client en 14 jours ÷ affaires gagnées pendant la période ayant au moins cet âge à la date d’observation",
  },
  title: "Customers greeted",
  question: "Do new customers hear from us?",
  formula: `deals won in the period with an outbound touch of the customer within ${ONBOARDED_WITHIN_DAYS} days ÷ deals won in the period that are at least that old at as-of`,
  numerator: `deals won with a touch within ${ONBOARDED_WITHIN_DAYS} days`,
  denominator: `deals won in the period at least ${ONBOARDED_WITHIN_DAYS} days ago`,
  rows: (scope) => {
    const until = sql`c.at + make_interval(days => ${ONBOARDED_WITHIN_DAYS})`;
    const customers = ofCircle({ person: PERSON, firm: FIRM, staffOf: FIRM }, "activities", "a");
    const greeting = sql`${isTouch(scope, "a")} and ${isOutbound("a")} and a.occurred_at > c.at and a.occurred_at <= ${until}`;
    return measured(
      sql`
      select c.*, ${anyOf([sql`from activities a where a.deal_id = c.id`, ...customers], greeting)} as is_greeted
      from (${deal.rows.closed(scope)}) c ${WHO}
      where c.status = 'won' and c.in_period and isfinite(c.at) and ${until} <= ${scope.cutoff}::timestamptz`,
      { inNumerator: sql`d.is_greeted`, exception: sql`d.doubt` },
    );
  },
};

export const repeatSaleRate: AggregateMetric = {
  ...wins,
  id: "repeat_sale_rate",
  fr: {
    title: "Ventes répétées",
    question: "Combien de gains viennent de clients ?",
    formula:
      "affaires gagnées pendant la période par des entreprises qui avaient déjà acheté ÷ affaires gagnées pendant la période",
  },
  title: "Repeat sales",
  question: "How many wins come from customers?",
  formula: "deals won in the period by companies that had won before ÷ deals won in the period",
  numerator: "deals won by companies that had won before",
  denominator: "deals won in the period",
  changesBy: "facts",
  rows: (scope) => {
    const won = sql`(select true from deal_closings x where x.deal_id = e.id and ${holds(scope, "x")} and x.status = 'won' and x.at < c.at limit 1)`;
    const before = sql`e.id <> c.id and e.merged_into is null and ${stillCounts(scope, "e")} and ${won}`;
    return measured(
      sql`
      select c.*, ${anyOf(ofCircle({ firm: FIRM }, "deals", "e"), before)} as is_repeat
      from (${deal.rows.closed(scope)}) c ${WHO}
      where c.status = 'won' and c.in_period`,
      { inNumerator: sql`d.is_repeat`, exception: sql`d.doubt` },
    );
  },
};

/** The leads among the person and the company of a deal `c`, and the company's people. */
function leads(scope: Scope): Sql {
  const parts = membersOf(PERSON, FIRM).map(
    (part) =>
      sql`select x.id, x.lead_created_at, x.attributes ${part} and x.lead_created_at is not null and ${stillCounts(scope, "x")}`,
  );
  return sql.join(parts, sql` union all `);
}

/** What a word for a source means, by the config's `sources`; `referral` means itself. */
const MEANS_REFERRAL = sql`coalesce((
  select listed.value = 'referral' from settings s, jsonb_each_text(s.value) listed
  where s.section = 'sources' and lower(listed.key) = lower(said.word) limit 1), lower(said.word) = 'referral')`;

export const referrals: AggregateMetric = {
  id: "referrals",
  fr: {
    title: "Recommandations",
    question: "Nos clients nous recommandent-ils ?",
    formula:
      "nombre d’affaires créées pendant la période dont la source (la leur, sinon celle de leur premier prospect) est associée à referral dans sources de la configuration",
  },
  title: "Referrals",
  question: "Do customers send us others?",
  unit: "count",
  formula:
    "count of deals created in the period whose source (the deal's own, else that of its first lead) is mapped to referral in the config's sources",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: deal,
  changesBy: "facts",
  kind: "count",
  rows: (scope) =>
    measured(
      sql`
      select c.* from (${deal.rows.created(scope)}) c ${WHO}
      cross join lateral (
        select coalesce(c.attributes ->> 'source', c.attributes ->> 'channel', (
          select coalesce(l.attributes ->> 'source', l.attributes ->> 'channel') from (${leads(scope)}) l order by l.lead_created_at, l.id limit 1)) as word
        offset 0
      ) said
      where ${MEANS_REFERRAL}`,
      {},
    ),
};

/** Companies with a won deal by the end of the period. */
const customers: AggregateMetric = {
  id: "customers",
  title: "Customers",
  question: "How many companies have bought?",
  unit: "count",
  formula: "count of the companies with a deal that was won by the end of the period",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: deal,
  changesBy: "facts",
  notBy: Object.keys(deal.dimensions).filter((name) => name !== "company"),
  kind: "count",
  isSnapshot: true,
  rows: (scope) =>
    measured(
      sql`
      select distinct on (p.no, coalesce(firm.merged_into, firm.id)) p.no as period_no, d.id, 0 as nth, p.at, false as at_is_day, 'won' as status,
        coalesce(firm.merged_into, firm.id) as company_id, d.connection_id, '{}'::jsonb as attributes, x.rep_id, null::uuid as stage_id
      from ${periodTable(scope)} p
      join deal_closings x on x.status = 'won' and x.at <= p.at and ${holds(scope, "x")}
      join deals d on d.id = x.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
      join companies firm on firm.id = d.company_id
      where p.starts <= p.at
      order by p.no, coalesce(firm.merged_into, firm.id), x.at desc, d.id`,
      {},
    ),
};

export const ticketsPerCustomer: ComposedMetric = {
  id: "tickets_per_customer",
  fr: {
    title: "Tickets par client",
    question: "De combien d’aide un client a-t-il besoin ?",
    formula: "tickets ouverts pendant la période ÷ entreprises ayant une affaire gagnée à sa fin",
  },
  title: "Tickets per customer",
  question: "How much help does a customer need?",
  unit: "number",
  formula: "tickets opened in the period ÷ companies with a won deal by its end",
  numerator: "tickets opened in the period",
  denominator: "companies with a won deal",
  better: "lower",
  subject: ticketsOpened.subject,
  changesBy: "facts",
  notBy: Object.keys(ticketsOpened.subject.dimensions).filter((name) => name !== "company"),
  kind: "composed",
  parts: [ticketsOpened, customers],
  recordsOf: [ticketsOpened, customers],
  combine: dividing,
};
