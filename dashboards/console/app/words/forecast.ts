import { words } from "./index.ts";

export const forecastMethods = words<{ readonly [method: string]: string }>({
  en: {
    history: "History",
    stage_weighted: "Weighted by stage",
    run_rate: "Run rate",
    simulation: "Simulation",
    activity: "Activity",
  },
  fr: {
    history: "Historique",
    stage_weighted: "Pondérée par étape",
    run_rate: "Rythme actuel",
    simulation: "Simulation",
    activity: "Activité",
  },
});

export const horizonNames = words<{ readonly [horizon: string]: string }>({
  en: { days: "", month_end: "end of the month", quarter_end: "end of the quarter" },
  fr: { days: "", month_end: "fin du mois", quarter_end: "fin du trimestre" },
});
