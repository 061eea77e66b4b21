import { useLanguage, words } from "./index.ts";
import { frenchTitles } from "./kpi-titles.ts";

/** Dimensions that KPIs are broken down by. What has no name here is written as its id says. */
export const dimensionNames = words<{ readonly [name: string]: string }>({
  en: {
    rep: "Sales rep",
    team: "Team",
    pipeline: "Pipeline",
    stage: "Stage",
    canonical_stage: "Common stage",
    source: "Source",
    channel: "Channel",
    campaign: "Campaign",
    company: "Company",
    deal: "Deal",
    type: "Kind",
    activity_type: "Kind of activity",
    direction: "Direction",
    outcome: "Outcome",
    lost_reason: "Reason of the loss",
    lead_status: "Lead status",
    status: "Status",
    priority: "Priority",
    satisfaction: "Satisfaction",
    connection: "Connection",
    metric: "KPI",
    month: "Month",
    person: "Person",
    lead_source: "Lead source",
    country: "Country",
    landing_page: "Landing page",
    tag: "Tag",
    customer_status: "Customer status",
  },
  fr: {
    rep: "Commercial",
    team: "Équipe",
    pipeline: "Pipeline",
    stage: "Étape",
    canonical_stage: "Étape commune",
    source: "Source",
    channel: "Canal",
    campaign: "Campagne",
    company: "Entreprise",
    deal: "Affaire",
    type: "Type",
    activity_type: "Type d’activité",
    direction: "Sens",
    outcome: "Issue",
    lost_reason: "Motif de la perte",
    lead_status: "Statut de la piste",
    status: "Statut",
    priority: "Priorité",
    satisfaction: "Satisfaction",
    connection: "Connexion",
    metric: "Indicateur",
    month: "Mois",
    person: "Personne",
    lead_source: "Source de la piste",
    country: "Pays",
    landing_page: "Page d’arrivée",
    tag: "Étiquette",
    customer_status: "Statut du client",
  },
});

/** What may be said instead of days, as the API knows them. */
export const PERIODS = [
  "this_week",
  "last_week",
  "this_month",
  "last_month",
  "this_quarter",
  "last_quarter",
  "this_year",
  "last_year",
  "last_30_days",
  "last_90_days",
  "all",
] as const;
export type Period = (typeof PERIODS)[number];
export const GRAINS = ["day", "week", "month", "quarter", "year"] as const;
export type Grain = (typeof GRAINS)[number];

export const periodNames = words({
  en: {
    this_week: "This week",
    last_week: "Last week",
    this_month: "This month",
    last_month: "Last month",
    this_quarter: "This quarter",
    last_quarter: "Last quarter",
    this_year: "This year",
    last_year: "Last year",
    last_30_days: "Last 30 days",
    last_90_days: "Last 90 days",
    all: "All time",
    days: "From … to …",
  },
  fr: {
    this_week: "Cette semaine",
    last_week: "La semaine dernière",
    this_month: "Ce mois-ci",
    last_month: "Le mois dernier",
    this_quarter: "Ce trimestre",
    last_quarter: "Le trimestre dernier",
    this_year: "Cette année",
    last_year: "L’année dernière",
    last_30_days: "30 derniers jours",
    last_90_days: "90 derniers jours",
    all: "Depuis le début",
    days: "Du … au …",
  },
});

/** Those that settings may name. */
export const allPeriodNames = words({
  en: {
    today: "Today",
    yesterday: "Yesterday",
    this_week: "This week",
    this_month: "This month",
    this_quarter: "This quarter",
    this_year: "This year",
    last_7_days: "Last 7 days",
    last_30_days: "Last 30 days",
    last_90_days: "Last 90 days",
    last_week: "Last week",
    last_month: "Last month",
    last_quarter: "Last quarter",
    last_year: "Last year",
    all: "All time",
  },
  fr: {
    today: "Aujourd’hui",
    yesterday: "Hier",
    this_week: "Cette semaine",
    this_month: "Ce mois-ci",
    this_quarter: "Ce trimestre",
    this_year: "Cette année",
    last_7_days: "7 derniers jours",
    last_30_days: "30 derniers jours",
    last_90_days: "90 derniers jours",
    last_week: "La semaine dernière",
    last_month: "Le mois dernier",
    last_quarter: "Le trimestre dernier",
    last_year: "L’année dernière",
    all: "Depuis le début",
  },
});

export const grainNames = words({
  en: { day: "Day", week: "Week", month: "Month", quarter: "Quarter", year: "Year" },
  fr: { day: "Jour", week: "Semaine", month: "Mois", quarter: "Trimestre", year: "Année" },
});

/** A KPI's name in the reader's language. */
export function useTitle(): (kpi: { readonly id: string; readonly title: string; readonly is_own: boolean }) => string {
  const { language } = useLanguage();
  return (kpi) => (language === "fr" && !kpi.is_own ? (frenchTitles[kpi.id] ?? kpi.title) : kpi.title);
}
