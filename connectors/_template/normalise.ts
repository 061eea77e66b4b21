import type { z } from "zod";
import { parseMinor } from "../../core/base/money.ts";
import { readingOf } from "../../core/connector/reading.ts";
import type { RepFact } from "../../core/schema/facts.ts";
import { outcomeOf } from "../../core/schema/outcomes.ts";
import type { AcmeCrmSettings } from "./client.ts";
import { call, deal } from "./records.ts";

const reading = readingOf<AcmeCrmSettings>({ code: "acme-crm.record.unreadable" });

function mentioned({ id, name, email }: z.infer<typeof deal>["owner"]): RepFact {
  return { kind: "rep", externalId: id, isMention: true, name, email, phone: null, isActive: null, team: null };
}

const UNSAID = { company: null, person: null, url: null, attributes: {} } as const;
const DEAL_UNSAID = { ...UNSAID, pipeline: null, stage: null, probability: null, expectedCloseOn: null } as const;
const CALL_UNSAID = { ...UNSAID, bookedAt: null, subject: null, matchKeys: [] } as const;

export const dealFacts = reading(deal, (record) => [
  mentioned(record.owner),
  {
    ...DEAL_UNSAID,
    kind: "deal",
    externalId: record.id,
    name: record.name,
    status: record.status,
    amountMinor: record.value === null ? null : parseMinor(record.value, record.currency),
    currency: record.currency,
    valuePeriod: "one_time",
    rep: record.owner.id,
    createdAt: { instant: new Date(record.created_at) },
    closedAt: record.closed_at === null ? null : { instant: new Date(record.closed_at) },
    lostReason: record.lost_reason,
  },
]);

export const callFacts = reading(call, (record) => [
  mentioned(record.owner),
  {
    ...CALL_UNSAID,
    kind: "activity",
    externalId: record.id,
    type: "call",
    direction: record.direction,
    occurredAt: { instant: new Date(record.started_at) },
    durationS: record.duration_s,
    outcome: outcomeOf(record.outcome, "call"),
    disposition: record.outcome,
    rep: record.owner.id,
    deal: record.deal_id,
  },
]);
