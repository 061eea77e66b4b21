import type { Connector } from "../../api/types.ts";
import { STAGES } from "../../words/stages.ts";

/** What somebody has said of a spreadsheet so far. */
export type Draft = {
  readonly from: string;
  readonly table: string;
  readonly key: readonly string[];
  /** By field: its column. */
  readonly columns: { readonly [field: string]: string };
  readonly headerRow: number;
  readonly sheet: string;
  readonly dateFormat: string;
  readonly decimal: string;
  readonly currency: string;
  /** By stage of the sheet: a common one, `won` or `lost`. */
  readonly stages: { readonly [stage: string]: string };
};

export function newDraft(from: string): Draft {
  return {
    from,
    table: "deals",
    key: [],
    columns: {},
    headerRow: 1,
    sheet: "",
    dateFormat: "",
    decimal: "",
    currency: "",
    stages: {},
  };
}

/** The connection's settings, as far as the draft goes. */
export function settingsOf(draft: Draft): { readonly [name: string]: unknown } {
  const named = Object.entries(draft.stages).filter(([, meaning]) => meaning !== "");
  const of = (meaning: string): string[] => named.filter(([, one]) => one === meaning).map(([stage]) => stage);
  // In the order in which deals go through them.
  const open = STAGES.flatMap((canonical) => of(canonical).map((name) => ({ name, canonical })));
  const hasStage = draft.columns["stage"] !== undefined;
  return {
    ...(draft.decimal === "" ? {} : { decimal: draft.decimal }),
    ...(draft.currency === "" ? {} : { currency: draft.currency }),
    ...(draft.dateFormat === "" ? {} : { date_format: draft.dateFormat }),
    ...(hasStage
      ? {
          pipelines: {
            Sales: {
              stages: open,
              ...(of("won").length === 0 ? {} : { won: of("won") }),
              ...(of("lost").length === 0 ? {} : { lost: of("lost") }),
            },
          },
        }
      : {}),
    tables: {
      [draft.table]: {
        from: draft.from,
        ...(draft.headerRow === 1 ? {} : { header_row: draft.headerRow }),
        ...(draft.sheet === "" ? {} : { sheet: draft.sheet }),
        ...(draft.key.length === 0 ? {} : { key: draft.key.length === 1 ? draft.key[0] : draft.key }),
        columns: draft.columns,
      },
    },
  };
}

export type TableField = { readonly name: string; readonly isRequired: boolean; readonly help: string };

/** A table's fields, as the connector's own schema has them. */
export function fieldsOfTable(connector: Connector | undefined, table: string): readonly TableField[] {
  // Made by the server of its own schemas: an entry is a mapping, or a list of them.
  type Node = {
    readonly properties?: { readonly [name: string]: Node };
    readonly required?: readonly string[];
    readonly anyOf?: readonly Node[];
    readonly description?: string;
  };
  const entry = (connector?.settings as Node | undefined)?.properties?.["tables"]?.properties?.[table];
  const columns = (entry?.anyOf?.[0] ?? entry)?.properties?.["columns"];
  return Object.entries(columns?.properties ?? {}).map(([name, field]) => ({
    name,
    isRequired: columns?.required?.includes(name) === true,
    help: field.description ?? "",
  }));
}

/** Columns that are called as a field is, or as people call it. */
export function guess(fields: readonly TableField[], columns: readonly string[]): { readonly [field: string]: string } {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .normalize("NFD")
      .replaceAll(/[^a-z0-9]+/g, "");
  const taken = new Set<string>();
  const found: { [field: string]: string } = {};
  for (const { name } of fields) {
    const wanted = [name, ...(ALSO[name] ?? [])].map(plain);
    const column = columns.find((one) => !taken.has(one) && wanted.includes(plain(one)));
    if (column === undefined) continue;
    found[name] = column;
    taken.add(column);
  }
  return found;
}

const ALSO: { readonly [field: string]: readonly string[] } = {
  name: ["deal", "deal name", "opportunity", "opportunity name", "full name", "customer", "client", "nom", "affaire"],
  stage: ["phase", "deal stage", "pipeline stage", "etape"],
  status: ["deal status", "state", "statut", "won", "result"],
  value: ["amount", "deal value", "price", "total", "revenue", "montant", "valeur", "value eur", "value usd"],
  rep: ["owner", "sales rep", "deal owner", "seller", "account executive", "commercial", "user", "sales agent"],
  company: ["account", "organisation", "organization", "company name", "entreprise", "societe"],
  person: ["contact", "contact name"],
  created_at: ["created", "create date", "created on", "open date", "date created", "engage date", "cree le"],
  closed_at: ["closed", "close date", "closed on", "won date", "date closed", "cloture"],
  expected_close_on: ["expected close", "expected close date", "forecast date", "cloture prevue"],
  email: ["e-mail", "mail", "email address"],
  phone: ["telephone", "phone number", "mobile"],
  occurred_at: ["date", "when", "time", "timestamp", "day"],
  type: ["activity", "activity type", "kind"],
  day: ["date"],
  amount: ["spend", "cost", "amount spent", "montant"],
  from: ["start", "start date", "debut"],
  to: ["end", "end date", "fin"],
  target: ["goal", "quota", "objectif"],
  metric: ["kpi"],
  team: ["group", "equipe"],
  currency: ["devise"],
};
