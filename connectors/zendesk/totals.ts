import { failedWith } from "../../core/base/errors.ts";
import { fieldOf } from "../../core/base/json.ts";
import type { Total } from "../../core/connector/define.ts";
import { type ZendeskClient } from "./client.ts";
import { NOT_FOUND, PERMISSION_MISSING } from "./errors.ts";

const APPROXIMATE = "Zendesk counts approximately above 100,000 and then refreshes the number once a day.";
const INDEX_LAG = "Zendesk counts by its search index, which lags behind by up to minutes.";
const HELD_BACK = "The exports hold back the last minute.";

const COUNTS: readonly {
  readonly name: string;
  readonly path: string;
  readonly ours: Total["ours"];
  readonly note: string;
}[] = [
  {
    name: "users",
    path: "users/count.json",
    ours: { stream: "users", where: { active: "true" } },
    note: `${APPROXIMATE} ${HELD_BACK}`,
  },
  {
    name: "organizations",
    path: "organizations/count.json",
    ours: { stream: "organizations" },
    note: `${APPROXIMATE} ${HELD_BACK}`,
  },
  { name: "groups", path: "groups/count.json", ours: { stream: "groups" }, note: APPROXIMATE },
  {
    name: "satisfaction ratings",
    path: "satisfaction_ratings/count.json",
    ours: { stream: "satisfaction_ratings" },
    note: APPROXIMATE,
  },
];

const STATUSES = ["new", "open", "pending", "hold", "solved", "closed"] as const;

/** Zendesk's own counts. Tickets are counted by search, which knows archived ones; `tickets/count` does not say whether it does. */
export async function zendeskTotals(client: ZendeskClient): Promise<readonly Total[]> {
  const totals: Total[] = [];
  for (const { name, path, ours, note } of COUNTS) {
    const theirs = await countOf(client, path, {});
    if (theirs !== null) totals.push({ name, theirs, ours, note });
  }
  for (const status of STATUSES) {
    const theirs = await countOf(client, "search/count.json", { query: `type:ticket status:${status}` });
    const ours = { stream: "tickets", where: { status } };
    if (theirs !== null) totals.push({ name: `${status} tickets`, theirs, ours, note: `${INDEX_LAG} ${HELD_BACK}` });
  }
  return totals;
}

/** Null where the plan or the role does not have it: the other totals stand without. */
async function countOf(
  client: ZendeskClient,
  path: string,
  params: { readonly [name: string]: string },
): Promise<number | null> {
  try {
    const count = fieldOf(await client.get(path, params), "count");
    const value = typeof count === "number" ? count : fieldOf(count, "value");
    return typeof value === "number" ? value : null;
  } catch (error) {
    if (failedWith(error, PERMISSION_MISSING, NOT_FOUND)) return null;
    throw error;
  }
}
