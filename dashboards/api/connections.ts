import { z } from "zod";
import { isDay } from "../../core/base/time.ts";
import type { AnyConnector, CheckResult } from "../../core/connector/define.ts";
import { CONNECTION_STATES } from "../../core/schema/tables/setup.ts";
import {
  changeConnection,
  connect,
  pauseConnection,
  removeConnection,
  resumeConnection,
} from "../../core/setup/connections.ts";
import { requestSync } from "../../core/setup/pulls.ts";
import { readTroubles } from "../../core/metrics/ask/troubles.ts";
import { testConnection } from "../../core/setup/vendor.ts";
import {
  type ConnectionOverview,
  findConnectionOverview,
  listConnectionOverviews,
} from "../../core/store/setup/connection-overview.ts";
import { actorOf } from "../auth/principal.ts";
import { invalidRequest, notFound } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const instant = z.iso.datetime();
const day = z.string().refine(isDay, "A day that exists, as YYYY-MM-DD").meta({ format: "date" });
const connectionId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "Lower-case letters, digits and hyphens")
  .describe("Chosen at set-up, stable: `close-main`");
export const jsonObject = z.record(z.string(), z.json());
const schedule = z
  .union([z.strictObject({ every_s: z.number().int().min(10) }), z.strictObject({ cron: z.string().max(100) })])
  .describe("Pull every so many seconds, or by a cron expression in the workspace's time zone");

const connection = z
  .object({
    id: connectionId,
    connector: z.string(),
    title: z.string(),
    settings: jsonObject,
    has_credentials: z.boolean().describe("Credentials themselves are never shown"),
    state: z.enum(CONNECTION_STATES),
    state_code: z.string().nullable(),
    state_reason: z.string().nullable(),
    account: z.object({ id: z.string().nullable(), name: z.string().nullable() }),
    schedule: schedule.nullable(),
    streams: z.array(z.string()).nullable().describe("Null: every stream of the connector"),
    backfill_from: day.nullable(),
    next_pull_at: instant.nullable().describe("When the next stream is due by the schedule; null: none is"),
    created_at: instant,
    updated_at: instant,
    troubles: z
      .array(z.string())
      .describe(
        "Why numbers lack something of it, a sentence each: not read, refused rows, stages that are not mapped",
      ),
    stream_states: z.array(
      z.object({
        stream: z.string(),
        records: z.int().describe("Changes of records that have landed"),
        waiting: z.int().describe("Of these, not made into facts yet"),
        is_running: z.boolean(),
        is_first_load_done: z.boolean(),
        fresh_as_of: instant.nullable(),
        last_success_at: instant.nullable(),
        is_partial: z.boolean(),
        partial_reason: z.string().nullable(),
        held_deletions: z.int().describe("Records that the source no longer lists and that were not taken for deleted"),
        refused: z.int().describe("Parts of the source that could not be read"),
        failures_in_a_row: z.number(),
      }),
    ),
  })
  .meta({ id: "Connection" });

export const checkResult = z
  .object({
    account_id: z.string(),
    account_name: z.string(),
    missing_permissions: z.array(z.string()),
    warnings: z.array(z.string()),
    details: z.array(z.string()).describe("How what was found is read: a file's encoding, its first rows"),
  })
  .meta({ id: "CheckResult" });

const changes = {
  title: z.string().min(1).max(200),
  settings: jsonObject,
  credentials: jsonObject.describe("Stored encrypted, never shown again"),
  schedule: schedule.nullable(),
  streams: z.array(z.string()).nullable(),
  backfill_from: day.nullable(),
};
export const byId = { id: connectionId };
const read = { kind: "api", scope: "read" } as const;
const write = { kind: "api", scope: "write" } as const;
const manage = { kind: "api", scope: "connections" } as const;
const tag = "Connections";

export const connectionEndpoints = [
  endpoint({
    method: "get",
    path: "/connections",
    access: read,
    tag,
    summary: "The connected accounts, by id",
    query: pageQuery,
    response: pageOf(connection),
    run: async ({ query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.string()]));
      const rows = await listConnectionOverviews(deps.store.db, {
        limit: query.limit + 1,
        after: position?.[0] ?? null,
      });
      const next = await deps.nextPulls();
      const troubles = await readTroubles(deps.store.db, deps.clock.now());
      return toPage(
        rows,
        query.limit,
        (row) => [row.id],
        (row) => present(row, { next: next.get(row.id) ?? null, troubles: troubles.get(row.id) ?? [] }),
      );
    },
  }),
  endpoint({
    method: "post",
    path: "/connections",
    access: manage,
    tag,
    summary: "Connect an account",
    body: z.strictObject({
      id: connectionId,
      connector: z.string(),
      title: changes.title.optional(),
      settings: changes.settings.default({}),
      credentials: changes.credentials.optional(),
      schedule: changes.schedule.default(null),
      streams: changes.streams.default(null),
      backfill_from: changes.backfill_from.default(null),
    }),
    status: 201,
    response: connection,
    run: async ({ body }, call) => {
      const connector = findConnector(call, body.connector);
      await connect(call.deps.setup, actorOf(call.principal), {
        id: body.id,
        connector: connector.key,
        title: body.title ?? connector.title,
        settings: body.settings,
        ...(body.credentials === undefined ? {} : { credentials: body.credentials }),
        schedule: toSchedule(body.schedule),
        streams: body.streams,
        backfillFrom: body.backfill_from,
      });
      return await shown(call, body.id);
    },
  }),
  endpoint({
    method: "get",
    path: "/connections/{id}",
    access: read,
    tag,
    summary: "One connected account, with how far each stream is",
    params: byId,
    response: connection,
    run: async ({ params }, call) => await shown(call, params.id),
  }),
  endpoint({
    method: "patch",
    path: "/connections/{id}",
    access: manage,
    tag,
    summary: "Change an account's settings; what is left out stays",
    params: byId,
    body: z.strictObject(changes).partial(),
    response: connection,
    run: async ({ params, body }, call) => {
      await shown(call, params.id);
      const { setup, store } = call.deps;
      await changeConnection({ ...setup, db: store.db }, actorOf(call.principal), params.id, {
        ...(body.title === undefined ? {} : { title: body.title }),
        ...(body.settings === undefined ? {} : { settings: body.settings }),
        ...(body.credentials === undefined ? {} : { credentials: body.credentials }),
        ...(body.schedule === undefined ? {} : { schedule: toSchedule(body.schedule) }),
        ...(body.streams === undefined ? {} : { streams: body.streams }),
        ...(body.backfill_from === undefined ? {} : { backfillFrom: body.backfill_from }),
      });
      // Other settings may read the same records otherwise.
      if (body.settings !== undefined) await setup.requestRebuild();
      return await shown(call, params.id);
    },
  }),
  endpoint({
    method: "delete",
    path: "/connections/{id}",
    access: manage,
    tag,
    summary: "Remove an account and everything that was pulled from it",
    params: byId,
    status: 204,
    response: null,
    run: async ({ params }, call) => {
      await shown(call, params.id);
      await removeConnection(call.deps.store, actorOf(call.principal), params.id);
    },
  }),
  endpoint({
    method: "post",
    path: "/connections/{id}/test",
    access: manage,
    tag,
    summary: "Reach the account and say what it is and what permissions are missing",
    params: byId,
    response: checkResult,
    run: async ({ params }, call) => {
      await shown(call, params.id);
      return presentCheck(await testConnection(call.deps.setup, actorOf(call.principal), params.id));
    },
  }),
  endpoint({
    method: "post",
    path: "/connections/{id}/sync",
    access: write,
    tag,
    summary: "Pull now; answers at once, watch the runs for the outcome",
    params: byId,
    body: z.strictObject({
      stream: z.string().nullable().default(null).describe("Null: every stream"),
      full: z.boolean().default(false).describe("From the beginning, not from the checkpoint"),
      accept_deletions: z
        .boolean()
        .default(false)
        .describe("What the source does not list any more is meant to go, however much it is"),
    }),
    status: 202,
    response: z.object({ streams: z.array(z.string()).describe("What was asked for") }),
    run: async ({ params, body }, call) => {
      await shown(call, params.id);
      const { accept_deletions: acceptDeletions, ...wanted } = body;
      const streams = await requestSync(call.deps.setup, actorOf(call.principal), params.id, {
        ...wanted,
        acceptDeletions,
      });
      return { streams: [...streams] };
    },
  }),
  ...(["pause", "resume"] as const).map((verb) =>
    endpoint({
      method: "post",
      path: `/connections/{id}/${verb}`,
      access: write,
      tag,
      summary: verb === "pause" ? "Stop pulling until it is resumed" : "Pull again by schedule",
      params: byId,
      response: connection,
      run: async ({ params }, call) => {
        await shown(call, params.id);
        const doIt = verb === "pause" ? pauseConnection : resumeConnection;
        await doIt(call.deps.setup, actorOf(call.principal), params.id);
        return await shown(call, params.id);
      },
    }),
  ),
];

export function presentCheck(result: CheckResult): z.input<typeof checkResult> {
  return {
    account_id: result.accountId,
    account_name: result.accountName,
    missing_permissions: [...result.missingPermissions],
    warnings: [...result.warnings],
    details: [...(result.details ?? [])],
  };
}

export function findConnector(call: Call, key: string): AnyConnector {
  const connector = call.deps.connectors.find((candidate) => candidate.key === key);
  if (connector === undefined) throw invalidRequest("`connector` is not one of GET /api/v1/connectors.");
  return connector;
}

export async function shown(call: Call, id: string): Promise<z.input<typeof connection>> {
  const found = await findConnectionOverview(call.deps.store.db, id);
  if (found === null) throw notFound("There is no connection with this id.");
  const [next, troubles] = await Promise.all([call.deps.nextPulls(), readTroubles(call.deps.store.db, call.now)]);
  return present(found, { next: next.get(id) ?? null, troubles: troubles.get(id) ?? [] });
}

function toSchedule(value: z.output<typeof schedule> | null): { everyS: number } | { cron: string } | null {
  if (value === null || "cron" in value) return value;
  return { everyS: value.every_s };
}

/** What is known of a connection besides what is stored with it. */
type Standing = { readonly next: Date | null; readonly troubles: readonly string[] };

function present(row: ConnectionOverview, { next, troubles }: Standing): z.input<typeof connection> {
  return {
    id: row.id,
    connector: row.connector,
    title: row.title,
    settings: { ...row.settings } as z.input<typeof jsonObject>, // Lists in it are read-only, which the answer's type is not.
    has_credentials: row.hasCredentials,
    state: row.state,
    state_code: row.stateCode,
    state_reason: row.stateReason,
    account: { id: row.accountId, name: row.accountName },
    schedule: row.schedule !== null && "everyS" in row.schedule ? { every_s: row.schedule.everyS } : row.schedule,
    streams: row.streams === null ? null : [...row.streams],
    backfill_from: row.backfillFrom,
    next_pull_at: next?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    troubles: [...troubles],
    stream_states: row.streamStates.map((stream) => ({
      stream: stream.stream,
      records: stream.records,
      waiting: stream.waiting,
      is_running: stream.isRunning,
      is_first_load_done: stream.isFirstLoadDone,
      fresh_as_of: stream.freshAsOf?.toISOString() ?? null,
      last_success_at: stream.lastSuccessAt?.toISOString() ?? null,
      is_partial: stream.isPartial,
      partial_reason: stream.partialReason,
      held_deletions: stream.heldDeletions,
      refused: stream.refused,
      failures_in_a_row: stream.failuresInARow,
    })),
  };
}
