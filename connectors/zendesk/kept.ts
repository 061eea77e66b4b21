import { fieldOf, isObject, type Json, type JsonObject, listOf } from "../../core/base/json.ts";
import { idText } from "./client.ts";

/**
 * Records as they are landed. The same ticket must look the same whichever way it came (the export, a webhook's fetch), or each would undo
 * the other for ever; and texts that people wrote are left out where nobody counts by them.
 */

/** Only the export has the first; the second is the first message's text; the third repeats `custom_fields`. */
const DROPPED = new Set(["generated_timestamp", "description", "fields"]);

/** A ticket with the side-loaded people and organization that it names, in brief: enough to tell who they are before their own records come. */
export function keepTicket(ticket: JsonObject, answer: JsonObject): JsonObject {
  const kept = Object.entries(ticket).filter(([name]) => !DROPPED.has(name));
  const users = byId(answer["users"]);
  const organizations = byId(answer["organizations"]);
  return {
    ...Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    requester: brief(users.get(idText(ticket["requester_id"]) ?? ""), PERSON_FIELDS),
    assignee: brief(users.get(idText(ticket["assignee_id"]) ?? ""), PERSON_FIELDS),
    organization: brief(organizations.get(idText(ticket["organization_id"]) ?? ""), ["id", "name", "domain_names"]),
  };
}

const PERSON_FIELDS = ["id", "name", "email", "phone", "role", "organization_id"];

/** An event of a ticket without the words of its comments. */
export function keepEvent(event: JsonObject, ticket: JsonObject | null, authorRoles: JsonObject): JsonObject {
  const children = event["child_events"];
  const kept = Array.isArray(children) ? children.map(withoutWords) : (children ?? null);
  return { ...event, child_events: kept, ticket, author_roles: authorRoles };
}

const WORDS = new Set(["body", "html_body", "plain_body", "attachments", "data", "metadata"]);

function withoutWords(child: Json): Json {
  if (!isObject(child)) return child;
  return Object.fromEntries(Object.entries(child).filter(([name]) => !WORDS.has(name)));
}

function byId(rows: Json | undefined): ReadonlyMap<string, Json> {
  const list = listOf(rows);
  return new Map(list.map((row) => [idText(fieldOf(row, "id")) ?? "", row]));
}

function brief(row: Json | undefined, fields: readonly string[]): JsonObject | null {
  if (row === undefined) return null;
  return Object.fromEntries(fields.map((field) => [field, fieldOf(row, field)]));
}
