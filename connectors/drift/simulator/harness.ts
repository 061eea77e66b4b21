import { fieldOf, type Json } from "../../../core/base/json.ts";
import type { ConnectorHarness, Harness, HarnessFault, HarnessOptions } from "../../_check/harness.ts";
import { createCompany } from "../../_simulator/company/company.ts";
import type { FaultKind } from "../../_simulator/faults.ts";
import { type DriftSimulator, startDriftSimulator } from "./index.ts";
import type { DriftConversation, DriftObject } from "./store.ts";

/** Drift for the acceptance checks: an organization of the one company, with all of its chats. */
export const harness: ConnectorHarness = { start: startHarness };

/** Conversations, contacts, users, accounts and meetings of a company of scale 1. */
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

/** What the app's scopes allow, by stream. */
const SCOPES: { readonly [stream: string]: string } = { conversations: "conversation_read", accounts: "account_read" };

async function startHarness(options: HarnessOptions): Promise<Harness> {
  const company = createCompany({
    seed: options.seed,
    now: options.now,
    scale: options.records / RECORDS_AT_SCALE_1,
  });
  const sim = await startDriftSimulator({ company, limits: "off", seed: options.seed, chats: "all" });
  const { faults, dial } = sim;
  return {
    ...changesOf(sim, options.now.getTime(), options.skewMs ?? 0),
    settings: { base_url: sim.baseUrl, requests_per_second: 1000 },
    credentials: sim.credentials,
    secrets: [sim.credentials.access_token, sim.verificationToken],
    streams: ["users", "accounts", "conversations", "contacts", "meetings"],
    onRequest: (next) => faults.listen(next),
    fail(fault, times = 1) {
      dial.saysRetryAfter = fault !== "rate_limited_without_header";
      if (fault === "html") dial.landingPages = times;
      else faults.script({ kind: FAULTS[fault], times });
    },
    disorder: (isOn) => faults.set({ duplicate: isOn ? 0.3 : 0, reorder: isOn ? 0.3 : 0 }),
    permit(stream, isPermitted) {
      const scope = SCOPES[stream];
      if (scope !== undefined) dial.missingScopes = isPermitted ? [] : [scope];
      return scope !== undefined;
    },
    revoke: () => sim.revoke(),
    requestCount: () => sim.log.length,
    stop: () => sim.close(),
  };
}

type Changes = Pick<Harness, "expected" | "digest" | "mutate" | "add" | "remove" | "spoil">;
type Patch = { readonly [field: string]: unknown };

const MEETINGS_FROM_MS = -30 * 86_400_000;
const MEETINGS_TO_MS = 90 * 86_400_000;

/** What happens in Drift while nobody pulls, or while somebody does. */
function changesOf({ store }: DriftSimulator, startMs: number, skewMs: number): Changes {
  let changes = 0;
  let lastMs = startMs;

  /** No two changes share their millisecond, and none is before the history's end. */
  function next(): number {
    changes += 1;
    lastMs = Math.max(lastMs + 1, Date.now() + skewMs);
    return lastMs;
  }

  function some<T>(rows: readonly T[]): T | undefined {
    return rows[(changes * 37) % Math.max(1, rows.length)];
  }

  const held = (): readonly DriftConversation[] => store.latestFirst().filter((row) => row["status"] !== "bulk_sent");
  const meetings = (): readonly DriftObject[] =>
    [...store.meetings.values()].filter(({ slotStart }) => {
      const fromNowMs = Number(slotStart) - Date.now();
      return fromNowMs >= MEETINGS_FROM_MS && fromNowMs <= MEETINGS_TO_MS;
    });

  function changeConversation(patch: Patch, says: boolean): string | null {
    const at = next();
    const row = some(held());
    if (row === undefined) return null;
    const messages = store.messages.get(row.id) ?? [];
    const like = messages[0] ?? {};
    const said = says ? [...messages, { ...like, id: 9_800_000_000 + changes, createdAt: at }] : messages;
    store.putConversation({ ...row, ...patch, updatedAt: at }, said);
    return String(row.id);
  }

  /** A contact comes with its conversation: what a visitor tells of themselves, they tell in one. */
  function changeContact(patch: (contact: DriftObject) => Patch): string | null {
    const id = changeConversation({}, false);
    const contactId = Number(store.conversations.get(Number(id))?.["contactId"]);
    const contact = store.contacts.get(contactId);
    if (contact === undefined) return null;
    store.contacts.set(contactId, { ...contact, ...patch(contact) });
    return String(contactId);
  }

  function changeIn<Key>(map: Map<Key, DriftObject>, key: string, rows: readonly DriftObject[], patch: Patch) {
    const at = next();
    const row = some(rows);
    if (row === undefined) return null;
    map.set(row[key] as Key, { ...row, updatedAt: at, ...patch });
    return String(row[key]);
  }

  function change(stream: string, field: string, value: unknown): string | null {
    switch (stream) {
      case "conversations":
        return changeConversation({ [field]: value }, true);
      case "contacts":
        return changeContact(({ attributes }) =>
          field === "attributes" ? { attributes: value } : { attributes: { ...(attributes as Patch), [field]: value } },
        );
      case "users":
        return changeIn(store.users, "id", [...store.users.values()], { [field]: value });
      case "accounts":
        return changeIn(store.accounts, "accountId", [...store.accounts.values()], { [field]: value });
      default:
        return changeIn(store.meetings, "slug", meetings(), { [field]: value });
    }
  }

  return {
    expected(stream) {
      const expected = (rows: readonly DriftObject[], key: string): ReadonlyMap<string, string> =>
        new Map(rows.map((row) => [String(row[key]), JSON.stringify(row)]));
      if (stream === "users") return expected([...store.users.values()], "id");
      if (stream === "accounts") return expected([...store.accounts.values()], "accountId");
      if (stream === "meetings") return expected(meetings(), "slug");
      if (stream === "conversations")
        return new Map(
          store
            .latestFirst()
            .map((row) => [String(row.id), versionOf(row.updatedAt, store.messages.get(row.id)?.length)]),
        );
      const ids = new Set(held().map((row) => Number(row["contactId"])));
      return expected(
        [...store.contacts.values()].filter(({ id }) => ids.has(Number(id))),
        "id",
      );
    },
    digest(stream, record) {
      if (stream !== "conversations") return JSON.stringify(record);
      const messages = fieldOf(record, "messages");
      return versionOf(fieldOf(record, "updatedAt"), Array.isArray(messages) ? messages.length : undefined);
    },
    mutate: (stream) => change(stream, NAMES[stream] ?? "name", `changed ${changes}`),
    add(stream) {
      const at = next();
      if (stream !== "conversations") return null;
      const like = some(held());
      if (like === undefined) return null;
      const id = 3_800_000_000 + changes;
      store.putConversation({ ...like, id, createdAt: at, updatedAt: at }, store.messages.get(like.id));
      return String(id);
    },
    // Drift does not tell of deleted conversations, and takes neither users nor meetings back: see README.md.
    remove(stream) {
      next();
      const row = stream === "accounts" ? some([...store.accounts.values()]) : undefined;
      if (row === undefined) return null;
      store.accounts.delete(String(row["accountId"]));
      return String(row["accountId"]);
    },
    spoil: (stream, how) =>
      how === "unknown"
        ? change(stream, "surprise", { is: [changes] })
        : change(stream, MISTYPED[stream] ?? "name", 17),
  };
}

/** A text field that changes. */
const NAMES: { readonly [stream: string]: string } = { conversations: "relatedNote", meetings: "meetingType" };
/** A field that is read, and is no number. */
const MISTYPED: { readonly [stream: string]: string } = {
  conversations: "conversationTags",
  contacts: "attributes",
  meetings: "eventId",
};

function versionOf(updatedAt: Json, messages: number | undefined): string {
  return `${JSON.stringify(updatedAt)} with ${messages ?? 0} messages`;
}
