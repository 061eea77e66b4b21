import { fieldOf } from "../../core/base/json.ts";
import { failedWith, TributaryError } from "../../core/base/errors.ts";
import type { CheckResult } from "../../core/connector/define.ts";
import type { IntercomClient, Search } from "./client.ts";
import { PERMISSION_MISSING, PLAN_RESTRICTED } from "./errors.ts";

const SMALLEST: Search = {
  query: { field: "updated_at", operator: ">", value: 0 },
  order: "descending",
  perPage: 1,
  cursor: null,
};

/** What each stream reads, as the smallest request that shows whether it may. */
const PROBES: readonly { readonly what: string; readonly ask: (client: IntercomClient) => Promise<unknown> }[] = [
  {
    what: "read conversations: there will be no chats",
    ask: (client) => client.searchConversations(SMALLEST),
  },
  {
    what: "read users and contacts: conversations will only have the person who started them",
    ask: (client) => client.searchContacts(SMALLEST),
  },
  { what: "read companies: people will have no company", ask: (client) => client.companies(1, 1) },
  { what: "read admins: reps will only be known by what they have written", ask: (client) => client.admins() },
  { what: "read teams: there will be no teams", ask: (client) => client.teams() },
];

/** Reaches the workspace, and says one by one what the token cannot read. */
export async function checkIntercom(client: IntercomClient): Promise<CheckResult> {
  const app = fieldOf(await client.me(), "app");
  const [accountId, name] = [fieldOf(app, "id_code"), fieldOf(app, "name")];
  if (typeof accountId !== "string") throw noWorkspace();
  const missing: string[] = [];
  for (const { what, ask } of PROBES) {
    try {
      await ask(client);
    } catch (error) {
      if (!failedWith(error, PERMISSION_MISSING) && !failedWith(error, PLAN_RESTRICTED)) throw error;
      missing.push(what);
    }
  }
  const accountName = typeof name === "string" && name !== "" ? name : accountId;
  return { accountId, accountName, missingPermissions: missing, warnings: [] };
}

function noWorkspace(): TributaryError {
  return new TributaryError({
    code: "intercom.auth.no_workspace",
    kind: "contract",
    message: "Intercom knows the token but does not say which workspace it belongs to.",
    mend: "Make a new access token in the Developer Hub, as an admin of the workspace.",
  });
}
