import { useIsAdmin } from "./api/hooks.ts";
import type { IconName } from "./parts/icons.tsx";
import { useWords, words } from "./words/index.ts";

const text = words({
  en: {
    overview: "Overview",
    sources: "Sources",
    connections: "Connections",
    sheets: "Spreadsheets",
    numbers: "Numbers",
    kpis: "KPIs",
    funnel: "Funnel",
    movement: "Movement",
    forecast: "Forecast",
    review: "Review",
    goals: "Goals",
    reps: "Sales reps",
    works: "What works",
    data: "Data",
    pipeline: "Pipeline",
    deals: "Deals",
    activities: "Activities",
    people: "Who is one",
    outputs: "Outputs",
    screens: "Screens and feeds",
    destinations: "Destinations",
    webhooks: "Webhooks",
    keys: "Keys",
    settings: "Settings",
  },
  fr: {
    overview: "Vue d’ensemble",
    sources: "Sources",
    connections: "Connexions",
    sheets: "Tableurs",
    numbers: "Chiffres",
    kpis: "Indicateurs",
    funnel: "Entonnoir",
    movement: "Mouvement",
    forecast: "Prévision",
    review: "Revue",
    goals: "Objectifs",
    reps: "Commerciaux",
    works: "Ce qui marche",
    data: "Données",
    pipeline: "Pipeline",
    deals: "Affaires",
    activities: "Activités",
    people: "Qui est qui",
    outputs: "Sorties",
    screens: "Écrans et flux",
    destinations: "Destinations",
    webhooks: "Webhooks",
    keys: "Clés",
    settings: "Réglages",
  },
});

type Item = {
  readonly to: string;
  readonly icon: IconName;
  readonly label: string;
};
type Group = { readonly title: string; readonly items: readonly Item[] };

/** What the menu shows; what only admins may open is left out for others. */
export function useNavigation(): readonly Group[] {
  const t = useWords(text);
  const isAdmin = useIsAdmin();
  return [
    {
      title: t.sources,
      items: [
        { to: "/", icon: "home", label: t.overview },
        { to: "/connections", icon: "plug", label: t.connections },
        ...(isAdmin ? [{ to: "/spreadsheets", icon: "sheet", label: t.sheets } as const] : []),
      ],
    },
    {
      title: t.numbers,
      items: [
        { to: "/kpis", icon: "chart", label: t.kpis },
        { to: "/funnel", icon: "funnel", label: t.funnel },
        { to: "/movement", icon: "move", label: t.movement },
        { to: "/forecast", icon: "forecast", label: t.forecast },
        { to: "/review", icon: "check", label: t.review },
        { to: "/goals", icon: "goal", label: t.goals },
        { to: "/reps", icon: "rank", label: t.reps },
        { to: "/what-works", icon: "idea", label: t.works },
      ],
    },
    {
      title: t.data,
      items: [
        { to: "/pipeline", icon: "board", label: t.pipeline },
        { to: "/deals", icon: "deal", label: t.deals },
        { to: "/activities", icon: "activity", label: t.activities },
        { to: "/who/person", icon: "people", label: t.people },
      ],
    },
    {
      title: t.outputs,
      items: [
        { to: "/screens", icon: "tv", label: t.screens },
        ...(isAdmin
          ? ([
              { to: "/destinations", icon: "send", label: t.destinations },
              { to: "/webhooks", icon: "hook", label: t.webhooks },
              { to: "/keys", icon: "key", label: t.keys },
              { to: "/settings", icon: "settings", label: t.settings },
            ] as const)
          : []),
      ],
    },
  ];
}
