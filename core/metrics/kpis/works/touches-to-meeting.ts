import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { firstMeeting } from "../../subjects/first-meeting.ts";

const met = {
  question: "How many touches to a meeting?",
  unit: "number",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: firstMeeting,
  changesBy: "facts",
} as const;

const COUNTED =
  "outbound touches (meetings left out) from the later of lead creation and the last closed deal to the first meeting held with a person, over those held in the period";

export const touchesToMeetingMean: AggregateMetric = {
  ...met,
  id: "touches_to_meeting_mean",
  fr: {
    title: "Contacts moyens avant rendez-vous",
    question: "Combien de contacts pour un rendez-vous ?",
    formula:
      "moyenne des contacts sortants (hors rendez-vous) depuis la création du prospect, ou la clôture de la dernière affaire si elle est plus récente, jusqu’au premier rendez-vous tenu avec une personne, sur ceux tenus pendant la période",
  },
  title: "Mean touches to a meeting",
  formula: `mean ${COUNTED}`,
  numerator: "touches before the first meetings",
  denominator: "first meetings held in the period",
  kind: "mean",
  notBy: ["touches"],
  rows: (scope) => measured(firstMeeting.rows.met(scope), { amount: sql`d.touches` }),
};

export const touchesToMeetingMedian: AggregateMetric = {
  ...met,
  id: "touches_to_meeting_median",
  fr: {
    title: "Contacts médians avant rendez-vous",
    question: "Combien de contacts pour un rendez-vous ?",
    formula:
      "médiane des contacts sortants (hors rendez-vous) depuis la création du prospect, ou la clôture de la dernière affaire si elle est plus récente, jusqu’au premier rendez-vous tenu avec une personne, sur ceux tenus pendant la période",
  },
  title: "Median touches to a meeting",
  formula: `median ${COUNTED}`,
  kind: "median",
  notBy: ["touches"],
  rows: (scope) => measured(firstMeeting.rows.met(scope), { amount: sql`d.touches` }),
};

export const touchesToMeetingDistribution: AggregateMetric = {
  ...met,
  id: "touches_to_meeting_distribution",
  fr: {
    title: "Premiers rendez-vous selon les contacts",
    question: "Après combien de contacts les rendez-vous ont-ils lieu ?",
    formula:
      "nombre de premiers rendez-vous tenus pendant la période, selon les contacts sortants qui les ont précédés",
  },
  title: "First meetings by touches",
  question: "After how many touches do meetings happen?",
  unit: "count",
  formula: "count of the first meetings held in the period, by the outbound touches before them",
  better: null,
  alwaysBy: ["touches"],
  kind: "count",
  rows: (scope) => measured(firstMeeting.rows.met(scope), {}),
};

export const meetingProbabilityByTouches: AggregateMetric = {
  ...met,
  id: "meeting_probability_by_touches",
  fr: {
    title: "Rencontré au n-ième contact",
    question: "Quelle est la chance d’un rendez-vous au n-ième contact ?",
    formula:
      "parmi les personnes arrivées comme prospects pendant la période, la part rencontrée au n-ième contact sortant (Kaplan-Meier) ; qui n’a pas été rencontré compte jusqu’à son dernier contact",
  },
  title: "Met by the n-th touch",
  question: "How likely is a meeting by the n-th touch?",
  unit: "ratio",
  formula:
    "of the people who came in as leads in the period, the share met by the n-th outbound touch (Kaplan-Meier); who was not met counts as far as touched",
  better: "higher",
  notBy: ["touches"],
  alwaysBy: [],
  kind: "survival",
  curveBy: "touches",
  rows: (scope) => measured(firstMeeting.rows.people(scope), { inNumerator: sql`d.was_met`, amount: sql`d.touches` }),
};
