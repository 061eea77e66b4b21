import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import type { Exported, ExportRow } from "../../core/export/columns.ts";
import { fileOf, type Format, FORMATS } from "../../core/export/index.ts";
import { exportedAnswer } from "../../core/export/kpi.ts";
import { EXPORT_TABLES, exportedTable, isExportTable } from "../../core/export/table.ts";
import { evaluateMetric, readCatalogue } from "../../core/metrics/index.ts";
import type { CliContext, Database } from "../context.ts";
import { type Asked, askedBy, toQuery } from "./kpi.ts";

type Options = Asked & {
  readonly format?: Format;
  readonly out?: string;
  readonly bom: boolean;
  readonly deleted?: boolean;
};

/** `tributary export NAME`: a table or a KPI's answer to a file, or to stdout. */
export function registerExport(command: Command, context: CliContext): void {
  askedBy(command)
    .addOption(
      new Option("--format <format>", "csv, jsonl or parquet; default: by the file's ending, else csv").choices(
        FORMATS,
      ),
    )
    .option("--out <file>", "write to this file, complete or not at all; default: stdout")
    .option("--no-bom", "CSV without the byte-order mark by which Excel knows UTF-8")
    .option("--deleted", "of a table: also what the source has deleted")
    .addHelpText("after", `\nTables: ${Object.keys(EXPORT_TABLES).join(", ")}. KPIs: tributary kpi list.`)
    .action(async (name: string, options: Options) => {
      const { out } = options;
      if (out === undefined && context.out.isJson)
        command.error("error: --json says what was written: it needs --out <file>");
      const format = options.format ?? FORMATS.find((one) => out?.endsWith(`.${one}`) === true) ?? "csv";
      if (out === undefined && format === "parquet" && process.stdout.isTTY)
        command.error("error: Parquet is no text for a terminal: give --out <file>, or send it on");
      await context.withDatabase(async (database) => {
        let rows = 0;
        const exported = counted(await exportedBy(database, name, options), (more) => (rows += more));
        const file = fileOf(exported, format, { hasMark: options.bom });
        if (out === undefined) return await toStdout(file);
        await toFile(file, out, context.signal);
        context.out.result({ name, format, file: out, rows }, () => `${rows} rows of ${name} written to ${out}.`);
      });
    });
}

async function exportedBy(database: Database, name: string, options: Options): Promise<Exported> {
  const { db } = database.store;
  if (isExportTable(name)) return exportedTable(db, name, { withDeleted: options.deleted ?? false });
  if ((await readCatalogue(db)).find(name) === null) throw unknownName(name);
  return exportedAnswer(await evaluateMetric(db, await toQuery(database, name, options)));
}

function counted({ columns, batches }: Exported, count: (rows: number) => void): Exported {
  async function* counting(): AsyncGenerator<readonly ExportRow[]> {
    for await (const rows of batches) {
      count(rows.length);
      yield rows;
    }
  }
  return { columns, batches: counting() };
}

/** Whoever reads it may stop early (`| head`): that is no failure. */
async function toStdout(file: ReturnType<typeof fileOf>): Promise<void> {
  try {
    await pipeline(file, process.stdout, { end: false });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  }
}

async function toFile(file: ReturnType<typeof fileOf>, out: string, signal: AbortSignal): Promise<void> {
  const part = `${out}.part`;
  try {
    await pipeline(file, createWriteStream(part, { mode: 0o600 }), { signal });
    await rename(part, out);
  } catch (error) {
    await rm(part, { force: true });
    if (
      error instanceof Error &&
      "code" in error &&
      ["ENOENT", "EACCES", "EISDIR", "EROFS"].includes(String(error.code))
    )
      throw cannotWrite(out, error);
    throw error;
  }
}

function cannotWrite(file: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: "export.cannot_write",
    kind: "config",
    message: `${file} cannot be written.`,
    mend: "Name a file in a folder that is there and that you may write to.",
    cause,
  });
}

function unknownName(name: string): TributaryError {
  return new TributaryError({
    code: "export.unknown_name",
    kind: "config",
    message: `${name} is neither a table nor a KPI.`,
    mend: `Tables: ${Object.keys(EXPORT_TABLES).join(", ")}. KPIs: \`tributary kpi list\`.`,
  });
}
