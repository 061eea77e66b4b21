import { fieldOf, type Json } from "../../core/base/json.ts";
import { isDay, type Day } from "../../core/base/time.ts";
import type { NormaliseContext, NormaliseResult } from "../../core/connector/define.ts";
import { VALUE_PERIODS, type DealStatus, type ValuePeriod } from "../../core/schema/canonical.ts";
import { type Reading, readingOf } from "../../core/connector/reading.ts";
import type { Attributes, DealState, Moment } from "../../core/schema/facts.ts";
import * as records from "./records.ts";
import type { CloseSettings } from "./settings.ts";
import { closeInstant } from "./time.ts";

export type CloseContext = NormaliseContext<CloseSettings>;
export type Normaliser = (record: Json, context: CloseContext) => NormaliseResult;

/** What a lead, a contact or a deal looks like in the app. */
const LEAD_PAGE = "https://app.close.com/lead/";

export function leadUrl(leadId: string | null | undefined): string | null {
  return leadId === null || leadId === undefined ? null : `${LEAD_PAGE}${leadId}/`;
}

export const reading: Reading<CloseSettings> = readingOf({ code: "close.record.unreadable" });

/** Raw records that are kept for what they say about others, and are no fact themselves. */
export const noFacts: Normaliser = () => ({ facts: [], skipped: [] });

export const repFacts = reading(records.userRecord, (user, context) => {
  const isFormer = user.user_id !== null && user.user_id !== undefined;
  const name = isFormer ? user.user_full_name : [user.first_name, user.last_name].filter(Boolean).join(" ");
  return [
    {
      kind: "rep",
      externalId: context.externalId,
      isMention: false,
      name: name || null,
      email: (isFormer ? user.user_email : user.email) ?? null,
      phone: null,
      isActive: !isFormer,
      team: null,
    },
  ];
});

export const teamFacts = reading(records.groupRecord, (group) => [
  {
    kind: "team",
    externalId: group.id,
    isMention: false,
    name: group.name ?? null,
    manager: null,
    members: group.members?.map((member) => member.user_id) ?? null,
  },
]);

export const pipelineFacts = reading(records.pipelineRecord, (pipeline) => [
  {
    kind: "pipeline",
    externalId: pipeline.id,
    isMention: false,
    name: pipeline.name ?? null,
    stages: (pipeline.statuses ?? []).map((status) => ({
      externalId: status.id,
      name: status.label ?? status.id,
      type: dealStatus(status.type) ?? "open",
      // Close gives a probability to deals, never to stages.
      probability: null,
      canonical: null,
    })),
  },
]);

/** The name of what others point at by id; a deleted one keeps its name, since history still points at it. */
export function labelFacts(namespace: string): Normaliser {
  return reading(records.namedRecord, (record) => {
    const name = record.name ?? record.label;
    return name ? [{ kind: "label", namespace, externalId: record.id, name }] : [];
  });
}

export const companyFacts = reading(records.leadRecord, (lead, { settings }, raw) => [
  {
    kind: "company",
    externalId: lead.id,
    isMention: false,
    name: lead.display_name || lead.name || null,
    domains: domainsOf(lead.url),
    phones: [],
    rep: null,
    leadCreatedAt: moment(lead.date_created),
    url: lead.html_url ?? leadUrl(lead.id),
    attributes: {
      lead_status: lead.status_label ?? null,
      source: lead.source ?? null,
      country: lead.addresses?.find((address) => address.country)?.country ?? null,
      ...customAttributes(raw, settings.lead_attributes),
    },
  },
  {
    kind: "lead_status",
    externalId: lead.id,
    lead: { kind: "company", ref: lead.id },
    changedAt: null,
    before: null,
    status: lead.status_label ?? null,
  },
]);

/** A lead's status with the time from which it held. */
export const leadStatusFacts = reading(records.leadStatusChangeRecord, (change) => {
  const changedAt = moment(change.activity_at) ?? moment(change.date_created);
  if (changedAt === null || !change.lead_id) return [];
  return [
    {
      kind: "lead_status",
      externalId: change.id,
      lead: { kind: "company", ref: change.lead_id },
      changedAt,
      before: change.old_status_label ?? null,
      status: change.new_status_label ?? null,
    },
  ];
});

export const personFacts = reading(records.contactRecord, (contact) => [
  {
    kind: "person",
    externalId: contact.id,
    isMention: false,
    name: contact.display_name || contact.name || null,
    title: contact.title || null,
    emails: present(contact.emails?.map((entry) => entry.email?.toLowerCase())),
    phones: present(contact.phones?.map((entry) => entry.phone)),
    company: contact.lead_id ?? null,
    rep: null,
    // The lead is the company; counting its people as well would count each lead several times.
    leadCreatedAt: null,
    url: leadUrl(contact.lead_id),
    attributes: {},
  },
]);

export const dealFacts = reading(records.opportunityRecord, (deal, { settings, currency }, raw) => {
  const status = dealStatus(deal.status_type) ?? "open";
  const reason = settings.lost_reason_field;
  return [
    {
      kind: "deal",
      externalId: deal.id,
      // A Close opportunity has no title; people know it by its lead.
      name: deal.lead_name ?? null,
      company: deal.lead_id ?? null,
      person: deal.contact_id ?? null,
      createdAt: moment(deal.date_created),
      closedAt: closedAt(status, deal.date_won, deal.date_lost),
      lostReason: status === "lost" && reason !== undefined ? customText(raw, reason) : null,
      url: leadUrl(deal.lead_id),
      attributes: customAttributes(raw, settings.deal_attributes),
      status,
      pipeline: deal.pipeline_id ?? null,
      stage: deal.status_id ?? null,
      amountMinor: wholeMinor(deal.value),
      currency: deal.value_currency ?? currency,
      valuePeriod: valuePeriod(deal.value_period),
      rep: deal.user_id ?? null,
      probability: share(deal.confidence),
      expectedCloseOn: status === "open" ? dayPart(deal.date_won) : null,
    },
  ];
});

/**
 * A stage move. There is no row for the first stage: `before` of the earliest row tells it. The value beside it is the deal's after the
 * change as far as samples show (unverified).
 */
export const statusChangeFacts = reading(records.statusChangeRecord, (change, { currency }) => {
  const changedAt = moment(change.activity_at) ?? moment(change.date_created);
  if (changedAt === null || !change.opportunity_id) return [];
  const value =
    typeof change.opportunity_value === "number"
      ? {
          amountMinor: wholeMinor(change.opportunity_value),
          currency: change.opportunity_value_currency ?? currency,
          valuePeriod: valuePeriod(change.opportunity_value_period),
        }
      : {};
  const probability =
    typeof change.opportunity_confidence === "number" ? { probability: share(change.opportunity_confidence) } : {};
  return [
    {
      kind: "deal_change",
      externalId: change.id,
      deal: change.opportunity_id,
      changedAt,
      before: stageState(change.old_status_type, change.old_status_id, change.old_pipeline_id),
      after: {
        ...stageState(change.new_status_type, change.new_status_id, change.new_pipeline_id),
        ...value,
        ...probability,
      },
    },
  ];
});

function stageState(
  type: string | null | undefined,
  stage: string | null | undefined,
  pipeline: string | null | undefined,
): Partial<DealState> {
  const status = dealStatus(type);
  return {
    ...(status === null ? {} : { status }),
    ...(stage ? { stage } : {}),
    ...(pipeline ? { pipeline } : {}),
  };
}

export function dealStatus(type: string | null | undefined): DealStatus | null {
  if (type === "won" || type === "lost") return type;
  return type === "active" ? "open" : null;
}

export function valuePeriod(text: string | null | undefined): ValuePeriod {
  return VALUE_PERIODS.find((period) => period === text) ?? "one_time";
}

export function wholeMinor(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? Math.round(value) : null;
}

export function share(percent: number | null | undefined): number | null {
  return typeof percent === "number" ? Math.min(1, Math.max(0, percent / 100)) : null;
}

/**
 * `date_won` means "won on" only while the deal is won: on an open deal it is the estimated close, and it survives a reopening. Where
 * there are stage moves they know the instant better.
 */
function closedAt(status: DealStatus, won: string | null | undefined, lost: string | null | undefined): Moment | null {
  if (status === "lost") return moment(lost);
  const day = status === "won" ? dayPart(won) : null;
  return day === null ? null : { day };
}

export function moment(text: string | null | undefined): { readonly instant: Date } | null {
  const instant = closeInstant(text);
  return instant === null ? null : { instant };
}

/** `date_won` is a day on deals and a date-time on stage moves. */
export function dayPart(text: string | null | undefined): Day | null {
  const day = (text ?? "").slice(0, 10);
  return isDay(day) ? day : null;
}

/** The host name of a company's address, without `www.`. */
function domainsOf(url: string | null | undefined): readonly string[] {
  if (!url) return [];
  const address = /^[a-z]+:\/\//i.test(url) ? url : `https://${url}`;
  if (!URL.canParse(address)) return [];
  const host = new URL(address).hostname.toLowerCase().replace(/^www\./, "");
  return host.includes(".") ? [host] : [];
}

/** A custom field's value: by id as a flat key, by name out of the older `custom` object (see deals.ts). Several values: joined. */
function customText(record: Json, field: string): string | null {
  const value = fieldOf(record, `custom.${field}`) ?? fieldOf(fieldOf(record, "custom"), field);
  if (Array.isArray(value)) return value.filter((part) => typeof part === "string").join(", ") || null;
  return value === null || typeof value === "object" ? null : String(value);
}

function customAttributes(record: Json, fields: { readonly [name: string]: string } | undefined): Attributes {
  return Object.fromEntries(Object.entries(fields ?? {}).map(([name, field]) => [name, customText(record, field)]));
}

function present(values: readonly (string | null | undefined)[] | undefined): readonly string[] {
  return (values ?? []).filter((value) => value !== null && value !== undefined).filter((value) => value !== "");
}
