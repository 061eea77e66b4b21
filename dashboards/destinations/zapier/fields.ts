import type { AppField, AppOutput } from "./contract.ts";

/** Forms and what comes out, as Zapier describes them. */

/** The hidden triggers that fill drop-downs: by list, its key, and where the value and the label stand. */
const DROP_DOWNS = {
  pipelines: "pipeline_list.name.name",
  kpis: "kpi_list.id.name",
  reps: "rep_list.ref.name",
  connections: "connection_list.id.name",
} as const;

export type InputField = {
  key: string;
  label: string;
  type: "string" | "number" | "datetime";
  required: boolean;
  helpText: string;
  list: boolean;
  choices?: string[];
  dynamic?: string;
};

export function inputField({ key, label, type, required, help, choices, isList, from }: AppField): InputField {
  return {
    key,
    label,
    type,
    required,
    helpText: help,
    list: isList,
    ...(choices.length === 0 ? {} : { choices: [...choices] }),
    ...(from === null ? {} : { dynamic: DROP_DOWNS[from] }),
  };
}

export type OutputField = { key: string; label: string; type?: "string" | "number" | "boolean" | "datetime" };

export function outputField({ key, label, type }: AppOutput): OutputField {
  return { key, label, ...(type === null ? {} : { type }) };
}
