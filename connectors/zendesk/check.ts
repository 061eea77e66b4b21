import { fieldOf } from "../../core/base/json.ts";
import { failedWith, TributaryError } from "../../core/base/errors.ts";
import type { CheckResult } from "../../core/connector/define.ts";
import { idText, type Params, type ZendeskClient } from "./client.ts";
import { NOT_FOUND, PERMISSION_MISSING } from "./errors.ts";
import { API_TOKENS_END, type ZendeskSettings } from "./settings.ts";

type Probe = { readonly path: string; readonly params?: Params };

const ONE_ROW = { "page[size]": 1 };
/** Long ago enough to be allowed, and one row is enough to see whether the export may be read. */
const EXPORT = { start_time: 0, per_page: 1 };

/** What each stream reads, as the smallest request that shows whether it may. All exports ask for the same right: one stands for them. */
const NEEDED: readonly (Probe & { readonly missing: string })[] = [
  {
    path: "incremental/tickets/cursor.json",
    params: EXPORT,
    missing:
      "incremental exports (administrators only): there will be no tickets, users, organizations and ticket events",
  },
  { path: "tickets.json", params: ONE_ROW, missing: "tickets: messages and calls will not know whom they concern" },
  { path: "users.json", params: ONE_ROW, missing: "users: tickets will have no reps and people" },
  { path: "organizations.json", params: ONE_ROW, missing: "organizations: there will be no companies" },
  { path: "groups.json", params: ONE_ROW, missing: "groups: there will be no teams" },
  { path: "group_memberships.json", params: ONE_ROW, missing: "group memberships: there will be no teams" },
  { path: "webhooks", params: ONE_ROW, missing: "webhooks: changes will arrive with the next pull only" },
];

const SATISFACTION: readonly Probe[] = [
  { path: "satisfaction_ratings.json", params: ONE_ROW },
  { path: "guide/survey_responses", params: ONE_ROW },
];
const CALLS: Probe = { path: "channels/voice/stats/incremental/calls.json", params: EXPORT };

/** Reaches the account, and says one by one what the credentials cannot read. */
export async function checkZendesk(client: ZendeskClient, _settings: ZendeskSettings): Promise<CheckResult> {
  const me = fieldOf(await client.get("users/me.json"), "user");
  // Bad credentials may be answered as a visitor whom nobody knows, with status 200.
  if (idText(fieldOf(me, "id")) === null) throw anonymous();
  const missing: string[] = [];
  for (const probe of NEEDED) if (!(await mayRead(client, probe))) missing.push(probe.missing);
  const seen = await Promise.all(SATISFACTION.map((probe) => mayRead(client, probe)));
  if (!seen.includes(true)) missing.push("satisfaction ratings: only each ticket's own score will be there");
  const warnings = [...roleWarnings(fieldOf(me, "role")), ...(await tokenWarnings(client))];
  if (!(await mayRead(client, CALLS))) warnings.push("The account has no Talk, or the user may not see it: no calls.");
  return {
    accountId: client.subdomain,
    accountName: new URL(client.origin).hostname.endsWith(".zendesk.com")
      ? `${client.subdomain}.zendesk.com`
      : `${client.subdomain} (at ${new URL(client.origin).host})`,
    missingPermissions: missing,
    warnings,
  };
}

async function mayRead(client: ZendeskClient, { path, params }: Probe): Promise<boolean> {
  try {
    await client.get(path, params);
    return true;
  } catch (error) {
    if (failedWith(error, PERMISSION_MISSING, NOT_FOUND)) return false;
    throw error;
  }
}

function roleWarnings(role: unknown): readonly string[] {
  if (role === "admin") return [];
  return [
    `The user behind the credentials is ${typeof role === "string" ? `an ${role}` : "of an unknown role"}, not an admin: most exports will be refused.`,
  ];
}

async function tokenWarnings(client: ZendeskClient): Promise<readonly string[]> {
  if (!(await client.signsInByToken())) return [];
  const end = API_TOKENS_END.toISOString().slice(0, 10);
  return [
    `Zendesk switches API tokens off: none can be made any more, one that is unused for 30 days stops working, and all stop on ${end}. Change this connection to OAuth.`,
  ];
}

function anonymous(): TributaryError {
  return new TributaryError({
    code: "zendesk.auth.anonymous",
    kind: "auth",
    message: "Zendesk takes the credentials for nobody's: it answers as to an anonymous visitor.",
    mend: "Check the e-mail and the token, or use OAuth.",
  });
}
