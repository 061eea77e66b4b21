import { z } from "zod";
import { type JsonObject, plainJson } from "../../core/base/json.ts";
import type { AnyDestination } from "../../core/destination/define.ts";
import { PAUSED_BY } from "../../core/schema/tables/outbox.ts";
import { mapSecrets, secretPaths } from "../../core/secrets/declared.ts";
import { removeDestination, setDestination } from "../../core/setup/destinations.ts";
import { ownedByFile } from "../../core/setup/entries.ts";
import {
  createReceiver,
  pauseReceiver,
  type Receiver,
  removeReceiver,
  resumeReceiver,
  testReceiver,
} from "../../core/setup/receivers.ts";
import { type Endpoint, findEndpoint, listEndpoints } from "../../core/store/outbox/endpoints.ts";
import { listPushes } from "../../core/store/outbox/destinations.ts";
import { readAppliedFile, readSettings } from "../../core/store/setup/settings.ts";
import { actorOf } from "../auth/principal.ts";
import { DESTINATIONS } from "../destinations/index.ts";
import { webhooks } from "../destinations/webhooks/index.ts";
import { invalidRequest, notFound } from "../web/problem.ts";
import { inputSchema } from "./connectors.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";
import { sectionYaml, yaml } from "./written.ts";

const read = { kind: "api", scope: "read" } as const;
const admin = { kind: "api", scope: "admin" } as const;
const tag = "Destinations";
const instant = z.iso.datetime();
const settings = z.record(z.string(), z.json());
const shown = z.record(z.string(), z.unknown()).describe("Without secrets");
const owner = z.enum(["file", "made"]);

const receiver = z
  .object({
    id: z.uuid(),
    name: z.string(),
    owner,
    settings: shown,
    state: z.enum(["active", "paused"]),
    paused_by: z.enum(PAUSED_BY).nullable(),
    state_reason: z.string().nullable(),
    failing_since: instant.nullable(),
    yaml,
  })
  .meta({ id: "Receiver" });
const destination = z
  .object({
    key: z.string(),
    title: z.string(),
    docs: z.string(),
    takes: z
      .enum(["events", "answers"])
      .describe("Events as they happen, or the answers to questions, again and again"),
    schema: z.record(z.string(), z.unknown()).describe("Of its settings, as JSON Schema; `secret`: stored sealed"),
    every_s: z.number().nullable().describe("It is brought up to date so often; null: as things happen"),
    owner: owner.nullable().describe("Of what is pushed to; null: it is not set up"),
    settings: shown.nullable(),
    secrets_kept: z.array(z.string()).describe("Secrets that are there; left out of a change they stay"),
    last_success_at: instant.nullable(),
    error: z.object({ code: z.string(), message: z.string().nullable() }).nullable().describe("Of the last push"),
    receivers: z.array(receiver),
    yaml: yaml.nullable(),
  })
  .meta({ id: "Destination" });
const params = { key: z.string() };
const ofReceiver = { ...params, id: z.uuid() };

export const destinationEndpoints = [
  endpoint({
    method: "get",
    path: "/destinations",
    access: read,
    tag,
    summary: "Where numbers and events can go, what each asks for, and how it goes",
    query: shortListQuery,
    response: pageOf(destination),
    run: async ({ query }, call) => {
      const rows: z.input<typeof destination>[] = [];
      for (const one of LISTED) rows.push(await present(call, one));
      return shortPage(
        rows,
        query,
        ({ key }) => key,
        (row) => row,
      );
    },
  }),
  endpoint({
    method: "put",
    path: "/destinations/{key}",
    access: admin,
    tag,
    summary: "Set up, or change, what answers are pushed to; a secret that is left out stays",
    params,
    body: z.strictObject({ settings }),
    response: destination,
    run: async ({ params: { key }, body }, call) => {
      const { store, secrets, options } = call.deps;
      const one = named(key, "answers");
      await setDestination({ db: store.db, secrets, ...options }, actorOf(call.principal), one, plain(body.settings));
      return present(call, one);
    },
  }),
  endpoint({
    method: "delete",
    path: "/destinations/{key}",
    access: admin,
    tag,
    summary: "Push nothing there any more; what is there stays",
    params,
    status: 204,
    response: null,
    run: async ({ params: { key } }, { deps, principal }) =>
      removeDestination(deps.store.db, actorOf(principal), named(key, "answers")),
  }),
  endpoint({
    method: "post",
    path: "/destinations/{key}/receivers",
    access: admin,
    tag,
    summary: "Add a receiver of events, a channel for instance",
    params,
    body: z.strictObject({ settings }),
    status: 201,
    response: receiver,
    run: async ({ params: { key }, body }, call) => {
      const { store, secrets, options } = call.deps;
      const one = named(key, "events");
      const given = plain(body.settings);
      const parsed = one.settings.safeParse(given);
      if (!parsed.success)
        throw invalidRequest(
          parsed.error.issues.map(({ path, message }) => `${path.map(String).join(".")}: ${message}`).join("; "),
        );
      const deps = { db: store.db, secrets, ...options };
      const name = one.takes.kind === "events" ? one.takes.name(parsed.data) : "";
      if ((await listEndpoints(store.db, key)).some((other) => other.name === name))
        throw invalidRequest(`There is a receiver "${name}" already.`);
      return receiverOf(one, await createReceiver(deps, actorOf(call.principal), one, given));
    },
  }),
  ...(["pause", "resume", "test"] as const).map((verb) =>
    endpoint({
      method: "post",
      path: `/destinations/{key}/receivers/{id}/${verb}`,
      access: admin,
      tag,
      summary: {
        pause: "Stop sending; what happens meanwhile waits",
        resume: "Send again, beginning with what waited",
        test: "Send an event that means nothing, at once",
      }[verb],
      params: ofReceiver,
      status: 204,
      response: null,
      run: async ({ params: { key, id } }, call) => {
        const { one } = await found(call, key, id);
        const { db } = call.deps.store;
        const actor = actorOf(call.principal);
        if (verb === "pause") await pauseReceiver(db, actor, one);
        else if (verb === "resume") await resumeReceiver(db, actor, one);
        else await testReceiver(db, actor, one, call.now);
      },
    }),
  ),
  endpoint({
    method: "delete",
    path: "/destinations/{key}/receivers/{id}",
    access: admin,
    tag,
    summary: "End a receiver; what it was still to get is dropped",
    params: ofReceiver,
    status: 204,
    response: null,
    run: async ({ params: { key, id } }, call) => {
      const { one } = await found(call, key, id);
      if (one.createdBy === OF_FILE) throw ownedByFile(`"${one.name}" of \`${key}\``);
      await removeReceiver(call.deps.store.db, actorOf(call.principal), one);
    },
  }),
];

/** Whose receivers the config file lists. */
const OF_FILE = "config";
/** Webhooks have operations of their own: their secret is made here, and shown once. */
const LISTED = DESTINATIONS.filter(({ key }) => key !== webhooks.key);

function named(key: string, kind: "events" | "answers"): AnyDestination {
  const one = LISTED.find((each) => each.key === key && each.takes.kind === kind);
  if (one === undefined) throw notFound(`There is no destination "${key}" that takes ${kind}.`);
  return one;
}

/** Through JSON, as it came. */
function plain(value: z.output<typeof settings>): JsonObject {
  return plainJson(value);
}

async function present({ deps }: Call, one: AnyDestination): Promise<z.input<typeof destination>> {
  const { db } = deps.store;
  const { key, title, docs, takes, settings: schema } = one;
  // A destination's section is a map.
  const stored = takes.kind === "answers" ? ((await readSettings(db, key)) as JsonObject | null) : null;
  const file = await readAppliedFile(db);
  const push = (await listPushes(db)).find(({ destination: of }) => of === key);
  const receivers = takes.kind === "events" ? await listEndpoints(db, key) : [];
  return {
    key,
    title,
    docs,
    takes: takes.kind,
    schema: { ...inputSchema(schema) },
    every_s: takes.kind === "answers" ? takes.everyS : null,
    owner: stored === null ? null : file?.sections.includes(key) === true ? "file" : "made",
    settings: stored === null ? null : without(schema, stored),
    secrets_kept: stored === null ? [] : secretPaths(schema, stored).map((path) => path.map(String).join(".")),
    last_success_at: push?.lastSuccessAt?.toISOString() ?? null,
    error: push?.errorCode == null ? null : { code: push.errorCode, message: push.errorMessage },
    receivers: receivers.map((each) => receiverOf(one, each)),
    yaml: stored === null ? null : sectionYaml(key, asVariables(schema, stored)),
  };
}

function receiverOf(one: AnyDestination, row: Endpoint): z.input<typeof receiver> {
  return {
    id: row.id,
    name: row.name,
    owner: row.createdBy === OF_FILE ? "file" : "made",
    settings: without(one.settings, row.settings),
    state: row.state,
    paused_by: row.pausedBy,
    state_reason: row.stateReason,
    failing_since: row.failingSince?.toISOString() ?? null,
    yaml: sectionYaml(one.key, [asVariables(one.settings, row.settings)]),
  };
}

/** Settings as people may see them. */
function without(schema: z.ZodType, stored: JsonObject): JsonObject {
  return withoutNull(mapSecrets(schema, stored, () => null));
}

function withoutNull(value: JsonObject): JsonObject {
  // Of an object JSON makes an object.
  return JSON.parse(JSON.stringify(value, (_key, one: unknown) => (one === null ? undefined : one))) as JsonObject;
}

/** As the config file has them: a secret is a variable's name. */
function asVariables(schema: z.ZodType, stored: JsonObject): JsonObject {
  return mapSecrets(schema, stored, (_text, path) => `\${${path.map(String).join("_").toUpperCase()}}`);
}

async function found({ deps }: Call, key: string, id: string): Promise<{ readonly one: Receiver }> {
  const of = named(key, "events");
  const row = await findEndpoint(deps.store.db, id);
  if (row?.destination !== of.key) throw notFound("There is no receiver with this id.");
  return { one: { id: row.id, name: row.name, createdBy: row.createdBy, destination: of } };
}
