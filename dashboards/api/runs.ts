import { z } from "zod";
import { RUN_KINDS, RUN_STATES, RUN_TRIGGERS } from "../../core/schema/tables/pulls.ts";
import {
  type RunLogLine,
  type RunOverview,
  findRunOverview,
  listRunLog,
  listRunOverviews,
} from "../../core/store/pulls/run-overview.ts";
import { notFound } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const instant = z.iso.datetime();
const count = z.number().int();

const runFields = {
  id: z.number().int(),
  connection: z.string(),
  stream: z.string(),
  kind: z.enum(RUN_KINDS),
  trigger: z.enum(RUN_TRIGGERS),
  state: z.enum(RUN_STATES),
  counts: z.object({
    pages: count,
    fetched: count,
    added: count,
    changed: count,
    unchanged: count,
    deleted: count,
    facts: count,
    skipped: count,
  }),
  progress: z.object({ done: count, total: count.nullable() }).nullable(),
  error: z
    .object({
      code: z.string(),
      kind: z.string().nullable(),
      message: z.string().nullable(),
      mend: z.string().nullable(),
    })
    .nullable(),
  started_at: instant,
  finished_at: instant.nullable(),
};
const run = z.object(runFields).meta({ id: "Run" });
const logLine = z
  .object({
    at: instant,
    level: z.enum(["info", "warn", "error"]),
    code: z.string().nullable(),
    message: z.string(),
    data: z.unknown(),
  })
  .meta({ id: "RunLogLine" });

const access = { kind: "api", scope: "read" } as const;
const byId = { id: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) };
const LINES_SHOWN = 200;

export const runEndpoints = [
  endpoint({
    method: "get",
    path: "/runs",
    access,
    tag: "Runs",
    summary: "What was pulled when, newest first",
    query: {
      ...pageQuery,
      connection: z.string().optional(),
      stream: z.string().optional(),
      state: z.enum(RUN_STATES).optional(),
    },
    response: pageOf(run),
    run: async ({ query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.number().int()]));
      const rows = await listRunOverviews(
        deps.store.db,
        {
          connectionId: query.connection ?? null,
          stream: query.stream ?? null,
          state: query.state ?? null,
        },
        { limit: query.limit + 1, before: position?.[0] ?? null },
      );
      return toPage(rows, query.limit, (row) => [row.id], present);
    },
  }),
  endpoint({
    method: "get",
    path: "/runs/{id}",
    access,
    tag: "Runs",
    summary: `One run with its first ${LINES_SHOWN} log lines`,
    params: byId,
    response: z.object({ ...runFields, log: z.array(logLine) }).meta({ id: "RunWithLog" }),
    run: async ({ params }, call) => {
      const found = await findRun(call, params.id);
      const lines = await listRunLog(call.deps.store.db, params.id, { limit: LINES_SHOWN, after: 0 });
      return { ...present(found), log: lines.map(presentLine) };
    },
  }),
  endpoint({
    method: "get",
    path: "/runs/{id}/log",
    access,
    tag: "Runs",
    summary: "A run's log lines, oldest first",
    params: byId,
    query: pageQuery,
    response: pageOf(logLine),
    run: async ({ params, query }, call) => {
      await findRun(call, params.id);
      const position = decodeCursor(query.cursor, z.tuple([z.number().int()]));
      const rows = await listRunLog(call.deps.store.db, params.id, {
        limit: query.limit + 1,
        after: position?.[0] ?? 0,
      });
      return toPage(rows, query.limit, (row) => [row.id], presentLine);
    },
  }),
];

async function findRun(call: Call, id: number): Promise<RunOverview> {
  const found = await findRunOverview(call.deps.store.db, id);
  if (found === null) throw notFound("There is no run with this id.");
  return found;
}

function present(row: RunOverview): z.input<typeof run> {
  return {
    id: row.id,
    connection: row.connectionId,
    stream: row.stream,
    kind: row.kind,
    trigger: row.trigger,
    state: row.state,
    counts: row.counts,
    progress: row.progress,
    error: row.error,
    started_at: row.startedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
  };
}

function presentLine(line: RunLogLine): z.input<typeof logLine> {
  return { at: line.at.toISOString(), level: line.level, code: line.code, message: line.message, data: line.data };
}
