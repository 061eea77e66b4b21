import { fieldOf, listOf } from "../../../core/base/json.ts";
import type { ConnectorHarness, Harness, HarnessFault, HarnessOptions } from "../../_check/harness.ts";
import { createCompany } from "../../_simulator/company/company.ts";
import type { FaultKind } from "../../_simulator/faults.ts";
import { isoTime, numericId, type Fields } from "./format.ts";
import { startZendeskSimulator, type ZendeskSimulator } from "./index.ts";
import * as objects from "./objects.ts";
import type { Kind, Row } from "./store.ts";

/** Zendesk for the acceptance checks: an account of the one company, on its own free port. */
export const harness: ConnectorHarness = { start: startHarness };

/** Tickets, events, users, organizations, ratings and calls of a company of scale 1. */
const RECORDS_AT_SCALE_1 = 1600;

/** Each stream with its kind of rows. */
const STREAMS: { readonly [stream: string]: Kind } = {
  users: "user",
  organizations: "organization",
  groups: "group",
  tickets: "ticket",
  ticket_events: "event",
  satisfaction_ratings: "rating",
  survey_responses: "survey",
  calls: "call",
};

/** A 429 without `Retry-After` still has the account's own `ratelimit-reset`. */
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
  // The vendor's clock moves by a second with each change: nothing is held back, and no two changes share their second.
  const clock = { time: new Date(options.now.getTime() + (options.skewMs ?? 0)), now: () => clock.time };
  const company = createCompany({ seed: options.seed, now: options.now, scale: options.records / RECORDS_AT_SCALE_1 });
  const sim = await startZendeskSimulator({ company, clock, limits: "off", seed: options.seed });
  Object.assign(sim.dial, { heldBackS: 0, mostRows: 40 });
  addRecentRatings(sim, options.now);
  const { faults } = sim;
  const credentials = {
    client_id: sim.oauth.clientId,
    client_secret: sim.oauth.clientSecret,
    access_token: sim.accessToken(),
    expires_at: null,
  };
  return {
    ...changesOf(sim, clock),
    settings: {
      subdomain: sim.subdomain,
      base_url: sim.origin,
      requests_per_minute: 100_000,
      exports_per_minute: 100_000,
    },
    credentials,
    secrets: [credentials.client_secret, credentials.access_token],
    streams: Object.keys(STREAMS),
    onRequest: (next) => faults.listen(next),
    fail(fault, times = 1) {
      sim.dial.hasRetryAfter = fault !== "rate_limited_without_header";
      faults.script({ kind: FAULTS[fault], times });
    },
    disorder: (isOn) => faults.set({ duplicate: isOn ? 0.3 : 0, reorder: isOn ? 0.3 : 0 }),
    permit(stream, isPermitted) {
      if (stream !== "groups") return false;
      if (isPermitted) sim.allow(stream);
      else sim.deny(stream);
      return true;
    },
    revoke: () => sim.revoke(),
    requestCount: () => sim.log.length,
    stop: () => sim.close(),
  };
}

type Changes = Pick<Harness, "expected" | "digest" | "mutate" | "add" | "remove" | "spoil">;

/** What people do in Zendesk while nobody pulls, or while somebody does. */
function changesOf({ store, origin }: ZendeskSimulator, clock: { time: Date }): Changes {
  let changes = 0;

  function next(): Date {
    changes += 1;
    clock.time = new Date(clock.time.getTime() + 1000);
    return clock.time;
  }

  function there(stream: string): readonly Row[] {
    return store.all(kindOf(stream)).filter((row) => !isGone(row));
  }

  function some(stream: string): Row | undefined {
    const rows = there(stream).filter(
      (row) => (stream !== "users" || row["role"] === "end-user") && mayStillChange(row, clock.time),
    );
    return rows[(changes * 37) % Math.max(1, rows.length)];
  }

  function change(stream: string, patch: (row: Row, at: Date) => Fields): string | null {
    const at = next();
    const row = some(stream);
    return row === undefined ? null : String(store.patch(kindOf(stream), row.id, patch(row, at), at).id);
  }

  return {
    expected: (stream) => new Map(there(stream).map((row) => [String(row.id), digestOf(row)])),
    // A landed record is one of the rows above, with more beside it.
    digest: (_stream, record) => digestOf(record as Fields),
    mutate: (stream) =>
      stream === "ticket_events" ? null : change(stream, (row, at) => edited(stream, row, changes, at)),
    add(stream) {
      if (stream !== "tickets" && stream !== "ticket_events") return null;
      const at = next();
      const [like] = there("tickets");
      if (like === undefined) return null;
      const row =
        stream === "tickets"
          ? { ...like, id: 900_000 + changes, created_at: isoTime(at), updated_at: isoTime(at) }
          : objects.event({
              seed: `added ${changes}`,
              ticketId: Number(like.id),
              at,
              authorId: Number(like["requester_id"]),
              channel: "web",
              comment: "One more thing.",
            });
      store.put(kindOf(stream), row, at);
      return String(row.id);
    },
    remove(stream) {
      if (stream === "groups") {
        const at = next();
        const spare = store.all("group").find((group) => group["name"] === "Spare");
        if (spare !== undefined) return (store.drop("group", spare.id), String(spare.id));
        const id = numericId(`spare ${changes}`);
        store.put("group", objects.group(origin, { id, name: "Spare", createdAt: at, updatedAt: at }), at);
        return null;
      }
      const gone: { readonly [stream: string]: (at: Date) => Fields } = {
        users: () => ({ active: false }),
        organizations: (at) => ({ deleted_at: isoTime(at) }),
        tickets: () => ({ status: "deleted" }),
      };
      const patch = gone[stream];
      return patch === undefined ? null : change(stream, (_row, at) => patch(at));
    },
    spoil: (stream, how) =>
      change(stream, (row) => {
        if (how === "unknown") return { surprise: { is: [changes] } };
        if (stream !== "survey_responses") return MISTYPED[stream] ?? {};
        return { answers: (row["answers"] as readonly Fields[]).map((answer) => ({ ...answer, rating: "five" })) };
      }),
  };
}

const DAY_MS = 86_400_000;

/** The older generation of ratings ended long before the company's present: a few of today, so that there is something to change. */
function addRecentRatings({ store, origin }: ZendeskSimulator, now: Date): void {
  for (const ticket of store.all("ticket").slice(-3)) {
    const at = new Date(now.getTime() - DAY_MS);
    const rating = objects.rating(origin, {
      id: numericId(`recent rating ${ticket.id}`),
      ticketId: Number(ticket.id),
      requesterId: Number(ticket["requester_id"]),
      assigneeId: Number(ticket["assignee_id"]),
      groupId: Number(ticket["group_id"]),
      score: "good",
      createdAt: at,
      updatedAt: at,
    });
    store.put("rating", rating, at);
  }
}

/** A customer can change what was rated until the ticket is closed for good. */
function mayStillChange(row: Row, now: Date): boolean {
  const [answer] = listOf(row["answers"]);
  const ratedAt = row["score"] === undefined ? fieldOf(answer ?? null, "created_at") : row["created_at"];
  return typeof ratedAt !== "string" || now.getTime() - Date.parse(ratedAt) < 28 * DAY_MS;
}

const MISTYPED: { readonly [stream: string]: Fields } = {
  users: { name: 17 },
  organizations: { domain_names: "none" },
  groups: { name: 17 },
  tickets: { subject: 17 },
  ticket_events: { child_events: "none" },
  satisfaction_ratings: { score: 17 },
  calls: { talk_time: "long" },
};

function edited(stream: string, row: Row, changes: number, at: Date): Fields {
  if (stream === "groups" || stream === "users" || stream === "organizations") return { name: `Changed ${changes}` };
  if (stream === "tickets") return { subject: `Changed ${changes}` };
  if (stream !== "survey_responses") return { note: changes };
  const answers = row["answers"] as readonly Fields[];
  return { answers: answers.map((answer) => ({ ...answer, updated_at: at.toISOString() })) };
}

function kindOf(stream: string): Kind {
  const kind = STREAMS[stream];
  if (kind === undefined) throw new RangeError(`no stream ${stream}`);
  return kind;
}

function isGone(row: Row): boolean {
  return row["active"] === false || (row["deleted_at"] ?? null) !== null || row["status"] === "deleted";
}

/** When it last changed, by whatever the row says of it. */
function digestOf(row: Fields): string {
  const [answer] = listOf(row["answers"]);
  return JSON.stringify([row["name"], row["updated_at"], row["created_at"], fieldOf(answer ?? null, "updated_at")]);
}
