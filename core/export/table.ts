import { majorUnits } from "../base/money.ts";
import { readCatalogue } from "../metrics/index.ts";
import type { Db } from "../store/db.ts";
import {
  exportColumns,
  exportRows,
  nameColumns,
  type ExportTable,
  EXPORT_TABLES,
  type StoredColumn,
} from "../store/exports.ts";
import { readWorkspace } from "../store/setup/workspace.ts";
import type { Column, ColumnType, Exported, ExportRow } from "./columns.ts";

export { EXPORT_TABLES, type ExportTable } from "../store/exports.ts";

export function isExportTable(name: string): name is ExportTable {
  return Object.hasOwn(EXPORT_TABLES, name);
}

const TYPES: { readonly [type: string]: ColumnType } = {
  bigint: "integer",
  integer: "integer",
  numeric: "number",
  "double precision": "number",
  boolean: "yes_no",
  date: "day",
  "timestamp with time zone": "time",
  json: "json",
  jsonb: "json",
  ARRAY: "json",
};

/** Amounts by the column that has them in minor units. */
const AMOUNTS: { readonly [column: string]: string } = { amount_minor: "amount", annual_minor: "annual_amount" };

/**
 * A table of the shared schema as people want it: names beside ids, amounts in main units. `deals` and others with `merged_into` hold also the
 * rows that are one with another: leave out where it is set to count each once.
 */
export async function exportedTable(
  db: Db,
  table: ExportTable,
  options: { readonly withDeleted?: boolean } = {},
): Promise<Exported> {
  const stored = await exportColumns(db, table);
  const money = table === "goals" ? await goalMoney(db) : null;
  const columns = stored.map(({ name, type }): Column =>
    AMOUNTS[name] === undefined ? { name, type: TYPES[type] ?? "text" } : { name: AMOUNTS[name], type: "number" },
  );
  const names = nameColumns(stored).map((name): Column => ({ name, type: "text" }));
  return {
    columns: [...columns, ...names],
    batches: dressed(exportRows(db, table, stored, { withDeleted: options.withDeleted ?? false }), stored, money),
  };
}

type GoalMoney = { readonly metrics: ReadonlySet<string>; readonly currency: string };

/** Which goals are amounts, and in what currency. */
async function goalMoney(db: Db): Promise<GoalMoney> {
  const [{ metrics }, { currency }] = [await readCatalogue(db), await readWorkspace(db)];
  return {
    metrics: new Set(metrics.filter((one) => "unit" in one && one.unit === "money").map(({ id }) => id)),
    currency,
  };
}

async function* dressed(
  batches: AsyncIterable<readonly ExportRow[]>,
  stored: readonly StoredColumn[],
  money: GoalMoney | null,
): AsyncGenerator<readonly ExportRow[]> {
  const times = stored.filter(({ type }) => TYPES[type] === "time").map(({ name }) => name);
  const amounts = stored.flatMap(({ name }) => (AMOUNTS[name] === undefined ? [] : [[name, AMOUNTS[name]] as const]));
  for await (const rows of batches) {
    yield rows.map((row) => {
      const plain: { [column: string]: unknown } = { ...row };
      // For ever, in either direction, is no instant.
      for (const name of times) if (!(plain[name] instanceof Date)) plain[name] = null;
      for (const [name, as] of amounts) plain[as] = inMainUnits(row[name], row["currency"]);
      if (money !== null && money.metrics.has(String(row["metric"])))
        plain["target"] = inMainUnits(row["target"], money.currency);
      return plain;
    });
  }
}

function inMainUnits(minor: unknown, currency: unknown): number | null {
  return typeof minor === "number" && typeof currency === "string" ? majorUnits(minor, currency) : null;
}
