import { type Clock, systemClock } from "../../../core/base/clock.ts";
import type { JsonObject } from "../../../core/base/json.ts";
import { createOAuthServer, type OAuthServer, readAuthorization } from "../../_simulator/auth.ts";
import type { Company, CompanyChange, CompanyData } from "../../_simulator/company/model.ts";
import { createFaults, type FaultRates, type Faults } from "../../_simulator/faults.ts";
import { createBuckets } from "../../_simulator/limits.ts";
import { type LoggedRequest, type SimAnswer, type SimRequest, startServer } from "../../_simulator/server.ts";
import { disturb } from "./disturb.ts";
import { answerOAuth } from "./oauth.ts";
import { answerRoute, refusal } from "./routes.ts";
import type { GongStore, SimCall } from "./store.ts";
import { createTranslator } from "./translate.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";

export type GongSimulatorOptions = {
  readonly company: CompanyData | Company;
  readonly clock?: Clock;
  /** 0: a free one. */
  readonly port?: number;
  readonly faults?: FaultRates;
  readonly seed?: number;
  /** `off`, or a factor on Gong's 3 requests a second; default 1. */
  readonly limits?: "off" | number;
};

export type GongSimulator = {
  /** What a connection's `base_url` is set to. */
  readonly baseUrl: string;
  readonly accessKey: string;
  readonly accessKeySecret: string;
  readonly oauth: OAuthServer & { readonly clientId: string; readonly clientSecret: string };
  readonly store: GongStore;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly log: readonly LoggedRequest[];
  /** The bodies of the POSTs that were answered, the latest last. */
  readonly bodies: readonly { readonly path: string; readonly body: unknown }[];
  readonly dial: Dial;
  /** What happens in the live company: give it to `company.live(…).onChange`. */
  change(change: CompanyChange): void;
  revokeKey(): void;
  close(): Promise<void>;
};

export type Dial = {
  /** How long Gong analyses a call before it lists it, and fires the rules. */
  processingMs: number;
  cursorLifeMs: number;
  /** Scopes that the credentials lack. */
  readonly denied: Set<string>;
  /** What is left of the day's requests; null: no end. */
  quota: number | null;
  /** What an answer's document has beyond the store's: id → fields. */
  readonly spoiled: Map<string, JsonObject>;
};

const ACCESS_KEY = "SIMULATEDACCESSKEY";
const SECRET = "simulated-access-key-secret";
const REQUESTS_PER_S = 3;
/** What a used-up day asks for. Gong says when in the header; it can be hours. */
const QUOTA_RETRY_S = 3600;

/** A Gong account on a port of this machine. */
export async function startGongSimulator(options: GongSimulatorOptions): Promise<GongSimulator> {
  const clock = options.clock ?? systemClock;
  const now = (): Date => clock.now();
  const translator = createTranslator(options.company);
  translator.history();
  const { store } = translator;
  const faults = createFaults(options.seed ?? 1, options.faults);
  const dial: Dial = {
    processingMs: 3000,
    cursorLifeMs: 600_000,
    denied: new Set(),
    quota: null,
    spoiled: new Map(),
  };
  const client = { clientId: "gong-simulated-client", clientSecret: "gong-simulated-client-secret" };
  const oauth = Object.assign(createOAuthServer({ ...client, expiresInS: 86_400, now }), client);
  const webhooks = createWebhooks(now);
  const buckets = createBuckets();
  const timers = new Set<NodeJS.Timeout>();
  const bodies: { path: string; body: unknown }[] = [];
  let isRevoked = false;
  let requests = 0;
  let origin = "";

  function answer(request: SimRequest): SimAnswer {
    requests += 1;
    const context = { requestId: `request${requests}` };
    if (request.path.startsWith("/oauth2/")) return answerOAuth(request, oauth, origin);
    if (faults.strikes("expireToken", request.path)) oauth.expireAccessTokens();
    if (!isSignedIn(request)) return refusal(401, context, "Failed to authenticate with the provided credentials");
    const tooManyFor = waitS();
    if (tooManyFor !== null) return tooMany(tooManyFor);
    if (request.method === "POST") {
      bodies.push({ path: request.path, body: JSON.parse(request.body.toString("utf8") || "null") as unknown });
      if (bodies.length > 1000) bodies.splice(0, 500);
    }
    return answerRoute(request, { ...context, ...dial, store, faults, now: now() });
  }

  function isSignedIn(request: SimRequest): boolean {
    const presented = readAuthorization(request.headers["authorization"]);
    if (presented.kind === "bearer") return oauth.isValid(presented.token);
    return presented.kind === "basic" && !isRevoked && presented.user === ACCESS_KEY && presented.password === SECRET;
  }

  /** Null: go on. */
  function waitS(): number | null {
    if (dial.quota !== null) {
      dial.quota -= 1;
      if (dial.quota < 0) return QUOTA_RETRY_S;
    }
    if (options.limits === "off") return null;
    const state = buckets.take([{ name: "account", perSecond: REQUESTS_PER_S * (options.limits ?? 1) }]);
    return state.isAllowed ? null : 1;
  }

  const server = await startServer({
    port: options.port ?? 0,
    now,
    faults,
    answer,
    tooMany: () => tooMany(1),
    beforeAnswer: (request) => disturb(request, { store, faults, now: now() }),
    controls: {
      dial: (changes) => Object.assign(dial, changes),
      deny: (scope) => void dial.denied.add(String(scope)),
      revokeKey: () => void (isRevoked = true),
      expireTokens: () => oauth.expireAccessTokens(),
    },
  });
  ({ origin } = server);

  /** A rule fires when the call has been analysed. */
  function tellLater(call: SimCall): void {
    const inMs = call.visibleMs - now().getTime();
    if (inMs < 0) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      webhooks.deliver(call);
    }, inMs);
    timers.add(timer);
  }

  return {
    baseUrl: origin,
    accessKey: ACCESS_KEY,
    accessKeySecret: SECRET,
    oauth,
    store,
    faults,
    webhooks,
    log: server.log,
    bodies,
    dial,
    change(change) {
      const call = translator.change(change, dial.processingMs);
      if (call !== null) tellLater(call);
    },
    revokeKey() {
      isRevoked = true;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      webhooks.stop();
      await server.close();
    },
  };
}

function tooMany(retryAfterS: number): SimAnswer {
  return {
    status: 429,
    headers: { "retry-after": String(retryAfterS) },
    body: { requestId: "limited", errors: ["API rate limit exceeded"] },
  };
}
