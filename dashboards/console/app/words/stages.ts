import { words } from "./index.ts";

/** The common stages that every pipeline's own are mapped to, in their order. */
export const STAGES = [
  "prospecting",
  "qualification",
  "first_contact",
  "meeting",
  "needs_analysis",
  "close",
  "follow_up",
] as const;

export const stageNames = words<{ readonly [name: string]: string }>({
  en: {
    prospecting: "Prospecting",
    qualification: "Qualification",
    first_contact: "First contact",
    meeting: "Meeting",
    needs_analysis: "Needs analysis",
    close: "Close",
    follow_up: "Follow-up",
  },
  fr: {
    prospecting: "Prospection",
    qualification: "Qualification",
    first_contact: "Premier contact",
    meeting: "Rendez-vous",
    needs_analysis: "Analyse des besoins",
    close: "Conclusion",
    follow_up: "Suivi",
  },
});
