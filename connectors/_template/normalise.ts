import type { z } from "zod";
import type { Json } from "../../core/base/json.ts";
import { parseMinor } from "../../core/base/money.ts";
import type { NormaliseContext, NormaliseResult } from "../../core/connector/define.ts";
import type { Fact, RepFact } from "../../core/schema/facts.ts";
import type { AcmeCrmSettings } from "./client.ts";
import { call, deal } from "./records.ts";

type Normaliser = (record: Json, context: NormaliseContext<AcmeCrmSettings>) => NormaliseResult;
/** One that cannot be read is skipped with the names of its odd fields, never their values. */
function normaliser<T>(schema: z.ZodType<T>, facts: (record: T) => readonly Fact[]): Normaliser {
  return (record, context) => {
    const parsed = schema.safeParse(record);
    if (parsed.success) return { facts: facts(parsed.data), skipped: [] };
    const reason = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.code}`).join(", ");
    return { facts: [], skipped: [{ code: "acme-crm.record.unreadable", at: context.externalId, reason }] };
  };
}

function mentioned({ id, name, email }: z.infer<typeof deal>["owner"]): RepFact {
  return { kind: "rep", externalId: id, isMention: true, name, email, phone: null, isActive: null, team: null };
}

const UNSAID = { company: null, person: null, url: null, attributes: {} } as const;
const DEAL_UNSAID = { ...UNSAID, pipeline: null, stage: null, probability: null, expectedCloseOn: null } as const;
const CALL_UNSAID = { ...UNSAID, bookedAt: null, subject: null, matchKeys: [] } as const;

export const dealFacts: Normaliser = normaliser(deal, (record) => [
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

export const callFacts: Normaliser = normaliser(call, (record) => [
  mentioned(record.owner),
  {
    ...CALL_UNSAID,
    kind: "activity",
    externalId: record.id,
    type: "call",
    direction: record.direction,
    occurredAt: { instant: new Date(record.started_at) },
    durationS: record.duration_s,
    outcome: record.outcome,
    rep: record.owner.id,
    deal: record.deal_id,
  },
]);
