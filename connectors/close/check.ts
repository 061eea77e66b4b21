import { failedWith } from "../../core/base/errors.ts";
import { fieldOf, isList, type JsonObject, listOf } from "../../core/base/json.ts";
import type { CheckResult } from "../../core/connector/define.ts";
import { type CloseClient } from "./client.ts";
import { PERMISSION_MISSING } from "./errors.ts";
import type { CloseSettings } from "./settings.ts";

/** What each stream reads, as the smallest request that shows whether it may. */
const PROBES: readonly { readonly path: string; readonly what: string; readonly isWhole?: boolean }[] = [
  { path: "user/", what: "users: deals and activities will have no rep's name" },
  { path: "group/", what: "groups: there will be no teams", isWhole: true },
  { path: "pipeline/", what: "pipelines: deals will have no stages", isWhole: true },
  { path: "lead/", what: "leads: there will be no companies and people" },
  { path: "opportunity/", what: "opportunities: there will be no deals" },
  { path: "activity/status_change/opportunity/", what: "opportunity status changes: no stage times, no conversion" },
  { path: "activity/call/", what: "calls" },
  { path: "activity/email/", what: "e-mails" },
  { path: "activity/sms/", what: "SMS" },
  { path: "activity/meeting/", what: "meetings" },
  { path: "activity/note/", what: "notes" },
  { path: "task/", what: "tasks" },
  { path: "outcome/", what: "outcomes: calls and meetings will show outcome ids" },
  { path: "event/", what: "the event log: deletions and edits of activities will be missed" },
  { path: "webhook/", what: "webhooks: changes will arrive with the next pull only", isWhole: true },
];

/** Reaches the account, and says one by one what the key cannot read. */
export async function checkClose(client: CloseClient, settings: CloseSettings): Promise<CheckResult> {
  const { id, name, me } = await client.account();
  return {
    accountId: id,
    accountName: name,
    missingPermissions: await missingPermissions(client),
    warnings: [...roleWarnings(me, id), ...(await fieldWarnings(client, settings))],
  };
}

async function missingPermissions(client: CloseClient): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { path, what, isWhole = false } of PROBES) {
    try {
      await client.get(path, isWhole ? {} : { _limit: 1 });
    } catch (error) {
      if (!failedWith(error, PERMISSION_MISSING)) throw error;
      missing.push(what);
    }
  }
  return missing;
}

/** A key has its user's permissions: fewer of them give fewer rows, without any error. */
function roleWarnings(me: JsonObject, organizationId: string): readonly string[] {
  const memberships = listOf(me["memberships"]);
  const membership = memberships.find((one) => fieldOf(one, "organization_id") === organizationId) ?? memberships[0];
  const role = fieldOf(membership, "role_id");
  if (membership === undefined || role === "admin") return [];
  const warnings = [
    `The key's user has the role ${typeof role === "string" ? role : "unknown"}, not admin: events older than an hour come without their content, so edits made while the hub was down may be missed.`,
  ];
  const granted = fieldOf(membership, "permissions_granted");
  const seesLess = isList(granted) && !granted.includes("view_all_leads");
  if (role === "restricteduser" || seesLess) {
    warnings.push(
      "The role does not include view_all_leads: leads that its user cannot see, with their deals and activities, will be missing without an error.",
    );
  }
  return warnings;
}

async function fieldWarnings(client: CloseClient, settings: CloseSettings): Promise<readonly string[]> {
  const wanted = { lost_reason_field: settings.lost_reason_field, ...settings.deal_attributes };
  if (Object.values(wanted).every((field) => field === undefined)) return [];
  const byName = await client.fieldIdsByName();
  const ids = new Set(byName.values());
  return Object.entries(wanted).flatMap(([setting, field]) =>
    field === undefined || byName.has(field) || ids.has(field)
      ? []
      : [`${setting} names "${field}", which is no custom field of opportunities in this account.`],
  );
}
