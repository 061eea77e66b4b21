import type { JsonObject } from "../../core/base/json.ts";
import type { Page } from "../../core/connector/define.ts";
import { type NewestFirst, readNewestFirst } from "../../core/connector/paging/newest-first.ts";
import type { Query, IntercomPull } from "./client.ts";
import { asListed } from "./conversations.ts";
import { idOf, updatedAt } from "./fields.ts";

const PER_PAGE = 150;
const OVERLAP_MS = 120_000;

/**
 * Contacts, latest change first, down to what is known (see newest-first.ts). Their dates are compared by calendar days in the workspace's time
 * zone, so the search can only be asked for whole days; the order does the rest.
 */
export async function* pullContacts(context: IntercomPull): AsyncGenerator<Page> {
  const { client } = context;
  const list: NewestFirst<JsonObject> = {
    page: (cursor, until) =>
      client.searchContacts({ query: changedSince(until), order: "descending", perPage: PER_PAGE, cursor }),
    idOf,
    timeOf: updatedAt,
    overlapMs: OVERLAP_MS,
  };
  let done = 0;
  for await (const { rows, checkpoint } of readNewestFirst(list, context)) {
    done += rows.length;
    yield { records: rows.map(asListed), checkpoint, progress: { done, total: null } };
  }
}

/**
 * From the beginning of the instant's day on, whatever the time zone: `>` begins with the next day, and `>=` is an error for dates.
 * developers.intercom.com, "Search contacts".
 */
function changedSince(until: Date | null): Query {
  if (until === null) return { field: "updated_at", operator: ">", value: 0 };
  const value = Math.floor(until.getTime() / 1000);
  return {
    operator: "OR",
    value: [
      { field: "updated_at", operator: "=", value },
      { field: "updated_at", operator: ">", value },
    ],
  };
}
