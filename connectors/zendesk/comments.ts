import { fieldOf, type Json, type JsonObject, listOf } from "../../core/base/json.ts";
import type { StreamPart } from "../../core/connector/define.ts";
import { idText, rowsOf, type ZendeskClient } from "./client.ts";
import { keepEvent } from "./kept.ts";
import { ticketContext } from "./lookups.ts";
import { zendeskInstant } from "./time.ts";

/** The most that a page of comments holds; an hour of one ticket has fewer. */
const MOST_COMMENTS = 100;

/**
 * What was said in a ticket lately, so that a webhook brings the touch and not the ticket alone: the exports hold back their last minute,
 * and are asked less often than that. Each comment is landed as the event that the export will show it in (an event's id is the one that
 * its comments call `audit_id`), and a call over Talk as the call:
 *
 *   comment {id, audit_id, public, …}        →  event `audit_id` with this comment, marked as an excerpt
 *   voice comment {data: {call_id, …}, …}    →  the same, and the call `call_id`
 *
 * Neither replaces what an export has said of it; see {@link eventTime} and {@link callTime}.
 *
 * @param ticket as the API shows it.
 * @param since older comments are the exports': they may lie before what this connection reads.
 */
export async function latestComments(
  client: ZendeskClient,
  ticket: JsonObject,
  since: Date,
): Promise<readonly StreamPart[]> {
  const path = `tickets/${idText(ticket["id"])}/comments.json`;
  const params = { "page[size]": MOST_COMMENTS, sort: "-created_at", include: "users" };
  const answer = await client.get(path, params);
  const comments = rowsOf(answer, "comments", path).filter((comment) => isSince(comment, since));
  const roles = rolesOf(answer);
  const context = ticketContext(ticket);
  return [
    { stream: "ticket_events", records: comments.flatMap((comment) => eventOf(comment, context, roles) ?? []) },
    { stream: "calls", records: comments.flatMap((comment) => callOf(comment, context) ?? []) },
  ].filter(({ records }) => records.length > 0);
}

function isSince(comment: JsonObject, since: Date): boolean {
  const createdAt = zendeskInstant(comment["created_at"]);
  return createdAt !== null && createdAt >= since;
}

function rolesOf(answer: JsonObject): ReadonlyMap<string, Json> {
  const users = answer["users"];
  const rows = listOf(users);
  return new Map(rows.map((user) => [idText(fieldOf(user, "id")) ?? "", fieldOf(user, "role")]));
}

function eventOf(comment: JsonObject, ticket: JsonObject, roles: ReadonlyMap<string, Json>): JsonObject | null {
  if (idText(comment["audit_id"]) === null) return null;
  const author = idText(comment["author_id"]);
  const event = {
    id: comment["audit_id"] ?? null,
    ticket_id: ticket["id"] ?? null,
    created_at: comment["created_at"] ?? null,
    updater_id: comment["author_id"] ?? null,
    event_type: "Audit",
    is_excerpt: true,
    child_events: [{ ...comment, event_type: "Comment" }],
  };
  return keepEvent(event, ticket, author === null ? {} : { [author]: roles.get(author) ?? null });
}

/**
 * A call over Talk as its voice comment tells of it. One without `call_id` was made with another telephone system, and is in no export.
 *
 * That `call_id` is the id of Talk's exports is not documented in so many words.
 */
function callOf(comment: JsonObject, ticket: JsonObject): JsonObject | null {
  const data = comment["data"] ?? null;
  const startedAt = fieldOf(data, "started_at");
  if (idText(fieldOf(data, "call_id")) === null || zendeskInstant(startedAt) === null) return null;
  const rel = fieldOf(fieldOf(comment["via"] ?? null, "source"), "rel");
  return {
    id: fieldOf(data, "call_id"),
    created_at: startedAt,
    direction: rel === "voicemail" ? "inbound" : rel,
    agent_id: fieldOf(data, "answered_by_id"),
    customer_id: ticket["requester_id"] ?? null,
    ticket_id: ticket["id"] ?? null,
    talk_time: fieldOf(data, "call_duration"),
    ticket,
  };
}

/** By when a version of an event is newer than another: an excerpt is older than the export's own, which is whole. */
export function eventTime(event: Json): Date | null {
  const createdAt = zendeskInstant(fieldOf(event, "created_at"));
  return createdAt !== null && fieldOf(event, "is_excerpt") === true ? new Date(createdAt.getTime() - 1) : createdAt;
}

/** The same of a call, which the exports date by a change after its end; its comment knows when it began. */
export function callTime(call: Json): Date | null {
  return zendeskInstant(fieldOf(call, "updated_at")) ?? zendeskInstant(fieldOf(call, "created_at"));
}
