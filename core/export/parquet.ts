import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Column, ColumnType, Exported, ExportRow } from "./columns.ts";

/** A group is held in memory until it is written: so many rows of a hundred columns are some ten megabytes. */
const ROWS_PER_GROUP = 20_000;

type Element = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

const TYPES: { readonly [type in ColumnType]: Omit<Element, "name"> } = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
  yes_no: { type: "BOOLEAN", repetition_type: "OPTIONAL" },
  integer: { type: "INT64", repetition_type: "OPTIONAL" },
  number: { type: "DOUBLE", repetition_type: "OPTIONAL" },
  // An instant, not a wall-clock time: readers show it in their own time zone.
  time: {
    type: "INT64",
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
    repetition_type: "OPTIONAL",
  },
  day: { type: "INT32", converted_type: "DATE", repetition_type: "OPTIONAL" },
  json: { type: "BYTE_ARRAY", converted_type: "JSON", repetition_type: "OPTIONAL" },
};

/** A Parquet file, a row group at a time, compressed by Snappy. Every column may be null. */
export async function* parquetBytes({ columns, batches }: Exported): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter();
  const schema: Element[] = [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, type }) => ({ name, ...TYPES[type] })),
  ];
  const file = new ParquetWriter({ writer: bytes, schema, createdBy: "Tributary" });
  const taken = (): Uint8Array => {
    const chunk = new Uint8Array(bytes.getBuffer());
    // The writer's own place in the file goes on; what it holds begins anew.
    bytes.index = 0;
    return chunk;
  };
  let rows: ExportRow[] = [];
  for await (const batch of batches) {
    rows.push(...batch);
    if (rows.length < ROWS_PER_GROUP) continue;
    await writeGroup(file, columns, rows);
    rows = [];
    yield taken();
  }
  if (rows.length > 0) await writeGroup(file, columns, rows);
  await file.finish();
  yield taken();
}

async function writeGroup(file: ParquetWriter, columns: readonly Column[], rows: readonly ExportRow[]): Promise<void> {
  const columnData = columns.map(({ name, type }) => ({ name, data: rows.map((row) => valueOf(row[name], type)) }));
  await file.write({ columnData, rowGroupSize: rows.length });
}

function valueOf(value: unknown, type: ColumnType): unknown {
  if (value === null || value === undefined) return null;
  if (type === "integer") return typeof value === "number" ? BigInt(value) : null;
  if (type === "day") return typeof value === "string" ? new Date(`${value}T00:00:00Z`) : null;
  return value;
}
