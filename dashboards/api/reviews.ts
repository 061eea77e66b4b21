import { z } from "zod";
import { parsePeriod } from "../../core/metrics/ask/period-text.ts";
import { ACTION_KINDS, followed } from "../../core/review/actions.ts";
import { agenda, type Agenda, evidenceFor } from "../../core/review/agenda.ts";
import { agendaText } from "../../core/review/render.ts";
import { REVIEW_LANGUAGES } from "../../core/review/words/index.ts";
import { addAction, addNote, changeAction, makeReview, pickDeal, unpickDeal } from "../../core/setup/reviews.ts";
import { listActions } from "../../core/store/reviews/actions.ts";
import { findReview, listNotes, listPicks, listReviews } from "../../core/store/reviews/reviews.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { dayOf } from "../../core/base/time.ts";
import { actorOf } from "../auth/principal.ts";
import { invalidRequest, notFound } from "../web/problem.ts";
import { asOfQuery } from "./instants.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { text, day, instant, action, agendaSchema, review } from "./review-shapes.ts";
import { decodeCursor, pageOf, pageQuery, shortListQuery, shortPage, toPage } from "./pages.ts";

const read = { kind: "api", scope: "read" } as const;
const write = { kind: "api", scope: "write" } as const;
const tag = "Reviews";
const language = z
  .enum(REVIEW_LANGUAGES)
  .optional()
  .describe("In which language it is written; absent: the workspace's");
const asked = {
  language,
  period: text
    .max(30)
    .optional()
    .describe(
      "The days that it looks back on: 2026-Q2, 2026-04 or 2026-04-01..2026-04-15; absent: since the review before",
    ),
  rep: text.max(200).optional().describe("Of one rep"),
  team: text.max(200).optional().describe("Of one team"),
  as_of: asOfQuery.describe("By what was known at this instant"),
};

export const reviewEndpoints = [
  endpoint({
    method: "get",
    path: "/review",
    access: read,
    tag,
    summary: "The agenda of the coming pipeline review, as it stands",
    query: asked,
    response: agendaSchema,
    run: async ({ query }, call) => sent(await ask(query, call)),
  }),
  endpoint({
    method: "get",
    path: "/review/document",
    access: read,
    tag,
    summary: "The same for people: Markdown, or a page of HTML",
    query: { ...asked, format: z.enum(["md", "html"]).default("md") },
    response: z.object({ format: z.enum(["md", "html"]), text }).meta({ id: "ReviewDocument" }),
    run: async ({ query }, call) => documentOf(await ask(query, call), query, call),
  }),
  endpoint({
    method: "get",
    path: "/reviews",
    access: read,
    tag,
    summary: "The reviews that were made, newest first",
    query: pageQuery,
    response: pageOf(review),
    run: async ({ query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([instant]));
      const before = position === null ? null : new Date(position[0]);
      const rows = await listReviews(deps.store.db, query.limit + 1, before);
      return toPage(
        rows,
        query.limit,
        (row) => [row.madeAt.toISOString()],
        ({ id, from, to, dueAt, madeAt, madeBy }) => ({
          id,
          from,
          to,
          due_at: dueAt?.toISOString() ?? null,
          made_at: madeAt.toISOString(),
          made_by: madeBy,
        }),
      );
    },
  }),
  endpoint({
    method: "post",
    path: "/reviews",
    access: write,
    tag,
    summary: "Make the review now: keep its agenda, write down what it asks for, and tell its receivers",
    status: 201,
    response: z.object({ id: z.uuid() }),
    run: async (_, call) => {
      const id = await makeReview(depsOf(call), actorOf(call.principal), null);
      // Only one that is due can have been made already.
      if (id === null) throw new Error("a review by hand is always new");
      return { id };
    },
  }),
  endpoint({
    method: "get",
    path: "/reviews/{id}",
    access: read,
    tag,
    summary: "A review as it was made",
    params: { id: z.uuid() },
    response: agendaSchema,
    run: async ({ params }, call) => sent(await made(params.id, call)),
  }),
  endpoint({
    method: "get",
    path: "/reviews/{id}/document",
    access: read,
    tag,
    summary: "The same for people: Markdown, or a page of HTML",
    params: { id: z.uuid() },
    query: { format: z.enum(["md", "html"]).default("md"), language },
    response: z.object({ format: z.enum(["md", "html"]), text }),
    run: async ({ params, query }, call) => documentOf(await made(params.id, call), query, call),
  }),
  endpoint({
    method: "get",
    path: "/reviews/{id}/notes",
    access: read,
    tag,
    summary: "What was written down at a review; `coming` for the one to come",
    params: { id: z.union([z.uuid(), z.literal("coming")]) },
    query: shortListQuery,
    response: pageOf(
      z.object({ id: z.number(), deal_id: z.uuid().nullable(), text, written_at: instant, written_by: text }),
    ),
    run: async ({ params, query }, { deps }) =>
      shortPage(
        await listNotes(deps.store.db, params.id === "coming" ? null : params.id),
        query,
        ({ id }) => id,
        (note) => ({
          id: note.id,
          deal_id: note.dealId,
          text: note.text,
          written_at: note.writtenAt.toISOString(),
          written_by: note.writtenBy,
        }),
      ),
  }),
  endpoint({
    method: "post",
    path: "/reviews/{id}/notes",
    access: write,
    tag,
    summary: "Write something down, about a deal or in general; `coming` for the review to come",
    params: { id: z.union([z.uuid(), z.literal("coming")]) },
    body: z.strictObject({ text: text.min(1).max(5_000), deal: z.uuid().optional() }),
    status: 201,
    response: z.object({ id: z.number() }),
    run: async ({ params, body }, call) => ({
      id: await addNote(depsOf(call), actorOf(call.principal), {
        reviewId: params.id === "coming" ? null : params.id,
        dealId: body.deal ?? null,
        text: body.text,
      }),
    }),
  }),
  endpoint({
    method: "get",
    path: "/review-actions",
    access: read,
    tag,
    summary: "What was agreed on, newest first, with what the data say of it",
    query: {
      ...pageQuery,
      state: z
        .enum(["open", "done", "dropped"])
        .optional()
        .describe("As it was settled; what the data say since is settled at the next review"),
      rep: z.uuid().optional(),
      review: z.uuid().optional(),
    },
    response: pageOf(action),
    run: async ({ query }, { deps, now }) => {
      const position = decodeCursor(query.cursor, z.tuple([instant, z.uuid()]));
      const rows = await listActions(deps.store.db, {
        state: query.state,
        repId: query.rep,
        reviewId: query.review,
        limit: query.limit + 1,
        after: position === null ? null : { madeAt: new Date(position[0]), id: position[1] },
      });
      const workspace = await readWorkspace(deps.store.db);
      const evidence = await evidenceFor(deps.store.db, workspace, rows, { asOf: null, now });
      const today = dayOf(now, workspace.timeZone);
      return toPage(
        rows,
        query.limit,
        (row) => [row.madeAt.toISOString(), row.id],
        (row) => followed(row, evidence.get(row.id) ?? null, today),
      );
    },
  }),
  endpoint({
    method: "post",
    path: "/review-actions",
    access: write,
    tag,
    summary: "Agree on something to be done",
    body: z.strictObject({
      text: text.min(1).max(500),
      kind: z.enum(ACTION_KINDS).default("other").describe("All but `other` are seen in the data once they are done"),
      deal: z.uuid().optional(),
      lead: z.uuid().optional(),
      rep: z.uuid().optional().describe("Whose it is; absent: the deal's owner"),
      due_on: day.optional(),
      note: text.max(5_000).optional(),
    }),
    status: 201,
    response: z.object({ id: z.uuid() }),
    run: async ({ body }, call) => {
      const { deal, lead } = body;
      if (deal !== undefined && lead !== undefined) throw invalidRequest("Name a deal or a lead, not both.");
      return {
        id: await addAction(depsOf(call), actorOf(call.principal), {
          text: body.text,
          kind: body.kind,
          subject:
            deal !== undefined
              ? { entity: "deal", id: deal }
              : lead !== undefined
                ? { entity: "lead", id: lead }
                : null,
          repId: body.rep ?? null,
          dueOn: body.due_on ?? null,
          note: body.note ?? null,
        }),
      };
    },
  }),
  endpoint({
    method: "patch",
    path: "/review-actions/{id}",
    access: write,
    tag,
    summary: "Tick an action, drop it, open it again, hand it on, or change what it says",
    params: { id: z.uuid() },
    body: z
      .strictObject({
        state: z.enum(["open", "done", "dropped"]).optional(),
        text: text.min(1).max(500).optional(),
        rep: z.uuid().nullable().optional(),
        due_on: day.nullable().optional(),
        note: text.max(5_000).nullable().optional(),
      })
      .refine((body) => Object.keys(body).length > 0, "Say what changes"),
    status: 204,
    response: null,
    run: async ({ params, body }, call) => {
      const { state, text: said, rep, due_on: dueOn, note } = body;
      await changeAction(depsOf(call), actorOf(call.principal), params.id, {
        state,
        text: said,
        repId: rep,
        dueOn,
        note,
      });
    },
  }),
  endpoint({
    method: "get",
    path: "/review-picks",
    access: read,
    tag,
    summary: "Deals that somebody wants to talk about at the coming review",
    query: shortListQuery,
    response: pageOf(
      z.object({
        deal: z.uuid(),
        rep_id: z.uuid().nullable(),
        note: text.nullable(),
        picked_at: instant,
        picked_by: text,
      }),
    ),
    run: async ({ query }, { deps }) =>
      shortPage(
        await listPicks(deps.store.db),
        query,
        ({ dealId }) => dealId,
        (one) => ({
          deal: one.dealId,
          rep_id: one.repId,
          note: one.note,
          picked_at: one.pickedAt.toISOString(),
          picked_by: one.pickedBy,
        }),
      ),
  }),
  endpoint({
    method: "post",
    path: "/review-picks",
    access: write,
    tag,
    summary: "Pick a deal to talk about at the coming review; picked again, it has the new note",
    body: z.strictObject({ deal: z.uuid(), note: text.max(5_000).optional() }),
    status: 204,
    response: null,
    run: async ({ body }, call) => {
      await pickDeal(depsOf(call), actorOf(call.principal), body.deal, body.note ?? null);
    },
  }),
  endpoint({
    method: "delete",
    path: "/review-picks/{deal}",
    access: write,
    tag,
    summary: "Do not talk about it after all",
    params: { deal: z.uuid() },
    status: 204,
    response: null,
    run: async ({ params }, call) => {
      await unpickDeal(depsOf(call), actorOf(call.principal), params.deal);
    },
  }),
];

type Asked = z.output<z.ZodObject<typeof asked>>;

async function ask({ period, rep, team, as_of, language }: Asked, { deps, now }: Call): Promise<Agenda> {
  if (rep !== undefined && team !== undefined) throw invalidRequest("Give `rep` or `team`, not both.");
  const range = period === undefined ? null : parsePeriod(period);
  const [from, to] = [range?.from ?? null, range?.to ?? null];
  if (period !== undefined && (from === null || to === null))
    throw invalidRequest("`period` is written 2026, 2026-Q2, 2026-04, or 2026-04-01..2026-04-15.");
  const of =
    rep !== undefined
      ? { dimension: "rep", value: rep }
      : team !== undefined
        ? { dimension: "team", value: team }
        : null;
  const asOf = as_of === undefined ? null : new Date(as_of);
  return agenda(deps.store.db, { range: from === null || to === null ? null : { from, to }, of, asOf, now, language });
}

async function made(id: string, { deps }: Call): Promise<Agenda> {
  const found = await findReview(deps.store.db, id);
  if (found === null) throw notFound("There is no review with this id.");
  // Written by makeReview, and by nobody else.
  return found.agenda as Agenda;
}

async function documentOf(
  shown: Agenda,
  { format, language }: { readonly format: "md" | "html"; readonly language?: string | undefined },
  { deps }: Call,
): Promise<{ format: "md" | "html"; text: string }> {
  const { name, locale } = await readWorkspace(deps.store.db);
  return { format, text: agendaText(shown, format, { name, language: language ?? locale }) };
}

function depsOf({ deps, now }: Call): Parameters<typeof makeReview>[0] {
  return { db: deps.store.db, now };
}

/** Agendas are readonly; what is sent is a copy. */
function sent(shown: Agenda): z.input<typeof agendaSchema> {
  return structuredClone(shown) as unknown as z.input<typeof agendaSchema>;
}
