import type { Json } from "../../core/base/json.ts";
import type { NormaliseContext, NormaliseResult } from "../../core/connector/define.ts";
import type { Table } from "../_rows/fields.ts";
import { columnsNeeded, mappingsOf, sourceName } from "../_rows/mapping.ts";
import { rowFacts } from "../_rows/row-facts.ts";
import { readRowRecord, type RowRecord } from "./records.ts";
import type { Mapping, Settings } from "./settings.ts";

/** The normaliser of a table's stream: the raw record finds the mapping of the source it came from. */
export function normaliseTable(table: Table): (record: Json, context: NormaliseContext<Settings>) => NormaliseResult {
  return (record, context) => {
    const at = `${table} ${context.externalId}`;
    const row = readRowRecord(record);
    if (row === null) return unreadable(at, "the stored row has not the shape of a row");
    const mapping = mappingFor(mappingsOf(context.settings, table), row);
    // Its source was taken out of the mapping, which is no fault of the row.
    if (mapping === undefined) return { facts: [], skipped: [] };
    return rowFacts(table, mapping, row, context, at);
  };
}

/** The mapping of the source that the row came from; where that has another name by now, the first whose columns the row has. */
function mappingFor(mappings: readonly Mapping[], { source, columns }: RowRecord): Mapping | undefined {
  const named = mappings.find((one, index) => sourceName(one, index) === source);
  return named ?? mappings.find((one) => columnsNeeded(one).every((column) => Object.hasOwn(columns, column)));
}

function unreadable(at: string, reason: string): NormaliseResult {
  return { facts: [], skipped: [{ code: "csv.row.unreadable", at, reason }] };
}
