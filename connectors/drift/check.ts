import { fieldOf } from "../../core/base/json.ts";
import { failedWith, TributaryError } from "../../core/base/errors.ts";
import type { CheckResult } from "../../core/connector/define.ts";
import type { DriftClient } from "./client.ts";
import { PERMISSION_MISSING } from "./errors.ts";

type Probe = { readonly scope: string; readonly ask: (client: DriftClient) => Promise<unknown>; readonly what: string };

/** What each stream reads, as a small request that shows whether it may; and the scope that gives it. */
const PROBES: readonly Probe[] = [
  { scope: "user_read", ask: (client) => client.users(), what: "conversations and meetings will have no rep's name" },
  {
    scope: "conversation_read",
    ask: (client) => client.conversations(null),
    what: "there will be no conversations and no chats",
  },
  { scope: "user_read", ask: (client) => client.meetings(EPOCH, EPOCH), what: "there will be no booked meetings" },
  { scope: "account_read", ask: (client) => client.accounts("0"), what: "there will be no accounts" },
];
const EPOCH = new Date(0);

/** Contacts are only asked for one by one: what the token says of itself has to do. */
const CONTACT_SCOPES = ["contact_read", "all_contact_read"];

/** Names the organization by its number: Drift gives no name to a token. Lists what the token may not read. */
export async function checkDrift(client: DriftClient): Promise<CheckResult> {
  const info = await client.tokenInfo();
  const user = fieldOf(info, "authenticated_userid");
  const orgId = typeof user === "string" ? /^orgId:(\d+)$/.exec(user)?.[1] : undefined;
  if (orgId === undefined) throw noOrganization();
  const scopes = fieldOf(info, "scope");
  return {
    accountId: orgId,
    accountName: `Drift organization ${orgId}`,
    missingPermissions: await missingPermissions(client, typeof scopes === "string" ? scopes.split(" ") : null),
    warnings: [
      "Drift's vendor has announced its end. Pull everything now (`tributary sync … --full`), and move chats on to another tool such as Intercom.",
    ],
  };
}

async function missingPermissions(client: DriftClient, scopes: readonly string[] | null): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { scope, ask, what } of PROBES) {
    try {
      await ask(client);
    } catch (error) {
      if (!failedWith(error, PERMISSION_MISSING)) throw error;
      missing.push(`${scope}: ${what}`);
    }
  }
  if (scopes !== null && !CONTACT_SCOPES.some((scope) => scopes.includes(scope)))
    missing.push("contact_read: conversations will have no person");
  return missing;
}

function noOrganization(): TributaryError {
  return new TributaryError({
    code: "drift.auth.no_organization",
    kind: "contract",
    message: "Drift knows the token but does not say which organization it belongs to.",
    mend: "Install the app to Drift again at dev.drift.com, and enter the token that it shows.",
  });
}
