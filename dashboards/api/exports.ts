import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { dayOf } from "../../core/base/time.ts";
import type { Exported } from "../../core/export/columns.ts";
import { CONTENT_TYPES, fileOf, FORMATS } from "../../core/export/index.ts";
import { exportedAnswer } from "../../core/export/kpi.ts";
import { EXPORT_TABLES, exportedTable, isExportTable } from "../../core/export/table.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { invalidRequest } from "../web/problem.ts";
import { type Call, download } from "./endpoint.ts";
import { asked, toQuery } from "./kpis.ts";
import { keysOf } from "../../core/base/keys.ts";

/** What came from vendors as it came is for whoever has the hub's own machine. */
const NOT_HERE = new Set(["raw_records"]);
const TABLES = Object.keys(EXPORT_TABLES).filter((table) => !NOT_HERE.has(table));

export const exportEndpoints = [
  download({
    path: "/exports/{name}",
    access: { kind: "api", scope: "read" },
    tag: "Exports",
    summary: "A table, or a KPI's answer, as a file: streamed, all of one moment",
    params: {
      name: z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,62}$/)
        .describe(`A KPI's id, or one of ${TABLES.join(", ")}`),
    },
    query: {
      ...asked,
      format: z.enum(FORMATS).default("csv"),
      bom: z.stringbool().default(true).describe("CSV: begin with a byte-order mark, by which Excel knows UTF-8"),
      deleted: z.stringbool().default(false).describe("Of a table: also what the source has deleted"),
    },
    mediaTypes: Object.values(CONTENT_TYPES).map((type) => type.split(";")[0] ?? type),
    run: async ({ params: { name }, query: { format, bom, deleted, ...question } }, call) => {
      if (running >= MOST_AT_ONCE) throw busy(call.now);
      const exported = await exportedBy(name, question, deleted, call);
      const { timeZone } = await readWorkspace(call.deps.store.db);
      const body = fileOf(exported, format, { hasMark: bom });
      running += 1;
      body.once("close", () => (running -= 1));
      return { mediaType: CONTENT_TYPES[format], fileName: `${name}-${dayOf(call.now, timeZone)}.${format}`, body };
    },
  }),
];

/** Each holds a connection of the process's pool for as long as its reader takes. */
const MOST_AT_ONCE = 3;
const BUSY_MS = 10_000;
let running = 0;

function busy(now: Date): TributaryError {
  return new TributaryError({
    code: "export.busy",
    kind: "rate_limited",
    message: `${MOST_AT_ONCE} exports are being read already.`,
    mend: "Wait until one of them is through.",
    retryAt: new Date(now.getTime() + BUSY_MS),
  });
}

async function exportedBy(
  name: string,
  question: Parameters<typeof toQuery>[1],
  withDeleted: boolean,
  call: Call,
): Promise<Exported> {
  const { db } = call.deps.store;
  if (!isExportTable(name) || NOT_HERE.has(name))
    return exportedAnswer(await evaluateMetric(db, await toQuery(name, question, call)));
  const unwanted = keysOf(question).filter((key) => question[key] !== undefined);
  if (unwanted.length > 0) throw invalidRequest(`A table is taken out whole: leave out ${unwanted.join(", ")}.`);
  return exportedTable(db, name, { withDeleted });
}
