import { failedWith } from "../../core/base/errors.ts";
import { addDays, dayOf } from "../../core/base/time.ts";
import type { CheckResult } from "../../core/connector/define.ts";
import { type GongClient, idAt, type ListPage, NO_ROWS, valueAt } from "./client.ts";
import { PERMISSION_MISSING } from "./errors.ts";
import type { GongSettings } from "./settings.ts";

const SEEN_DAYS = 30;

/** Reaches the account, and says one by one what the credentials cannot read. */
export async function checkGong(client: GongClient, settings: GongSettings): Promise<CheckResult> {
  const missing: string[] = [];
  const today = dayOf(client.clock.now(), "utc");
  const lately = { from: addDays(today, -SEEN_DAYS), to: addDays(today, 1) };
  const past = { from: addDays(today, -3), to: addDays(today, -2) };

  /** A page; an empty one where the scope is missing. */
  async function probe(read: Promise<ListPage>, what: string): Promise<ListPage> {
    try {
      return await read;
    } catch (error) {
      if (!failedWith(error, PERMISSION_MISSING)) throw error;
      missing.push(what);
      return NO_ROWS;
    }
  }

  const users = await probe(client.users(null), "api:users:read: reps will have no names");
  const before = missing.length;
  const calls = await probe(
    client.calls(lately, null),
    "api:calls:read:extensive: there will be no calls and meetings",
  );
  const seesCalls = missing.length === before;
  await probe(client.activity(past, null), "api:stats:user-actions:detailed: no activity of users by day");
  await probe(client.scorecards(), "api:settings:scorecards:read: no names of scorecards");
  await probe(client.reviews(past, null), "api:stats:scorecards: no filled-in scorecards");
  if (settings.transcripts) {
    await probe(client.transcripts(past, null), "api:calls:read:transcript: no transcripts");
  }
  const workspaces = await probe(
    client.workspaces(),
    "api:workspaces:read: the account is named by its users' addresses",
  );
  return {
    ...(await nameOf(client, workspaces, users)),
    missingPermissions: missing,
    warnings: seesCalls && calls.rows.length === 0 ? [NO_CALLS] : [],
  };
}

const NO_CALLS = `Gong shows no calls of the last ${SEEN_DAYS} days. It answers so as well when the credentials may not see them: check the permission profile behind the key.`;

/** Gong names its workspaces and no account: without them the users' domain has to do. */
async function nameOf(
  client: GongClient,
  workspaces: ListPage,
  users: ListPage,
): Promise<Pick<CheckResult, "accountId" | "accountName">> {
  const { hostname } = await client.address();
  const names = workspaces.rows.map((row) => valueAt(row, "name")).filter((name) => typeof name === "string");
  const [first] = workspaces.rows;
  const email = users.rows.map((user) => valueAt(user, "emailAddress")).find((text) => typeof text === "string");
  const domain = typeof email === "string" ? email.split("@")[1] : undefined;
  return {
    accountId: first === undefined ? hostname : idAt(first, "id"),
    accountName: [names.join(", "), domain].filter(Boolean).join(" · ") || hostname,
  };
}
