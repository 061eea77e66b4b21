import { fieldOf, type Json, type JsonObject, listOf } from "../../core/base/json.ts";
import type { Page, Stream } from "../../core/connector/define.ts";
import { idOf, idText, type ZendeskClient } from "./client.ts";
import { callTime, eventTime } from "./comments.ts";
import { exportByCursor, exportByTime, type PageContent, type ZendeskPull } from "./exports.ts";
import { keepEvent, keepTicket } from "./kept.ts";
import { listAll, listSince, whereIncluded } from "./lists.ts";
import { createLookups, type Lookups } from "./lookups.ts";
import { callFacts, eventFacts, ratingFacts, surveyFacts } from "./normalise-touches.ts";
import * as normalise from "./normalise.ts";
import type { ZendeskSettings } from "./settings.ts";
import { zendeskInstant } from "./time.ts";

type ZendeskStream = Stream<ZendeskSettings, ZendeskClient>;

/** Metric sets stand in each ticket; the others beside the list. Sent again with every page. */
export const TICKET_SIDE_LOADS = "users,organizations,metric_sets";

/** A customer may change a rating for as long as the ticket is not closed, by default a few days. */
const RATINGS_CHANGE_FOR_MS = 30 * 86_400_000;

function timeAt(field: string): (record: Json) => Date | null {
  return (record) => zendeskInstant(fieldOf(record, field));
}

/**
 * Tickets as the export gives them. A deleted one stays in it with that status: it is taken back, but kept as it was. One that was emptied
 * (30 days later) is landed in place of what it had said, and makes no facts.
 */
export function ticketContent(rows: readonly JsonObject[], answer: JsonObject): PageContent {
  const records = rows.map((row) => keepTicket(row, answer));
  const gone = records.filter((ticket) => ticket["status"] === "deleted" && !normalise.isScrubbed(ticket));
  return { records, deleted: gone.map(idOf) };
}

/**
 * Customers who were switched off are gone (merged ones too: their tickets name the winner). Agents stay, since history points at them.
 * Who was erased for good is landed emptied.
 */
export function userContent(rows: readonly JsonObject[]): PageContent {
  const gone = rows.filter(
    (user) => user["active"] === false && user["permanently_deleted"] !== true && !normalise.isStaff(user["role"]),
  );
  return { records: rows, deleted: gone.map((user) => deletion(user, zendeskInstant(user["updated_at"]))) };
}

export function organizationContent(rows: readonly JsonObject[]): PageContent {
  const gone = rows.filter((row) => typeof row["deleted_at"] === "string");
  return { records: rows, deleted: gone.map((row) => deletion(row, latest(row["deleted_at"], row["updated_at"]))) };
}

function deletion(row: JsonObject, at: Date | null): string | { id: string; at: Date } {
  return at === null ? idOf(row) : { id: idOf(row), at };
}

/** Restoring moves `updated_at`; a deletion may move it a little past `deleted_at`, which is no restoring. */
function latest(...times: readonly (Json | undefined)[]): Date | null {
  const known = times.map(zendeskInstant).filter((time) => time !== null);
  return known.length === 0 ? null : new Date(Math.max(...known.map((time) => time.getTime())));
}

/** Short lists, read whole: groups with the memberships of each. */
async function* pullGroups({ client, startedAt }: ZendeskPull): AsyncGenerator<Page> {
  const memberships = await listAll(client, "group_memberships.json", "group_memberships");
  const groups = await listAll(client, "groups.json", "groups");
  const records = groups
    .filter((group) => group["deleted"] !== true)
    .map((group) => ({
      ...group,
      memberships: memberships
        .filter((membership) => membership["group_id"] === group["id"])
        .toSorted((a, b) => Number(a["id"]) - Number(b["id"])),
    }));
  yield { records, checkpoint: { readAt: startedAt.toISOString() }, progress: { done: records.length, total: null } };
}

async function eventContent(rows: readonly JsonObject[], lookups: Lookups): Promise<PageContent> {
  const spoken = rows.filter((event) => authorsOf(event).length > 0);
  const tickets = await lookups.tickets(spoken.map((event) => idText(event["ticket_id"])));
  const roles = await lookups.roles(spoken.flatMap(authorsOf));
  const records = rows.map((event) => {
    const authors = authorsOf(event);
    const ticket = authors.length === 0 ? null : (tickets.get(idText(event["ticket_id"]) ?? "") ?? null);
    return keepEvent(event, ticket, Object.fromEntries(authors.map((author) => [author, roles.get(author) ?? null])));
  });
  return { records };
}

/** Who wrote the event's public comments. */
function authorsOf(event: JsonObject): readonly string[] {
  const children = event["child_events"];
  const authors = listOf(children)
    .filter((child) => fieldOf(child, "event_type") === "Comment" && fieldOf(child, "public") === true)
    .map((child) => idText(fieldOf(child, "author_id")));
  return [...new Set(authors.filter((author) => author !== null))];
}

/** Records with what their ticket says about whom they concern. */
async function withTickets(
  rows: readonly JsonObject[],
  lookups: Lookups,
  ticketIdOf: (row: JsonObject) => string | null,
): Promise<PageContent> {
  const tickets = await lookups.tickets(rows.map(ticketIdOf));
  return { records: rows.map((row) => ({ ...row, ticket: tickets.get(ticketIdOf(row) ?? "") ?? null })) };
}

function surveyedTicket(response: JsonObject): string | null {
  const subjects = response["subject_zrns"];
  const [first] = listOf(subjects).flatMap(
    (zrn) => (typeof zrn === "string" ? /^zen:ticket:(\d+)$/.exec(zrn)?.[1] : undefined) ?? [],
  );
  return first ?? null;
}

function answeredAt(response: Json): Date | null {
  const answers = fieldOf(response, "answers");
  return latest(...(Array.isArray(answers) ? answers.map((answer: Json) => fieldOf(answer, "updated_at")) : []));
}

export const zendeskStreams: { readonly [stream: string]: ZendeskStream } = {
  users: {
    title: "Users: agents and customers",
    externalId: idOf,
    sourceTime: timeAt("updated_at"),
    deletions: "tombstones",
    pull: (context) =>
      exportByCursor({ path: "incremental/users/cursor.json", key: "users", toContent: userContent }, context),
    normalise: normalise.userFacts,
  },
  organizations: {
    title: "Organizations",
    externalId: idOf,
    sourceTime: timeAt("updated_at"),
    deletions: "tombstones",
    pull: (context) =>
      exportByTime(
        {
          path: "incremental/organizations.json",
          key: "organizations",
          hasEnd: true,
          toContent: organizationContent,
        },
        context,
      ),
    normalise: normalise.companyFacts,
  },
  groups: {
    title: "Groups and who is in them",
    externalId: idOf,
    sourceTime: () => null,
    deletions: "absence",
    pull: pullGroups,
    normalise: normalise.teamFacts,
  },
  tickets: {
    title: "Tickets with their metrics",
    gives: ["ticket"],
    externalId: idOf,
    // Changes made by the system leave it alone; of two versions with the same, the one that came later holds.
    sourceTime: timeAt("updated_at"),
    deletions: "tombstones",
    pull: (context) =>
      exportByCursor(
        {
          path: "incremental/tickets/cursor.json",
          key: "tickets",
          include: TICKET_SIDE_LOADS,
          toContent: ticketContent,
        },
        context,
      ),
    normalise: normalise.ticketFacts,
  },
  ticket_events: {
    title: "Ticket events: replies and messages",
    gives: ["activity"],
    externalId: idOf,
    sourceTime: eventTime,
    deletions: "never",
    pull(context) {
      const lookups = createLookups(context.client);
      return exportByTime(
        {
          path: "incremental/ticket_events.json",
          key: "ticket_events",
          include: "comment_events",
          hasEnd: true,
          toContent: (rows) => eventContent(rows, lookups),
        },
        context,
      );
    },
    normalise: eventFacts,
  },
  satisfaction_ratings: {
    title: "Satisfaction ratings (older generation)",
    gives: ["activity"],
    externalId: idOf,
    sourceTime: timeAt("updated_at"),
    deletions: "never",
    pull: (context) =>
      whereIncluded(
        "satisfaction ratings of the older generation",
        context,
        listSince(
          {
            path: "satisfaction_ratings.json",
            key: "satisfaction_ratings",
            since: "start_time",
            overlapMs: RATINGS_CHANGE_FOR_MS,
            toContent: (rows) => ({ records: rows }),
          },
          context,
        ),
      ),
    normalise: ratingFacts,
  },
  survey_responses: {
    title: "Survey responses (current satisfaction surveys)",
    gives: ["activity"],
    externalId: idOf,
    sourceTime: answeredAt,
    deletions: "never",
    pull(context) {
      const lookups = createLookups(context.client);
      const list = {
        path: "guide/survey_responses",
        key: "survey_responses",
        since: "filter[created_at_start]",
        overlapMs: RATINGS_CHANGE_FOR_MS,
        toContent: (rows: readonly JsonObject[]) => withTickets(rows, lookups, surveyedTicket),
      };
      return whereIncluded("satisfaction surveys", context, listSince(list, context));
    },
    normalise: surveyFacts,
  },
  calls: {
    title: "Talk calls",
    gives: ["activity"],
    externalId: idOf,
    sourceTime: callTime,
    deletions: "never",
    pull(context) {
      const lookups = createLookups(context.client);
      const list = {
        path: "channels/voice/stats/incremental/calls.json",
        key: "calls",
        hasEnd: false,
        toContent: (rows: readonly JsonObject[]) => withTickets(rows, lookups, (call) => idText(call["ticket_id"])),
      };
      return whereIncluded("Talk calls", context, exportByTime(list, context));
    },
    normalise: callFacts,
  },
};
