import { fieldOf, type Json } from "../../core/base/json.ts";
import type { NormaliseContext, NormaliseResult } from "../../core/connector/define.ts";
import { type Reading, readingOf } from "../../core/connector/reading.ts";
import type { Fact, Moment, Ref } from "../../core/schema/facts.ts";
import * as records from "./records.ts";
import { originOf, type ZendeskSettings } from "./settings.ts";
import { zendeskInstant } from "./time.ts";

export type ZendeskContext = NormaliseContext<ZendeskSettings>;
export type Normaliser = (record: Json, context: ZendeskContext) => NormaliseResult;

export const reading: Reading<ZendeskSettings> = readingOf({ code: "zendesk.record_unreadable" });

/** The page of something in the agents' app. */
export function agentUrl({ settings }: ZendeskContext, kind: "tickets" | "users" | "organizations", id: Ref): string {
  return `${originOf(settings)}/agent/${kind}/${id}`;
}

/** An id as a ref; Zendesk writes nobody as null or as 0. */
export function ref(id: number | null | undefined): Ref | null {
  return id === null || id === undefined || id <= 0 ? null : String(id);
}

/** Null when it is no time. */
export function moment(value: unknown): Moment | null {
  const instant = zendeskInstant(value);
  return instant === null ? null : { instant };
}

export function isStaff(role: unknown): boolean {
  return role === "agent" || role === "admin";
}

/** Agents are reps, everyone else is a customer's person. Who was erased for good makes no fact; who was switched off is taken back. */
export const userFacts = reading(records.userRecord, (user, context): readonly Fact[] => {
  if (user.permanently_deleted === true) return [];
  if (isStaff(user.role)) {
    return [
      {
        kind: "rep",
        externalId: context.externalId,
        isMention: false,
        name: user.name || null,
        email: emailOf(user.email),
        phone: user.phone || null,
        isActive: user.active !== false && user.suspended !== true,
        // An agent is in several groups: the groups list their members.
        team: null,
      },
    ];
  }
  return [
    {
      kind: "person",
      externalId: context.externalId,
      isMention: false,
      name: user.name || null,
      title: null,
      emails: present([emailOf(user.email)]),
      phones: present([user.phone]),
      company: ref(user.organization_id),
      rep: null,
      leadCreatedAt: null,
      url: agentUrl(context, "users", context.externalId),
      attributes: { external_id: user.external_id ?? null },
    },
  ];
});

export const companyFacts = reading(records.organizationRecord, (organization, context) => [
  {
    kind: "company",
    externalId: context.externalId,
    isMention: false,
    name: organization.name || null,
    domains: domainsOf(organization.domain_names),
    phones: [],
    rep: null,
    leadCreatedAt: null,
    url: agentUrl(context, "organizations", context.externalId),
    attributes: { external_id: organization.external_id ?? null, tags: wordsOf(organization.tags) },
  },
]);

export const teamFacts = reading(records.groupRecord, (group, context) => [
  {
    kind: "team",
    externalId: context.externalId,
    isMention: false,
    name: group.name || null,
    manager: null,
    members: group.memberships?.flatMap((membership) => ref(membership.user_id) ?? []) ?? null,
  },
]);

/** The ticket, and short notes of who is in it: their own records may come later, or not be allowed. */
export const ticketFacts: Normaliser = (record, context) => {
  // Thirty days after its deletion a ticket is emptied: nothing of it is left to tell.
  if (isScrubbed(record)) return { facts: [], skipped: [] };
  return readTicket(record, context);
};

export function isScrubbed(ticket: Json): boolean {
  return fieldOf(ticket, "status") === "deleted" && fieldOf(ticket, "subject") === "SCRUBBED";
}

const readTicket = reading(records.ticketRecord, (ticket, context): readonly Fact[] => {
  const openedAt = zendeskInstant(ticket.created_at);
  const channel = channelOf(ticket.via?.channel);
  // Every new account has one ticket that nobody wrote.
  if (openedAt === null || channel === "sample_ticket") return [];
  // The loser of a merge is closed by the merge, not answered or solved.
  const isMerged = ticket.tags?.includes("closed_by_merge") === true;
  const times = isMerged ? NO_TIMES : timesOf(ticket, openedAt);
  const isInternal = isStaff(ticket.requester?.role);
  const score = ticket.satisfaction_rating?.score;
  return [
    ...mentions(ticket, isInternal),
    {
      kind: "ticket",
      externalId: context.externalId,
      subject: ticket.subject || null,
      status: ticket.status ?? null,
      priority: ticket.priority ?? null,
      channel,
      openedAt: { instant: openedAt },
      ...times,
      reopens: ticket.metric_set?.reopens ?? null,
      satisfaction: score === "good" || score === "bad" ? score : null,
      rep: ref(ticket.assignee_id),
      person: isInternal ? null : ref(ticket.requester_id),
      company: ref(ticket.organization_id),
      url: agentUrl(context, "tickets", context.externalId),
      attributes: {
        type: ticket.type ?? null,
        group: ref(ticket.group_id),
        brand: ref(ticket.brand_id),
        tags: wordsOf(ticket.tags),
        is_merged: isMerged,
        is_follow_up: ticket.via?.source?.rel === "follow_up",
        replies: ticket.metric_set?.replies ?? null,
      },
    },
  ];
});

const NO_TIMES = { firstReplyAt: null, solvedAt: null };

/** The metric set counts minutes, and seconds for messaging. `solved_at` outlives a reopening: only a solved ticket was solved. */
function timesOf(
  ticket: records.TicketRecord,
  openedAt: Date,
): { readonly firstReplyAt: Moment | null; readonly solvedAt: Moment | null } {
  const metrics = ticket.metric_set;
  const minutes = metrics?.reply_time_in_minutes?.calendar;
  const replyS = metrics?.reply_time_in_seconds?.calendar ?? (typeof minutes === "number" ? minutes * 60 : null);
  const isSolved = ticket.status === "solved" || ticket.status === "closed";
  return {
    firstReplyAt: typeof replyS === "number" ? momentAfter(openedAt, replyS) : null,
    solvedAt: isSolved ? moment(metrics?.solved_at) : null,
  };
}

function momentAfter(start: Date, seconds: number): Moment | null {
  const instant = new Date(start.getTime() + seconds * 1000);
  return Number.isNaN(instant.getTime()) ? null : { instant };
}

function mentions({ requester, assignee, organization }: records.TicketRecord, isInternal: boolean): readonly Fact[] {
  const facts: Fact[] = [];
  if (requester && !isInternal) {
    facts.push({
      kind: "person",
      externalId: String(requester.id),
      isMention: true,
      name: requester.name || null,
      title: null,
      emails: present([emailOf(requester.email)]),
      phones: present([requester.phone]),
      company: ref(requester.organization_id),
      rep: null,
      leadCreatedAt: null,
      url: null,
      attributes: {},
    });
  }
  if (assignee) {
    const { id, name, email } = assignee;
    const rep = { name: name || null, email: emailOf(email), phone: null, isActive: null, team: null };
    facts.push({ kind: "rep", externalId: String(id), isMention: true, ...rep });
  }
  if (organization) {
    facts.push({
      kind: "company",
      externalId: String(organization.id),
      isMention: true,
      name: organization.name || null,
      domains: domainsOf(organization.domain_names),
      phones: [],
      rep: null,
      leadCreatedAt: null,
      url: null,
      attributes: {},
    });
  }
  return facts;
}

/** Old tickets have numbers, webhooks say `mail`. developer.zendesk.com, "Via types". */
const CHANNELS = new Map<string | number, string>([
  ["mail", "email"],
  [4, "email"],
  [29, "chat"],
  [33, "voice"],
  [34, "voice"],
  [35, "voice"],
]);

export function channelOf(channel: string | number | null | undefined): string | null {
  if (channel === null || channel === undefined || channel === "") return null;
  return CHANNELS.get(channel) ?? String(channel);
}

function emailOf(email: string | null | undefined): string | null {
  return email?.trim().toLowerCase() || null;
}

function domainsOf(domains: readonly string[] | null | undefined): readonly string[] {
  const clean = (domains ?? []).map((domain) =>
    domain
      .trim()
      .toLowerCase()
      .replace(/^www\./, ""),
  );
  return [...new Set(clean.filter((domain) => /^[^\s@/]+\.[^\s@/]+$/.test(domain)))];
}

function wordsOf(words: readonly string[] | null | undefined): string | null {
  return words?.join(" ") || null;
}

function present(values: readonly (string | null | undefined)[]): readonly string[] {
  return values.filter((value): value is string => value !== null && value !== undefined && value !== "");
}
