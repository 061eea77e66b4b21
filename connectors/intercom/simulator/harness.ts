import type { ConnectorHarness, Harness, HarnessFault, HarnessOptions } from "../../_check/harness.ts";
import { createCompany } from "../../_simulator/company/company.ts";
import type { FaultKind } from "../../_simulator/faults.ts";
import { asListed } from "../conversations.ts";
import { type IntercomSimulator, startIntercomSimulator } from "./index.ts";
import { type IntercomObject, wholeConversation } from "./store.ts";

/** Intercom for the acceptance checks: a workspace of the one company, with all of its chats. */
export const harness: ConnectorHarness = { start: startHarness };

/** Conversations, contacts, companies, admins and teams of a company of scale 1. */
const RECORDS_AT_SCALE_1 = 1400;

const FAULTS: { readonly [fault in Exclude<HarnessFault, "html">]: FaultKind } = {
  rate_limited: "rate429",
  rate_limited_without_header: "rate429",
  server_error: "rate5xx",
  unavailable_html: "html502",
  reset: "reset",
  drip: "drip",
  truncated: "truncate",
};

async function startHarness(options: HarnessOptions): Promise<Harness> {
  const scale = options.records / RECORDS_AT_SCALE_1;
  const company = createCompany({ seed: options.seed, now: options.now, scale });
  const sim = await startIntercomSimulator({ company, limits: "off", seed: options.seed, chats: "all" });
  const { faults, dial } = sim;
  return {
    ...changesOf(sim, Math.floor(options.now.getTime() / 1000), Math.floor((options.skewMs ?? 0) / 1000)),
    settings: { base_url: sim.baseUrl, companies_every_minutes: 0, requests_per_minute: 60_000 },
    credentials: sim.credentials,
    secrets: [sim.credentials.access_token, sim.oauth.clientSecret],
    streams: ["admins", "teams", "companies", "contacts", "conversations"],
    onRequest: (next) => faults.listen(next),
    fail(fault, times = 1) {
      dial.saysReset = fault !== "rate_limited_without_header";
      if (fault === "html") dial.webPages = times;
      else faults.script({ kind: FAULTS[fault], times });
    },
    disorder: (isOn) => faults.set({ duplicate: isOn ? 0.3 : 0, reorder: isOn ? 0.3 : 0 }),
    permit(stream, isPermitted) {
      if (stream !== "companies" && stream !== "contacts") return false;
      dial.denied = isPermitted ? [] : [stream];
      return true;
    },
    revoke: () => sim.revoke(),
    requestCount: () => sim.log.length,
    stop: () => sim.close(),
  };
}

type Changes = Pick<Harness, "expected" | "digest" | "mutate" | "add" | "remove" | "spoil">;
type Name = "admins" | "teams" | "companies" | "contacts" | "conversations";

/** What happens in Intercom while nobody pulls, or while somebody does. */
function changesOf({ store }: IntercomSimulator, startS: number, skewS: number): Changes {
  let changes = 0;

  /** Of the current second, like other changes of it; none is before the history's end. */
  function next(): number {
    changes += 1;
    return Math.max(startS, Math.floor(Date.now() / 1000) + skewS);
  }

  function some(stream: string): IntercomObject | undefined {
    const rows = [...store[stream as Name].values()];
    return rows[(changes * 37) % Math.max(1, rows.length)];
  }

  function change(stream: string, patch: { readonly [field: string]: unknown }): string | null {
    const updated_at = next();
    const row = some(stream);
    if (row === undefined) return null;
    store[stream as Name].set(row.id, { ...row, updated_at, ...patch });
    return row.id;
  }

  function asPulled(stream: string, row: IntercomObject): unknown {
    if (stream === "conversations") return wholeConversation(store, row.id);
    return stream === "admins" || stream === "teams" ? row : asListed(row as Parameters<typeof asListed>[0]);
  }

  return {
    expected: (stream) =>
      new Map([...store[stream as Name].values()].map((row) => [row.id, JSON.stringify(asPulled(stream, row))])),
    digest: (_stream, record) => JSON.stringify(record),
    mutate: (stream) =>
      change(stream, stream === "conversations" ? { title: `changed ${changes}` } : { name: `changed ${changes}` }),
    add(stream) {
      const updated_at = next();
      const like = some(stream);
      if (like === undefined || stream === "admins" || stream === "teams") return null;
      const id =
        stream === "conversations" ? String(31_547_000_000 + changes) : `7762f14a${String(changes).padStart(16, "0")}`;
      store[stream as Name].set(id, { ...like, id, updated_at });
      return id;
    },
    // Searches do not tell what was deleted, and admins keep their conversations: see README.md.
    remove(stream) {
      next();
      const row = stream === "companies" || stream === "teams" ? some(stream) : undefined;
      if (row === undefined) return null;
      store[stream as Name].delete(row.id);
      return row.id;
    },
    spoil: (stream, how) =>
      change(stream, how === "unknown" ? { surprise: { is: [changes] } } : MISTYPED[stream as Name]),
  };
}

const MISTYPED: { readonly [stream in Name]: { readonly [field: string]: unknown } } = {
  admins: { email: 17 },
  teams: { admin_ids: 17 },
  companies: { website: 17 },
  contacts: { email: 17 },
  conversations: { created_at: "soon" },
};
