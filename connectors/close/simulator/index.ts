import { systemClock, type Clock } from "../../../core/base/clock.ts";
import { createOAuthServer, readAuthorization, type OAuthClient, type OAuthServer } from "../../_simulator/auth.ts";
import type { Company, CompanyChange, CompanyData } from "../../_simulator/company/model.ts";
import { createFaults, type FaultRates, type Faults } from "../../_simulator/faults.ts";
import { createBuckets, type BucketState } from "../../_simulator/limits.ts";
import { startServer, type LoggedRequest, type SimAnswer, type SimRequest } from "../../_simulator/server.ts";
import { refusal } from "./answers.ts";
import { createBulkCalls, type BulkCalls } from "./bulk.ts";
import { disturb } from "./disturb.ts";
import { answerRoute, type Caller } from "./routes.ts";
import { makeSetup, SMALL_ACCOUNT } from "./setup.ts";
import { createStore, type CloseStore } from "./store.ts";
import { createTranslator, setupOf } from "./translate.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";

export type CloseSimulatorOptions = {
  /** Whose account it is; null: a small one without any objects. */
  readonly company: CompanyData | Company | null;
  readonly clock?: Clock;
  /** 0: a free one. */
  readonly port?: number;
  readonly faults?: FaultRates;
  readonly seed?: number;
  /** Further keys beside the administrator's. */
  readonly keys?: { readonly [apiKey: string]: KeyOptions };
  /** `off`, or a factor on the limits per second of the endpoint groups; default 1. */
  readonly limits?: "off" | number;
  /** How far `_skip` goes; Close's e-mails stop at 250,000. */
  readonly maxSkip?: number;
  /** So many calls made while they are asked for, in place of the company's. */
  readonly bulkCalls?: number;
};

export type KeyOptions = {
  readonly role: Caller["role"];
  /** Path families that the key may not use: `activity/call`. */
  readonly denied?: readonly string[];
};

export type CloseSimulator = {
  /** With `/api/v1/`: what a connection's `base_url` is set to. */
  readonly baseUrl: string;
  readonly origin: string;
  /** The administrator's. */
  readonly apiKey: string;
  readonly oauth: OAuthServer & { readonly clientId: string; readonly clientSecret: string };
  readonly store: CloseStore;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly bulk: BulkCalls | null;
  readonly log: readonly LoggedRequest[];
  /** What can be changed while it runs. */
  readonly dial: Dial;
  /** What happens in the live company: give it to `company.live(…).onChange`. */
  change(change: CompanyChange): void;
  /** The key is refused from now on. */
  revokeKey(apiKey: string): void;
  /** Takes a path family away from a key. */
  deny(apiKey: string, family: string): void;
  /** Gives it back. */
  allow(apiKey: string, family: string): void;
  close(): Promise<void>;
};

export type Dial = {
  /** Reports do not know what changed within this time. */
  indexLagMs: number;
  /** So many of the newest events may not be seen yet… */
  hiddenShare: number;
  /** …for this long. */
  hiddenMs: number;
  cursorLifeMs: number;
  /** Whether a 429 also has the old body with a fraction of a second. */
  hasLegacyBody: boolean;
  /** Whether the event log accepts `object_type` alone. */
  allowsTypeAlone: boolean;
};

export const ADMIN_KEY = "api_simulated.administrator";

/** Requests per second of each endpoint group and key; all keys together get three times as much. Close publishes none; these are ours. */
const LIMITS: readonly (readonly [family: string, perSecond: number])[] = [
  ["data/search", 5],
  ["report", 2],
  ["event", 10],
  ["lead", 10],
  ["activity", 20],
];
const OTHERS_PER_S = 20;

/** A Close account on a port of this machine. */
export async function startCloseSimulator(options: CloseSimulatorOptions): Promise<CloseSimulator> {
  const clock = options.clock ?? systemClock;
  const now = (): Date => clock.now();
  const store = createStore(options.company === null ? makeSetup(SMALL_ACCOUNT) : setupOf(options.company));
  const translator = options.company === null ? null : createTranslator(options.company, store);
  translator?.history();
  const faults = createFaults(options.seed ?? 1, options.faults);
  const dial: Dial = {
    indexLagMs: 0,
    hiddenShare: 0,
    hiddenMs: 300_000,
    cursorLifeMs: 600_000,
    hasLegacyBody: false,
    allowsTypeAlone: true,
  };
  const userIds = store.setup.users.map((user) => user.id);
  const keys = makeKeys(options.keys ?? {}, userIds);
  const client = { clientId: "oa2client_simulated", clientSecret: "simulated-secret" };
  const oauth = Object.assign(createOAuthServer({ ...client, expiresInS: 3600, now }), client);
  const webhooks = createWebhooks({
    organizationId: store.setup.organizationId,
    userId: userIds[0] ?? "",
    now,
    chance: (probability) => probability > 0 && faults.random.chance(probability),
  });
  store.onEvent((event) => webhooks.deliver(event));
  const bulk =
    options.bulkCalls === undefined || options.bulkCalls === 0
      ? null
      : createBulkCalls({
          count: options.bulkCalls,
          end: now(),
          organizationId: store.setup.organizationId,
          userIds,
        });
  const buckets = createBuckets();

  function answer(request: SimRequest): SimAnswer {
    if (request.path.startsWith("/oauth2/")) return answerOAuth(request, oauth, store.setup.organizationId);
    const path = /^\/api\/v1\/(.*?)\/?$/.exec(request.path)?.[1];
    if (path === undefined) return refusal(404, "Not found");
    if (faults.strikes("expireToken", `${request.method} ${request.path}`)) oauth.expireAccessTokens();
    const who = identify(request, keys, oauth, userIds[0] ?? "");
    if (who === null) return refusal(401, "Unauthorized");
    const state = options.limits === "off" ? null : takeTokens(path, request, who.key, options.limits ?? 1, buckets);
    if (state !== null && !state.isAllowed) return tooMany(state, dial.hasLegacyBody);
    const result = answerRoute(path, request, {
      store,
      faults,
      webhooks,
      bulk,
      caller: who.caller,
      sees: (row) =>
        who.caller.role !== "restricteduser" || (row["user_id"] ?? who.caller.userId) === who.caller.userId,
      maxSkip: options.maxSkip ?? 250_000,
      now: now(),
      indexedUpTo: new Date(now().getTime() - dial.indexLagMs),
      allowsTypeAlone: dial.allowsTypeAlone,
      cursorLifeMs: dial.cursorLifeMs,
      isHidden: (event) => isHidden(event.id, Date.parse(`${event.date_updated}Z`), now(), dial),
    });
    return state === null ? result : { ...result, headers: { ...result.headers, ratelimit: limitHeader(state) } };
  }

  const server = await startServer({
    port: options.port ?? 0,
    now,
    faults,
    answer,
    tooMany: () => tooMany({ isAllowed: false, limit: 10, remaining: 0, resetS: 0.4 }, dial.hasLegacyBody),
    beforeAnswer: (request) => disturb(request, { store, faults, bulk, now: now() }),
    controls: {
      dial: (changes) => Object.assign(dial, changes),
      webhookDial: (changes) => Object.assign(webhooks.dial, changes),
      expireTokens: () => oauth.expireAccessTokens(),
      revokeKey: (key) => keys.delete(String(key)),
      deny: (order) => {
        const { key, family } = order as { readonly key: string; readonly family: string };
        keys.get(key)?.denied.add(family);
      },
      consolidateMs: (ms) => {
        store.consolidateMs = Number(ms);
      },
    },
  });
  return {
    baseUrl: `${server.origin}/api/v1/`,
    origin: server.origin,
    apiKey: ADMIN_KEY,
    oauth,
    store,
    faults,
    webhooks,
    bulk,
    log: server.log,
    dial,
    change: (change) => translator?.change(change),
    revokeKey: (key) => void keys.delete(key),
    deny: (key, family) => void keys.get(key)?.denied.add(family),
    allow: (key, family) => void keys.get(key)?.denied.delete(family),
    async close() {
      webhooks.stop();
      await server.close();
    },
  };
}

type Key = { readonly role: Caller["role"]; readonly userId: string; readonly denied: Set<string> };

function makeKeys(further: { readonly [key: string]: KeyOptions }, userIds: readonly string[]): Map<string, Key> {
  const keys = new Map<string, Key>([[ADMIN_KEY, { role: "admin", userId: userIds[0] ?? "", denied: new Set() }]]);
  for (const [key, { role, denied = [] }] of Object.entries(further)) {
    keys.set(key, { role, userId: userIds[1] ?? userIds[0] ?? "", denied: new Set(denied) });
  }
  return keys;
}

function identify(
  request: SimRequest,
  keys: ReadonlyMap<string, Key>,
  oauth: OAuthServer,
  adminId: string,
): { readonly key: string; readonly caller: Caller } | null {
  const presented = readAuthorization(request.headers["authorization"]);
  if (presented.kind === "bearer" && oauth.isValid(presented.token)) {
    return { key: "oauth", caller: { userId: adminId, role: "admin", denied: new Set() } };
  }
  const key = presented.kind === "basic" && presented.password === "" ? keys.get(presented.user) : undefined;
  return key === undefined || presented.kind !== "basic" ? null : { key: presented.user, caller: key };
}

function takeTokens(
  path: string,
  request: SimRequest,
  key: string,
  factor: number,
  buckets: ReturnType<typeof createBuckets>,
): BucketState {
  const family = path.replace(/\/?[a-z]+_[A-Za-z0-9]{16,}$/, "");
  const found = LIMITS.find(([start]) => family === start || family.startsWith(`${start}/`));
  const perSecond = Math.max(1, Math.round((found?.[1] ?? OTHERS_PER_S) * factor));
  const group = `${request.method} ${family}`;
  return buckets.take([
    { name: `${key} ${group}`, perSecond },
    { name: `all ${group}`, perSecond: perSecond * 3 },
  ]);
}

function limitHeader({ limit, remaining, resetS }: BucketState): string {
  return `limit=${limit}, remaining=${remaining}, reset=${Math.max(0, Math.round(resetS * 1000) / 1000)}`;
}

function tooMany(state: BucketState, hasLegacyBody: boolean): SimAnswer {
  const wait = Math.max(0.05, state.resetS);
  const headers = { ratelimit: limitHeader(state), "retry-after": String(Math.ceil(wait)) };
  const error = hasLegacyBody
    ? { rate_reset: wait, rate_limit: state.limit, rate_window: 1, message: "API call count exceeded" }
    : "Too many requests";
  return { status: 429, headers: hasLegacyBody ? {} : headers, body: { error } };
}

function isHidden(id: string, updatedMs: number, now: Date, dial: Dial): boolean {
  if (dial.hiddenShare === 0 || now.getTime() - updatedMs > dial.hiddenMs) return false;
  // Which ones follows from the id, so that asking again gives the same until the time has passed.
  return (id.charCodeAt(5) % 62) / 62 < dial.hiddenShare;
}

function answerOAuth(request: SimRequest, oauth: OAuthServer, organizationId: string): SimAnswer {
  if (request.path.startsWith("/oauth2/authorize")) {
    const target = request.query.get("redirect_uri");
    if (target === null || !URL.canParse(target)) return refusal(400, "redirect_uri is needed");
    const challenge = request.query.get("code_challenge");
    if (challenge !== null && request.query.get("code_challenge_method") !== "S256") return refusal(400, "only S256");
    const back = new URL(target);
    back.searchParams.set("code", oauth.authorize(challenge));
    const state = request.query.get("state");
    if (state !== null) back.searchParams.set("state", state);
    return { status: 302, headers: { location: back.href } };
  }
  const form = new URLSearchParams(request.body.toString("utf8"));
  const field = (name: string): string => form.get(name) ?? "";
  if (request.path.startsWith("/oauth2/revoke")) {
    oauth.revokeAll();
    return { status: 200, body: {} };
  }
  const client = clientOf(request, field);
  const grant =
    field("grant_type") === "refresh_token"
      ? oauth.refresh(client, field("refresh_token"))
      : oauth.exchange(client, field("code"), form.get("code_verifier"));
  if (grant === null) return { status: 400, body: { error: "invalid_grant" } };
  const body = {
    token_type: "Bearer",
    access_token: grant.accessToken,
    refresh_token: grant.refreshToken,
    expires_in: grant.expiresInS,
    scope: "all.full_access offline_access",
    organization_id: organizationId,
  };
  return { status: 200, body };
}

/** The client says who it is in the form, as Close's documentation shows, or by Basic, as RFC 6749 prefers. */
function clientOf(request: SimRequest, field: (name: string) => string): OAuthClient {
  const presented = readAuthorization(request.headers["authorization"]);
  if (presented.kind === "basic")
    return { id: decodeURIComponent(presented.user), secret: decodeURIComponent(presented.password) };
  return { id: field("client_id"), secret: field("client_secret") };
}
