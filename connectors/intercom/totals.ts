import { failedWith } from "../../core/base/errors.ts";
import type { Total } from "../../core/connector/define.ts";
import type { IntercomClient, Query, Rows } from "./client.ts";
import { PERMISSION_MISSING, PLAN_RESTRICTED } from "./errors.ts";

const STATES = ["open", "closed", "snoozed"] as const;
const LAG = "Intercom counts in its search index, which may lag behind.";
const DELETED = `${LAG} What was deleted there without a webhook stays here until a full pull.`;

/** How many Intercom says there are: of conversations by state, of contacts and of companies. */
export async function intercomTotals(client: IntercomClient): Promise<readonly Total[]> {
  const totals: Total[] = [];
  for (const state of STATES) {
    const query: Query = { field: "state", operator: "=", value: state };
    const theirs = await countOf(() =>
      client.searchConversations({ query, order: "descending", perPage: 1, cursor: null }),
    );
    const ours = { stream: "conversations", where: { state } };
    if (theirs !== null) totals.push({ name: `${state} conversations`, theirs, ours, note: DELETED });
  }
  const query: Query = { field: "updated_at", operator: ">", value: 0 };
  const contacts = await countOf(() => client.searchContacts({ query, order: "descending", perPage: 1, cursor: null }));
  if (contacts !== null)
    totals.push({ name: "contacts", theirs: contacts, ours: { stream: "contacts" }, note: DELETED });
  const companies = await countOf(() => client.companies(1, 1));
  if (companies !== null)
    totals.push({ name: "companies", theirs: companies, ours: { stream: "companies" }, note: LAG });
  return totals;
}

/** Null where the token may not ask: the other counts stand without it. */
async function countOf(ask: () => Promise<Rows | "cursor_refused">): Promise<number | null> {
  try {
    const found = await ask();
    return found === "cursor_refused" ? null : found.total;
  } catch (error) {
    if (failedWith(error, PERMISSION_MISSING) || failedWith(error, PLAN_RESTRICTED)) return null;
    throw error;
  }
}
