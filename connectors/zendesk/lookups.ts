import { fieldOf, type Json, type JsonObject } from "../../core/base/json.ts";
import { idText, rowsOf, type ZendeskClient } from "./client.ts";

/**
 * What other records only name by id, fetched a hundred at a time: an event of a ticket does not say whose ticket it is, and a comment does
 * not say whether its author is a customer.
 */
export type Lookups = {
  /** Ticket id → what the ticket says about whom it concerns. A ticket that is gone is missing. */
  tickets(ids: Iterable<string | null>): Promise<ReadonlyMap<string, JsonObject>>;
  /** User id → `end-user`, `agent` or `admin`. */
  roles(ids: Iterable<string | null>): Promise<ReadonlyMap<string, Json>>;
};

/** `show_many` takes no more. developer.zendesk.com, "Show Many Tickets". */
const MOST_IDS = 100;
/** So many answers are kept within a pull; beyond, it begins anew, so that memory does not grow with the account. */
const MOST_KEPT = 20_000;

export function createLookups(client: ZendeskClient): Lookups {
  return {
    tickets: createLookup(client, "tickets", ticketContext),
    roles: createLookup(client, "users", (user) => user["role"] ?? null),
  };
}

/** Kept small and free of what changes often: it becomes part of other records, which should not change with it. */
export function ticketContext(ticket: JsonObject): JsonObject {
  const source = fieldOf(ticket["via"] ?? null, "source");
  return {
    id: ticket["id"] ?? null,
    subject: ticket["subject"] ?? null,
    channel: fieldOf(ticket["via"] ?? null, "channel"),
    requester_id: ticket["requester_id"] ?? null,
    organization_id: ticket["organization_id"] ?? null,
    assignee_id: ticket["assignee_id"] ?? null,
    from_phone: fieldOf(fieldOf(source, "from"), "phone"),
    to_phone: fieldOf(fieldOf(source, "to"), "phone"),
  };
}

function createLookup<T>(
  client: ZendeskClient,
  resource: "tickets" | "users",
  read: (row: JsonObject) => T,
): (ids: Iterable<string | null>) => Promise<ReadonlyMap<string, T>> {
  const known = new Map<string, T>();
  /** Asked for and not found: asking again in the same pull would not help. */
  const missing = new Set<string>();
  return async (ids) => {
    const wanted = new Set([...ids].filter((id) => id !== null));
    if (known.size + missing.size > MOST_KEPT) {
      known.clear();
      missing.clear();
    }
    const unknown = [...wanted].filter((id) => !known.has(id) && !missing.has(id));
    for (let at = 0; at < unknown.length; at += MOST_IDS) {
      const batch = unknown.slice(at, at + MOST_IDS);
      const path = `${resource}/show_many.json`;
      const rows = rowsOf(await client.get(path, { ids: batch.join(",") }), resource, path);
      for (const row of rows) {
        const id = idText(row["id"]);
        if (id !== null) known.set(id, read(row));
      }
      for (const id of batch) if (!known.has(id)) missing.add(id);
    }
    return known;
  };
}
