import { fieldOf } from "../../../core/base/json.ts";
import type { ConnectorHarness, Harness, HarnessFault, HarnessOptions } from "../../_check/harness.ts";
import { createCompany } from "../../_simulator/company/company.ts";
import type { FaultKind } from "../../_simulator/faults.ts";
import { startCloseSimulator, type CloseSimulator } from "./index.ts";
import * as objects from "./objects.ts";

/** Close for the acceptance checks: an account of the one company, on its own free port. */
export const harness: ConnectorHarness = { start: startHarness };

/** Leads, contacts, deals and activities of a company of scale 1. */
const RECORDS_AT_SCALE_1 = 35_000;

/** Each stream with its kind of objects and a text field that people edit. The event log comes last: it tells of the others' deletions. */
const STREAMS = {
  leads: { kind: "lead", field: "description" },
  contacts: { kind: "contact", field: "title" },
  opportunities: { kind: "opportunity", field: "note" },
  calls: { kind: "call", field: "note" },
  emails: { kind: "email", field: "subject" },
  meetings: { kind: "meeting", field: "title" },
  notes: { kind: "note", field: "note" },
} as const;
type ObjectStream = keyof typeof STREAMS;

/** What a key may be forbidden, by stream. */
const FAMILIES: { readonly [stream: string]: string } = { calls: "activity/call", emails: "activity/email" };

/** Events that the connector lands themselves. */
const KEPT = /^(opportunity (created|updated)|lead merged|activity\.meeting (created|scheduled))$/;
const RETENTION_MS = 30 * 86_400_000;

/** Close has no 429 without its header and answers HTML with an error status alone; those two stand in for what it does not do. */
const FAULTS: { readonly [fault in HarnessFault]: FaultKind } = {
  rate_limited: "rate429",
  rate_limited_without_header: "rate429",
  server_error: "rate5xx",
  unavailable_html: "html502",
  reset: "reset",
  drip: "drip",
  truncated: "truncate",
  html: "html502",
};

async function startHarness(options: HarnessOptions): Promise<Harness> {
  const scale = options.records / RECORDS_AT_SCALE_1;
  const company = createCompany({ seed: options.seed, now: options.now, scale });
  const sim = await startCloseSimulator({ company, limits: "off", seed: options.seed });
  const changes = changesOf(sim, options.skewMs ?? 0);
  const { faults } = sim;
  return {
    ...changes,
    settings: { base_url: sim.baseUrl },
    credentials: { api_key: sim.apiKey },
    secrets: [sim.apiKey, Buffer.from(`${sim.apiKey}:`).toString("base64")],
    streams: [...Object.keys(STREAMS), "events"],
    onRequest: (next) => faults.listen(next),
    fail: (fault, times = 1) => faults.script({ kind: FAULTS[fault], times }),
    disorder: (isOn) => faults.set({ duplicate: isOn ? 0.3 : 0, reorder: isOn ? 0.3 : 0, late: isOn ? 0.2 : 0 }),
    permit(stream, isPermitted) {
      // Leads come from the search, and contacts with them: no list of theirs can be forbidden by itself.
      const family = FAMILIES[stream];
      if (family === undefined) return false;
      if (isPermitted) sim.allow(sim.apiKey, family);
      else sim.deny(sim.apiKey, family);
      return true;
    },
    revoke: () => sim.revokeKey(sim.apiKey),
    requestCount: () => sim.log.length,
    stop: () => sim.close(),
  };
}

type Changes = Pick<Harness, "expected" | "digest" | "mutate" | "add" | "remove" | "spoil">;

/** What people do in Close while nobody pulls, or while somebody does. Each change leaves its event in the log. */
function changesOf({ store }: CloseSimulator, skewMs: number): Changes {
  let changes = 0;
  let lastMs = 0;

  /** No two changes share their millisecond. */
  function next(): Date {
    changes += 1;
    lastMs = Math.max(lastMs + 1, Date.now() + skewMs);
    return new Date(lastMs);
  }

  function some(stream: string): { readonly of: (typeof STREAMS)[ObjectStream]; readonly id: string } | null {
    if (!isObjectStream(stream)) return null;
    const of = STREAMS[stream];
    const rows = store.newestFirst(of.kind);
    const row = rows[(changes * 37) % Math.max(1, rows.length)];
    return row === undefined ? null : { of, id: row.id };
  }

  function change(stream: string, patch: (field: string) => objects.Fields): string | null {
    const at = next();
    const row = some(stream);
    return row === null ? null : store.update(row.of.kind, row.id, patch(row.of.field), { at }).id;
  }

  return {
    expected: (stream) => (isObjectStream(stream) ? expectedObjects(store, stream) : expectedEvents(store)),
    digest: (_stream, record) => JSON.stringify(fieldOf(record, "date_updated")),
    mutate: (stream) => change(stream, (field) => ({ [field]: `changed ${changes}` })),
    add(stream) {
      if (stream !== "calls") return null;
      const at = next();
      const [like] = store.newestFirst("call");
      const of = {
        lead_id: like?.["lead_id"],
        user_id: like?.["user_id"],
        organization_id: store.setup.organizationId,
      };
      const call = objects.call({ ...of, id: `acti_added${changes}`, at });
      store.create("call", call, { at });
      return call.id;
    },
    remove(stream) {
      const at = next();
      // With a lead goes everything of it, and a contact goes by an edit of its lead: neither is one record taken back.
      const row = stream === "leads" || stream === "contacts" ? null : some(stream);
      if (row === null) return null;
      store.remove(row.of.kind, row.id, { at });
      return row.id;
    },
    spoil: (stream, how) =>
      change(stream, (field) =>
        how === "unknown" ? { surprise: { is: [changes] } } : { [field]: 17, date_created: 17 },
      ),
  };
}

function isObjectStream(stream: string): stream is ObjectStream {
  return Object.hasOwn(STREAMS, stream);
}

function expectedObjects(store: CloseSimulator["store"], stream: ObjectStream): ReadonlyMap<string, string> {
  return new Map([...store.all(STREAMS[stream].kind)].map((row) => [row.id, JSON.stringify(row["date_updated"])]));
}

function expectedEvents(store: CloseSimulator["store"]): ReadonlyMap<string, string> {
  const oldestMs = Date.now() - RETENTION_MS;
  const kept = store.events.filter((event) => KEPT.test(`${event.object_type} ${event.action}`));
  return new Map(
    kept
      .map((event) => ({ event, at: new Date(`${event.date_updated}Z`) }))
      .filter(({ at }) => at.getTime() >= oldestMs)
      .map(({ event, at }) => [`${event.id}|${at.toISOString()}`, JSON.stringify(event.date_updated)]),
  );
}
