import type { Movement } from "../../api/types.ts";
import { words } from "../../words/index.ts";
import type { Step } from "./bars.tsx";

export const movementReasons = words<{ readonly [reason: string]: string }>({
  en: {
    created: "Created",
    reopened: "Reopened",
    value_up: "Value up",
    value_down: "Value down",
    won: "Won",
    lost: "Lost",
    deleted: "Deleted",
    merged: "Merged",
    owner_in: "Owner in",
    owner_out: "Owner out",
    pipeline_in: "Pipeline in",
    pipeline_out: "Pipeline out",
    pulled_in: "Pulled in",
    pushed_out: "Pushed out",
    currency: "Exchange rates",
  },
  fr: {
    created: "Créées",
    reopened: "Rouvertes",
    value_up: "Hausses",
    value_down: "Baisses",
    won: "Gagnées",
    lost: "Perdues",
    deleted: "Supprimées",
    merged: "Fusionnées",
    owner_in: "Reçues",
    owner_out: "Cédées",
    pipeline_in: "Pipeline entrant",
    pipeline_out: "Pipeline sortant",
    pulled_in: "Avancées",
    pushed_out: "Repoussées",
    currency: "Taux de change",
  },
});

/** What lessens the open pipeline. */
export const DOWN = new Set([
  "value_down",
  "won",
  "lost",
  "deleted",
  "merged",
  "owner_out",
  "pipeline_out",
  "pushed_out",
]);

/** From the start to the end, by each reason that counts. */
export function stepsOf(
  row: Movement["rows"][number],
  of: "value" | "count",
  names: { readonly [reason: string]: string },
  write: (value: number) => string,
): readonly Step[] {
  const steps: Step[] = [
    { name: names["start"] ?? "", from: 0, to: row.start[of], shown: write(row.start[of]), isTotal: true },
  ];
  let at = row.start[of];
  for (const [reason, part] of Object.entries(row.reasons)) {
    if (part[of] === 0) continue;
    const change = DOWN.has(reason) ? -Math.abs(part[of]) : part[of];
    steps.push({ name: names[reason] ?? reason, from: at, to: at + change, shown: write(change), isTotal: false });
    at += change;
  }
  return [...steps, { name: names["end"] ?? "", from: 0, to: row.end[of], shown: write(row.end[of]), isTotal: true }];
}
