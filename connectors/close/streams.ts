import { fieldOf, type Json, listOf } from "../../core/base/json.ts";
import type { DeletionPolicy, Page, Stream } from "../../core/connector/define.ts";
import type { Measured } from "../../core/schema/canonical.ts";
import { ACTIVITY_STREAMS, type ActivityStream } from "./activities.ts";
import { idOf, type CloseClient, type CloseRow } from "./client.ts";
import { pullDated, type ClosePull, type DatedList } from "./dated.ts";
import { pullEvents, timeOf } from "./events.ts";
import { askedFields, keepFor } from "./kept.ts";
import { pullLeads } from "./leads.ts";
import { eventFacts } from "./normalise-events.ts";
import { taskFacts } from "./normalise-tasks.ts";
import * as normalise from "./normalise.ts";
import type { CloseSettings } from "./settings.ts";
import { closeInstant } from "./time.ts";

type CloseStream = Stream<CloseSettings, CloseClient>;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

function updatedAt(record: Json): Date | null {
  const text = fieldOf(record, "date_updated");
  return typeof text === "string" ? closeInstant(text) : null;
}

/** A short list that is read whole each time. */
function wholeList(list: {
  readonly title: string;
  readonly read: (context: ClosePull) => Promise<readonly Json[]>;
  readonly normalise: normalise.Normaliser;
  /** `absence` where what is no longer listed is gone; `never` where its name has to outlive it. */
  readonly deletions: DeletionPolicy;
}): CloseStream {
  return {
    title: list.title,
    externalId: idOf,
    sourceTime: () => null,
    deletions: list.deletions,
    normalise: list.normalise,
    async *pull(context): AsyncGenerator<Page> {
      const records = await list.read(context);
      const checkpoint = { readAt: context.startedAt.toISOString() };
      yield { records, checkpoint, progress: { done: records.length, total: records.length } };
    },
  };
}

/** A list that is read by date (see dated.ts). Deletions come from the event log. */
function datedStream(
  stream: string,
  list: Omit<DatedList, "keep"> & {
    readonly title: string;
    readonly gives: readonly Measured[];
    readonly normalise: normalise.Normaliser;
  },
): CloseStream {
  return {
    title: list.title,
    gives: list.gives,
    externalId: idOf,
    sourceTime: updatedAt,
    deletions: "elsewhere",
    normalise: list.normalise,
    async *pull(context): AsyncGenerator<Page> {
      const keep = await keepFor(context.client, context.settings);
      const fields = askedFields(stream, context.settings);
      const params = fields === null ? list.params : { ...list.params, _fields: fields.join(",") };
      yield* pullDated({ ...list, params, keep: (row) => keep(stream, row) }, context);
    },
  };
}

/** Activities can be asked for by `date_created` alone: edits come from the event log, late arrivals from the overlap and the sweep. */
function activityStream(activity: ActivityStream): CloseStream {
  return datedStream(activity.stream, {
    title: activity.title,
    gives: ["activity"],
    path: activity.path,
    pageSize: 100,
    params: {},
    orders: [],
    laterBy: "date_created",
    overlapMs: DAY_MS,
    aheadMs: (activity.aheadDays ?? 0) * DAY_MS,
    sweepMs: (activity.sweepDays ?? 0) * DAY_MS,
    normalise: activity.normalise,
  });
}

/** Current users, and the memberships of those who left: history points at them, and `/user/` no longer lists them. */
async function readUsers({ client }: ClosePull): Promise<readonly Json[]> {
  const current = await client.listAll("user/", 1000);
  const listed = new Set(current.map((user) => user.id));
  const { id } = await client.account();
  const organization = await client.get(`organization/${id}/`, { _fields: "memberships,inactive_memberships" });
  const former = fieldOf(organization, "inactive_memberships");
  const left = listOf(former).filter((membership) => {
    const userId = fieldOf(membership, "user_id");
    return typeof userId === "string" && !listed.has(userId);
  });
  return [...current, ...left];
}

/** The list has names only; members come with each group. */
async function readGroups({ client }: ClosePull): Promise<readonly Json[]> {
  const groups: Json[] = [];
  for (const group of await client.listAll("group/", null)) {
    groups.push(await client.get(`group/${group.id}/`, { _fields: "id,name,members,organization_id" }));
  }
  return groups;
}

const FIELD_OBJECTS = ["lead", "contact", "opportunity", "activity"];

async function readCustomFields({ client }: ClosePull): Promise<readonly Json[]> {
  const fields = new Map<string, CloseRow>();
  for (const object of FIELD_OBJECTS) {
    for (const field of await client.listAll(`custom_field/${object}/`, 100)) fields.set(field.id, field);
  }
  for (const field of await client.listAll("custom_field/shared/", null)) fields.set(field.id, field);
  return [...fields.values()];
}

function readAll(path: string, limit: number | null = null): (context: ClosePull) => Promise<readonly Json[]> {
  return ({ client }) => client.listAll(path, limit);
}

export const closeStreams: { readonly [stream: string]: CloseStream } = {
  users: {
    ...wholeList({ title: "Users", read: readUsers, normalise: normalise.repFacts, deletions: "never" }),
    // A membership has an id of its own, but stands for its user.
    externalId: (record) => {
      const userId = fieldOf(record, "user_id");
      return typeof userId === "string" ? userId : idOf(record);
    },
  },
  groups: wholeList({ title: "Groups", read: readGroups, normalise: normalise.teamFacts, deletions: "absence" }),
  pipelines: wholeList({
    title: "Pipelines and their stages",
    read: readAll("pipeline/"),
    normalise: normalise.pipelineFacts,
    deletions: "absence",
  }),
  opportunity_statuses: wholeList({
    title: "Opportunity statuses",
    read: readAll("status/opportunity/"),
    normalise: normalise.labelFacts("opportunity_status"),
    deletions: "never",
  }),
  lead_statuses: wholeList({
    title: "Lead statuses",
    read: readAll("status/lead/"),
    normalise: normalise.labelFacts("lead_status"),
    deletions: "never",
  }),
  custom_fields: wholeList({
    title: "Custom fields",
    read: readCustomFields,
    normalise: normalise.labelFacts("custom_field"),
    deletions: "never",
  }),
  custom_activity_types: wholeList({
    title: "Custom activity types",
    read: readAll("custom_activity/"),
    normalise: normalise.labelFacts("custom_activity_type"),
    deletions: "never",
  }),
  outcomes: wholeList({
    title: "Call and meeting outcomes",
    read: readAll("outcome/", 100),
    normalise: normalise.labelFacts("outcome"),
    deletions: "never",
  }),
  leads: {
    title: "Leads",
    gives: ["lead"],
    externalId: idOf,
    sourceTime: updatedAt,
    deletions: "elsewhere",
    pull: pullLeads,
    normalise: normalise.companyFacts,
  },
  contacts: {
    title: "Contacts",
    externalId: idOf,
    sourceTime: updatedAt,
    deletions: "elsewhere",
    normalise: normalise.personFacts,
    // Contacts cannot be asked for by date: they come with their leads, and from the event log.
    async *pull({ startedAt }): AsyncGenerator<Page> {
      await Promise.resolve();
      yield { records: [], checkpoint: { readAt: startedAt.toISOString() } };
    },
  },
  opportunities: {
    ...datedStream("opportunities", {
      title: "Opportunities",
      gives: ["deal"],
      path: "opportunity/",
      pageSize: 250,
      params: {},
      orders: ["date_created", "date_updated"],
      laterBy: "date_updated",
      overlapMs: 2 * MINUTE_MS,
      aheadMs: 0,
      sweepMs: 0,
      normalise: normalise.dealFacts,
    }),
    keepsVersions: true,
  },
  tasks: datedStream("tasks", {
    title: "Tasks",
    gives: ["activity"],
    path: "task/",
    pageSize: 1000,
    // Without a type only manual tasks are listed (unverified).
    params: { _type: "all" },
    orders: ["date_created"],
    laterBy: "date_updated",
    overlapMs: 2 * MINUTE_MS,
    aheadMs: 0,
    sweepMs: 0,
    normalise: taskFacts,
  }),
  ...Object.fromEntries(ACTIVITY_STREAMS.map((activity) => [activity.stream, activityStream(activity)])),
  events: {
    title: "Event log",
    gives: ["deal", "activity", "lead"],
    // Consolidation gives an event a later `date_updated` under the same id.
    externalId: (event) => `${idOf(event)}|${timeOf(event)?.toISOString() ?? ""}`,
    sourceTime: (event) => timeOf(event),
    deletions: "never",
    pull: pullEvents,
    normalise: eventFacts,
  },
};
