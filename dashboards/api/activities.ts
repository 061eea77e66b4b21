import { z } from "zod";
import { ACTIVITY_TYPES } from "../../core/schema/canonical.ts";
import { OUTCOMES } from "../../core/schema/outcomes.ts";
import { findTouch, listTouches, type TouchRef, type TouchRow } from "../../core/store/identity/touches.ts";
import { notFound } from "../web/problem.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const reference = z.object({
  id: z.uuid(),
  connection: z.string(),
  external_id: z.string(),
  url: z.string().nullable(),
  rule: z.string().describe("By which rule they are one touch: `call.same_time`"),
});
const who = z.object({ id: z.uuid(), name: z.string().nullable() }).nullable();
const activity = z
  .object({
    id: z.uuid(),
    connection: z.string(),
    external_id: z.string(),
    type: z.string(),
    direction: z.string().nullable(),
    occurred_at: z.iso.datetime(),
    duration_s: z.number().nullable(),
    outcome: z.enum(OUTCOMES).nullable().describe("How it ended, in one vocabulary for all tools"),
    disposition: z.string().nullable().describe("What the tool or its users call that"),
    subject: z.string().nullable(),
    url: z.string().nullable(),
    rep: who.describe("After merging"),
    person: who.describe("After merging"),
    duplicate_of: reference.nullable().describe("The one that counts, where this is its double"),
    duplicates: z.array(reference).describe("Its doubles, where this is the one that counts"),
    deal: z
      .object({
        id: z.uuid(),
        name: z.string().nullable(),
        rule: z.string().describe("`source`: the tool names it; else the rule that it is attributed by"),
      })
      .nullable(),
  })
  .meta({ id: "Activity" });

const access = { kind: "api", scope: "read" } as const;
const tag = "Activities";

export const activityEndpoints = [
  endpoint({
    method: "get",
    path: "/activities",
    access,
    tag,
    summary: "Activities, newest first, each with its doubles and the deal it belongs to",
    query: {
      ...pageQuery,
      doubles: z.stringbool().optional().describe("Only doubles, or only what counts"),
      person: z.uuid().optional().describe("Of this person, after merging"),
      deal: z.uuid().optional().describe("Of this deal, named by the source or attributed"),
      rep: z.uuid().optional().describe("Of this rep, after merging"),
      type: z.enum(ACTIVITY_TYPES).optional(),
      when: z
        .enum(["past", "ahead"])
        .optional()
        .describe("Only what has been, newest first, or only what is to come, the soonest first"),
    },
    response: pageOf(activity),
    run: async ({ query }, { deps, now }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.iso.datetime(), z.uuid()]));
      const rows = await listTouches(deps.store.db, {
        doubles: query.doubles ?? null,
        person: query.person ?? null,
        deal: query.deal ?? null,
        rep: query.rep ?? null,
        type: query.type ?? null,
        span: query.when === undefined ? null : { is: query.when, now },
        limit: query.limit + 1,
        before: position === null ? null : { at: new Date(position[0]), id: position[1] },
      });
      return toPage(rows, query.limit, (row) => [row.occurredAt.toISOString(), row.id], present);
    },
  }),
  endpoint({
    method: "get",
    path: "/activities/{id}",
    access,
    tag,
    summary: "One activity",
    params: { id: z.uuid() },
    response: activity,
    run: async ({ params }, { deps }) => {
      const row = await findTouch(deps.store.db, params.id);
      if (row === null) throw notFound("There is no activity with this id.");
      return present(row);
    },
  }),
];

function present(row: TouchRow): z.input<typeof activity> {
  return {
    id: row.id,
    connection: row.connectionId,
    external_id: row.externalId,
    type: row.type,
    direction: row.direction,
    occurred_at: row.occurredAt.toISOString(),
    duration_s: row.durationS,
    outcome: row.outcome,
    disposition: row.disposition,
    subject: row.subject,
    url: row.url,
    rep: row.rep,
    person: row.person,
    duplicate_of: row.duplicateOf === null ? null : presentRef(row.duplicateOf),
    duplicates: row.duplicates.map(presentRef),
    deal: row.deal,
  };
}

function presentRef({ connectionId, externalId, ...ref }: TouchRef): z.input<typeof reference> {
  return { ...ref, connection: connectionId, external_id: externalId };
}
