import type { Json, JsonObject } from "../../../core/base/json.ts";
import type { HarnessOptions } from "../../_check/harness.ts";
import { createCompany } from "../../_simulator/company/company.ts";
import type { Company, Deal } from "../../_simulator/company/model.ts";

export type AcmeCrmRow = JsonObject & { readonly id: string; readonly updated_at: string };

/** The vendor's rows, made from the one company, and what can happen to them. */
export type AcmeCrmStore = {
  /** The vendor's clock: moves a second with every change. */
  now(): Date;
  /** By update time, oldest first. */
  inOrder(stream: string): readonly AcmeCrmRow[];
  expected(stream: string): ReadonlyMap<string, string>;
  digest(stream: string, record: Json): string;
  mutate(stream: string): string | null;
  add(stream: string): string | null;
  remove(stream: string): string | null;
  spoil(stream: string, how: "unknown" | "mistyped"): string | null;
};

/** Deals and calls of a company of scale 1. */
const RECORDS_AT_SCALE_1 = 8500;

export function createAcmeCrmStore(options: HarnessOptions): AcmeCrmStore {
  const scale = options.records / RECORDS_AT_SCALE_1;
  const lists = rowsOf(createCompany({ seed: options.seed, now: options.now, scale }));
  const ordered = new Map<string, readonly AcmeCrmRow[]>();
  let nowMs = options.now.getTime() + (options.skewMs ?? 0);
  let changes = 0;

  function put(stream: string, row: JsonObject & { readonly id: string }): string {
    nowMs += 1000;
    ordered.delete(stream);
    lists[stream]?.set(row.id, { ...row, updated_at: new Date(nowMs).toISOString() });
    return row.id;
  }

  /** Another row that is there, each time. */
  function some(stream: string): AcmeCrmRow | null {
    const there = [...(lists[stream]?.values() ?? [])].filter((row) => row["deleted"] !== true);
    changes += 1;
    // A step without a common divisor with most lengths: rows of the whole list are met.
    return there[(changes * 37) % Math.max(1, there.length)] ?? null;
  }

  function change(stream: string, to: (row: AcmeCrmRow) => JsonObject & { readonly id: string }): string | null {
    const row = some(stream);
    return row === null ? null : put(stream, to(row));
  }

  return {
    now: () => new Date(nowMs),
    inOrder(stream) {
      let rows = ordered.get(stream);
      if (rows === undefined) {
        rows = [...(lists[stream]?.values() ?? [])].toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
        ordered.set(stream, rows);
      }
      return rows;
    },
    expected(stream) {
      const there = [...(lists[stream]?.values() ?? [])].filter((row) => row["deleted"] !== true);
      return new Map(there.map((row) => [row.id, JSON.stringify(row)]));
    },
    digest: (_stream, record) => JSON.stringify(record),
    mutate: (stream) => change(stream, (row) => ({ ...row, name: `changed ${changes}` })),
    add: (stream) => change(stream, (row) => ({ ...row, id: `${row.id}-copy-${changes}` })),
    remove: (stream) => change(stream, (row) => ({ id: row.id, deleted: true })),
    spoil: (stream, how) =>
      change(stream, (row) => ({ ...row, ...(how === "unknown" ? { surprise: { is: [changes] } } : { owner: 17 }) })),
  };
}

/** Where a row stands in its list. */
export function place(row: AcmeCrmRow): string {
  return `${row.updated_at} ${row.id}`;
}

function rowsOf(company: Company): { readonly [stream: string]: Map<string, AcmeCrmRow> } {
  const owners = new Map(company.reps.map(({ id, name, email }) => [id, { id, name, email }]));
  const owner = (id: string): JsonObject => owners.get(id) ?? { id, name: "", email: "" };
  const calls = company.activities.filter((activity) => activity.type === "call");
  return {
    deals: listed(company.deals.map((deal) => dealRow(deal, owner(deal.state.ownerId), company.profile.currency))),
    calls: listed(
      calls.map((call) => ({
        id: call.id,
        deal_id: call.dealId,
        owner: owner(call.repId),
        direction: call.direction,
        started_at: call.at.toISOString(),
        duration_s: call.durationS,
        outcome: call.outcome,
        updated_at: call.updatedAt.toISOString(),
      })),
    ),
  };
}

function dealRow(deal: Deal, owner: JsonObject, currency: string): AcmeCrmRow {
  const { status, amountMinor, lostReason } = deal.state;
  return {
    id: deal.id,
    name: deal.name,
    status,
    value: amountMinor === null ? null : (amountMinor / 100).toFixed(2),
    currency,
    owner,
    created_at: deal.createdAt.toISOString(),
    closed_at: deal.closedAt?.toISOString() ?? null,
    lost_reason: lostReason,
    updated_at: deal.updatedAt.toISOString(),
  };
}

function listed(rows: readonly AcmeCrmRow[]): Map<string, AcmeCrmRow> {
  return new Map(rows.map((row) => [row.id, row]));
}
