import { sql } from "kysely";
import type { AggregateMetric, Scope, Sql } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { campaign } from "../../subjects/campaign.ts";

const mail = { subject: campaign, denominator: "e-mails delivered" } as const;
const DELIVERED = sql`d.recipients - coalesce(d.bounces, 0)`;

export const emailsSent: AggregateMetric = {
  ...mail,
  id: "emails_sent",
  fr: {
    title: "E-mails envoyés",
    question: "À combien avons-nous écrit ?",
    formula: "Σ destinataires des campagnes envoyées pendant la période",
  },
  title: "E-mails sent",
  question: "How many did we write to?",
  unit: "count",
  formula: "Σ recipients of the campaigns sent in the period",
  numerator: null,
  denominator: null,
  better: null,
  kind: "sum",
  rows: (scope) => measured(campaign.rows.sent(scope), { amount: sql`d.recipients` }),
};

const rate = { ...mail, unit: "ratio", kind: "ratio", isProportion: true } as const;
const OF = "by day of sending; a campaign whose source does not say both is left out";

export const openRate: AggregateMetric = {
  ...rate,
  id: "open_rate",
  fr: {
    title: "Taux d’ouverture",
    question: "Qui ouvre nos e-mails ?",
    formula:
      "personnes uniques ayant ouvert ÷ e-mails délivrés, par jour d’envoi ; une campagne dont la source ne donne pas les deux est exclue",
  },
  title: "Open rate",
  question: "Who opens our mail?",
  formula: `unique people who opened ÷ e-mails delivered, ${OF}`,
  numerator: "people who opened",
  better: "higher",
  rows: (scope) => of(scope, sql`d.opens`, DELIVERED),
};

/** What the source says without the mail programs that open by themselves; campaigns of which it does not say are left out. */
const HUMAN_OPENS = sql`(d.attributes ->> 'human_opens')::numeric`;

export const humanOpenRate: AggregateMetric = {
  ...rate,
  id: "human_open_rate",
  fr: {
    title: "Taux d’ouverture, sans les ouvertures automatiques",
    question: "Qui ouvre vraiment nos e-mails ?",
    formula:
      "personnes uniques ayant ouvert, sans les messageries qui ouvrent d’elles-mêmes ÷ e-mails délivrés, par jour d’envoi ; une campagne dont la source ne donne pas les deux est exclue",
  },
  title: "Open rate without machines",
  question: "Who really opens our mail?",
  formula: `unique people who opened, without the mail programs that open by themselves ÷ e-mails delivered, ${OF}`,
  numerator: "people who opened by hand",
  better: "higher",
  rows: (scope) => of(scope, HUMAN_OPENS, DELIVERED),
};

export const clickRate: AggregateMetric = {
  ...rate,
  id: "click_rate",
  fr: {
    title: "Taux de clic",
    question: "Qui clique ?",
    formula:
      "personnes uniques ayant cliqué ÷ e-mails délivrés, par jour d’envoi ; une campagne dont la source ne donne pas les deux est exclue",
  },
  title: "Click rate",
  question: "Who clicks?",
  formula: `unique people who clicked ÷ e-mails delivered, ${OF}`,
  numerator: "people who clicked",
  better: "higher",
  rows: (scope) => of(scope, sql`d.clicks`, DELIVERED),
};

export const unsubscribeRate: AggregateMetric = {
  ...rate,
  id: "unsubscribe_rate",
  fr: {
    title: "Taux de désabonnement",
    question: "Qui se désabonne ?",
    formula:
      "personnes uniques désabonnées ÷ e-mails délivrés, par jour d’envoi ; une campagne dont la source ne donne pas les deux est exclue",
  },
  title: "Unsubscribe rate",
  question: "Who leaves?",
  formula: `unique people who unsubscribed ÷ e-mails delivered, ${OF}`,
  numerator: "people who unsubscribed",
  better: "lower",
  rows: (scope) => of(scope, sql`d.unsubscribes`, DELIVERED),
};

export const bounceRate: AggregateMetric = {
  ...rate,
  id: "bounce_rate",
  fr: {
    title: "Taux de rebond",
    question: "Qu’est-ce qui n’arrive pas ?",
    formula:
      "e-mails rejetés ÷ e-mails envoyés, par jour d’envoi ; une campagne dont la source ne donne pas les deux est exclue",
  },
  title: "Bounce rate",
  question: "What does not arrive?",
  formula: `e-mails bounced ÷ e-mails sent, ${OF}`,
  numerator: "e-mails bounced",
  denominator: "e-mails sent",
  better: "lower",
  rows: (scope) => of(scope, sql`d.bounces`, sql`d.recipients`),
};

function of(scope: Scope, part: Sql, whole: Sql): Sql {
  return measured(campaign.rows.sent(scope), {
    counted: sql`${part} is not null and ${whole} is not null`,
    amount: part,
    per: whole,
  });
}
