import { closeId, coreTime, naiveTime } from "./format.ts";
import type { CloseObject } from "./objects.ts";
import type { Setup } from "./store.ts";

export type Member = {
  readonly key: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
};
export type StatusType = "active" | "won" | "lost";

export type SetupPlan = {
  readonly name: string;
  readonly startedAt: Date;
  readonly currency: string;
  readonly timeZone: string;
  /** The first one is the administrator. */
  readonly members: readonly Member[];
  readonly former: readonly Member[];
  readonly groups: readonly { readonly key: string; readonly name: string; readonly memberKeys: readonly string[] }[];
  readonly pipelines: readonly {
    readonly key: string;
    readonly name: string;
    readonly statuses: readonly { readonly key: string; readonly label: string; readonly type: StatusType }[];
  }[];
  readonly leadStatuses: readonly { readonly key: string; readonly label: string }[];
};

/** An account as set up by an administrator; ids follow from the keys alone. */
export function makeSetup(plan: SetupPlan): Setup {
  const organizationId = closeId("orga", plan.name);
  const owned = { organization_id: organizationId, created_by: null, updated_by: null };
  const time = coreTime(plan.startedAt);
  const naive = naiveTime(plan.startedAt);
  return {
    organizationId,
    organizationName: plan.name,
    startedAt: plan.startedAt,
    currency: plan.currency,
    users: plan.members.map(({ key, firstName, lastName, email }) => ({
      id: closeId("user", key),
      email,
      first_name: firstName,
      last_name: lastName,
      image: null,
      last_used_timezone: plan.timeZone,
      email_verified_at: time,
      organizations: [organizationId],
      date_created: time,
      date_updated: time,
    })),
    formerMemberships: plan.former.map(({ key, firstName, lastName, email }) => ({
      id: closeId("memb", key),
      user_id: closeId("user", key),
      user_full_name: `${firstName} ${lastName}`,
      user_email: email,
      role_id: "user",
      organization_id: organizationId,
    })),
    groups: plan.groups.map(({ key, name, memberKeys }) => ({
      id: closeId("group", key),
      name,
      organization_id: organizationId,
      members: memberKeys.map((member) => ({ user_id: closeId("user", member) })),
    })),
    pipelines: plan.pipelines.map(({ key, name, statuses }) => ({
      ...owned,
      id: closeId("pipe", key),
      name,
      date_created: naive,
      date_updated: naive,
      statuses: statuses.map((status) => ({ id: closeId("stat", status.key), label: status.label, type: status.type })),
    })),
    leadStatuses: plan.leadStatuses.map(({ key, label }) => ({
      id: closeId("stat", key),
      label,
      organization_id: organizationId,
    })),
    outcomes: Object.entries(OUTCOMES).map(([key, name]) => ({
      ...owned,
      id: closeId("outcome", key),
      name,
      description: null,
      applies_to: ["calls", "meetings"],
      type: "custom",
      date_created: time,
      date_updated: time,
    })),
    customFields: {
      lead: [customField("industry", "Industry", owned, time), customField("segment", "Segment", owned, time)],
      contact: [],
      opportunity: [
        customField("lost-reason", "Lost reason", owned, time),
        customField("product", "Product", owned, time),
      ],
      activity: [],
      shared: [],
    },
    customActivityTypes: [
      {
        ...owned,
        id: closeId("actitype", "site-visit"),
        name: "Site visit",
        description: null,
        fields: [],
        date_created: naive,
        date_updated: naive,
      },
    ],
  };
}

const OUTCOMES = { interested: "Interested", "no-show": "No-show", "wrong-number": "Wrong number" };

/** Ids of the custom fields that every simulated account has. */
export const LOST_REASON_FIELD = closeId("cf", "lost-reason");
export const PRODUCT_FIELD = closeId("cf", "product");
export const INDUSTRY_FIELD = closeId("cf", "industry");
export const SEGMENT_FIELD = closeId("cf", "segment");

function customField(key: string, name: string, owned: object, time: string): CloseObject {
  return {
    ...owned,
    id: closeId("cf", key),
    name,
    description: null,
    type: "text",
    required: false,
    accepts_multiple_values: false,
    editable_with_roles: [],
    date_created: time,
    date_updated: time,
  };
}

/** A small account without any objects, for tests that make their own. */
export const SMALL_ACCOUNT: SetupPlan = {
  name: "Halden Metering",
  startedAt: new Date("2024-05-06T08:00:00Z"),
  currency: "USD",
  timeZone: "Europe/Oslo",
  members: [
    { key: "marta", firstName: "Marta", lastName: "Keller", email: "marta@seller.example" },
    { key: "jonas", firstName: "Jonas", lastName: "Lind", email: "jonas@seller.example" },
  ],
  former: [{ key: "petra", firstName: "Petra", lastName: "Novak", email: "petra@seller.example" }],
  groups: [{ key: "north", name: "North", memberKeys: ["marta", "jonas"] }],
  pipelines: [
    {
      key: "sales",
      name: "Sales",
      statuses: [
        { key: "qualifying", label: "Qualifying", type: "active" },
        { key: "proposal", label: "Proposal", type: "active" },
        { key: "won", label: "Won", type: "won" },
        { key: "lost", label: "Lost", type: "lost" },
      ],
    },
  ],
  leadStatuses: [
    { key: "potential", label: "Potential" },
    { key: "qualified", label: "Qualified" },
  ],
};
