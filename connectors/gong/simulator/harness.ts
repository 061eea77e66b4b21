import type { Json, JsonObject } from "../../../core/base/json.ts";
import { addDays, dayOf } from "../../../core/base/time.ts";
import type { ConnectorHarness, Harness, HarnessFault, HarnessOptions } from "../../_check/harness.ts";
import { createCompany } from "../../_simulator/company/company.ts";
import type { FaultKind } from "../../_simulator/faults.ts";
import { idAt, valueAt } from "../client.ts";
import { activityOf } from "./activity.ts";
import { addLike } from "./disturb.ts";
import { gongId } from "./format.ts";
import { type GongSimulator, startGongSimulator } from "./index.ts";

/** Gong for the acceptance checks: an account of the one company, on its own free port. */
export const harness: ConnectorHarness = { start: startHarness };

/** Calls, their transcripts, and the days of users, of a company of scale 1. */
const RECORDS_AT_SCALE_1 = 13_000;
/** Calls of the last hours: only the latest days are listed with every pull. */
const RECENT_CALLS = 150;
const RECENT_REVIEWS = 30;
const RECENT_MS = 20 * 3_600_000;
/** Where most of what was known is missing, nothing is taken for deleted. */
const MOST_REMOVED = 10;

const STREAMS = ["calls", "users", "user_activity", "scorecard_reviews", "transcripts", "scorecards"] as const;

const SCOPES: { readonly [stream: string]: string } = {
  calls: "api:calls:read:extensive",
  users: "api:users:read",
};

const MISTYPED: { readonly [stream: string]: JsonObject } = {
  calls: { metaData: { duration: "long" } },
  users: { emailAddress: 17 },
  scorecard_reviews: { reviewTime: 17 },
  transcripts: { transcript: "none" },
  scorecards: { scorecardName: 17 },
};

/** Gong has no 429 without its header that is known of, and no web page with a 200; others stand in for what it does not do. */
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
  // As of the machine's clock, which the hub of the checks goes by: what is listed again are the days before its today.
  const { skewMs = 0 } = options;
  const clock = { now: () => new Date(Date.now() + skewMs) };
  const now = clock.now();
  const company = createCompany({ seed: options.seed, now, scale: options.records / RECORDS_AT_SCALE_1 });
  const sim = await startGongSimulator({ company, clock, limits: "off", seed: options.seed });
  addRecent(sim, now);
  const { faults } = sim;
  const { accessKey: access_key, accessKeySecret: access_key_secret } = sim;
  return {
    ...changesOf(sim, clock.now),
    settings: { base_url: sim.baseUrl, transcripts: true, requests_per_second: 200 },
    credentials: { access_key, access_key_secret },
    secrets: [access_key_secret, Buffer.from(`${access_key}:${access_key_secret}`).toString("base64")],
    streams: STREAMS,
    onRequest: (next) => faults.listen(next),
    fail: (fault, times = 1) => faults.script({ kind: FAULTS[fault], times }),
    disorder: (isOn) => faults.set({ duplicate: isOn ? 0.3 : 0, reorder: isOn ? 0.3 : 0, late: isOn ? 0.1 : 0 }),
    permit(stream, isPermitted) {
      const scope = SCOPES[stream];
      if (scope === undefined) return false;
      if (isPermitted) sim.dial.denied.delete(scope);
      else sim.dial.denied.add(scope);
      return true;
    },
    revoke: () => sim.revokeKey(),
    requestCount: () => sim.log.length,
    stop: () => sim.close(),
  };
}

function addRecent({ store }: GongSimulator, now: Date): void {
  const [like] = store.calls.values();
  const [review] = store.reviews.values();
  for (let nth = 0; nth < RECENT_CALLS && like !== undefined; nth += 1) {
    addLike(store, like, gongId(`recent ${nth}`), now.getTime() - Math.floor((RECENT_MS / RECENT_CALLS) * nth));
  }
  for (let nth = 0; nth < RECENT_REVIEWS; nth += 1) {
    const id = gongId(`recent review ${nth}`);
    const document = { ...review?.document, answeredScorecardId: id, callId: gongId(`recent ${nth}`) };
    store.reviews.set(id, { id, day: dayOf(now, "utc"), document });
  }
}

type Changes = Pick<Harness, "expected" | "digest" | "mutate" | "add" | "remove" | "spoil">;

function changesOf(sim: GongSimulator, now: () => Date): Changes {
  const { store } = sim;
  const removed = new Map<string, number>();
  let changes = 0;

  /** Ids of records that the next pull lists, whatever was pulled before. */
  function recent(stream: string): readonly string[] {
    const sinceMs = now().getTime() - RECENT_MS;
    switch (stream) {
      case "calls":
      case "transcripts":
        return [...store.calls.values()].filter((call) => call.listedMs >= sinceMs).map((call) => call.id);
      case "scorecard_reviews":
        return [...store.reviews.values()]
          .filter((one) => one.day >= dayOf(new Date(sinceMs), "utc"))
          .map((one) => one.id);
      case "users":
        return [...store.users.keys()];
      case "scorecards":
        return [...store.scorecards.keys()];
      default:
        return [];
    }
  }

  function some(stream: string): string | null {
    changes += 1;
    const ids = recent(stream);
    return ids[(changes * 37) % Math.max(1, ids.length)] ?? null;
  }

  function edit(stream: string, id: string): string | null {
    const text = `changed ${changes}`;
    switch (stream) {
      case "calls":
        store.editCall(id, { title: text });
        return id;
      case "users":
        store.users.set(id, { ...store.users.get(id), title: text });
        return id;
      case "scorecards":
        store.scorecards.set(id, { ...store.scorecards.get(id), scorecardName: text });
        return id;
      case "scorecard_reviews": {
        const review = store.reviews.get(id);
        if (review !== undefined) {
          store.reviews.set(id, { ...review, document: { ...review.document, visibilityType: text } });
        }
        return id;
      }
      default:
        return null;
    }
  }

  return {
    expected: (stream) => new Map(recordsOf(sim, stream, now()).map(([id, record]) => [id, digestOf(stream, record)])),
    digest: digestOf,
    mutate(stream) {
      const id = some(stream);
      return id === null ? null : edit(stream, id);
    },
    add(stream) {
      const [like] = store.calls.values();
      if (stream !== "calls" || like === undefined) return null;
      changes += 1;
      return addLike(store, like, gongId(`added ${changes}`), now().getTime() - 60_000).id;
    },
    remove(stream) {
      const from = { calls: store.calls, users: store.users, scorecard_reviews: store.reviews }[stream];
      const count = removed.get(stream) ?? 0;
      const id = some(stream);
      if (from === undefined || id === null || count >= MOST_REMOVED || from.size < 3) return null;
      removed.set(stream, count + 1);
      from.delete(id);
      return id;
    },
    spoil(stream, how) {
      const id = some(stream);
      const fields = how === "unknown" ? { surprise: { is: [changes] } } : MISTYPED[stream];
      if (id === null || fields === undefined) return null;
      sim.dial.spoiled.set(id, fields);
      return id;
    },
  };
}

/** What the connector makes records of, as the account holds it now. */
function recordsOf({ store }: GongSimulator, stream: string, now: Date): readonly (readonly [string, JsonObject])[] {
  switch (stream) {
    case "users":
      return [...store.users];
    case "scorecards":
      return [...store.scorecards];
    case "scorecard_reviews":
      return [...store.reviews.values()].map((review) => [review.id, review.document]);
    case "user_activity": {
      const today = dayOf(now, "Etc/GMT+12");
      const users = activityOf(store, now, addDays(dayOf(now, "utc"), -730), today);
      return users.flatMap(({ id, document }) =>
        (document["userDailyActivityStats"] as readonly JsonObject[]) // As activity.ts makes it.
          .filter((day) => Object.values(day).some((value) => Array.isArray(value) && value.length > 0))
          .map((day) => [`${id}|${idAt(day, "fromDate")}`, day] as const),
      );
    }
    default:
      return store.listed(now).map((call) => [call.id, call.document]);
  }
}

/** What the harness's own edits change of a record, and no more: fields that it spoils are none of these. */
const TELLING: { readonly [stream: string]: readonly (readonly string[])[] } = {
  calls: [["metaData", "title"]],
  users: [["title"]],
  scorecards: [["scorecardName"]],
  scorecard_reviews: [["visibilityType"]],
  user_activity: [["callsAsHost"], ["callsScorecardsFilled"], ["callsScorecardsReceived"]],
  transcripts: [],
};

function digestOf(stream: string, record: Json): string {
  return JSON.stringify((TELLING[stream] ?? []).map((path) => valueAt(record, ...path)));
}
