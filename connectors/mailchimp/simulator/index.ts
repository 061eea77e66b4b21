import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, systemClock } from "../../../core/base/clock.ts";
import { createOAuthServer, type OAuthServer, readAuthorization } from "../../_simulator/auth.ts";
import type { Company, CompanyChange, CompanyData } from "../../_simulator/company/model.ts";
import { createFaults, type FaultRates, type Faults } from "../../_simulator/faults.ts";
import { type LoggedRequest, type SimAnswer, type SimRequest, startServer } from "../../_simulator/server.ts";
import { problem } from "./format.ts";
import { answerRoute, type Dial } from "./routes.ts";
import type { MailchimpStore } from "./store.ts";
import { accountOf, follow } from "./translate.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";

export type MailchimpSimulatorOptions = {
  /** Whose account it is. */
  readonly company: CompanyData | Company;
  readonly clock?: Clock;
  /** 0: a free one. */
  readonly port?: number;
  readonly faults?: FaultRates;
  readonly seed?: number;
  readonly dial?: Partial<Dial>;
  /** In place of the usual one. */
  readonly apiKey?: string;
};

export type MailchimpSimulator = {
  /** With `/3.0`: what a connection's `base_url` is set to. */
  readonly baseUrl: string;
  /** What a connection's `login_url` is set to. */
  readonly loginUrl: string;
  readonly apiKey: string;
  readonly oauth: OAuthServer & { readonly clientId: string; readonly clientSecret: string };
  readonly store: MailchimpStore;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly log: readonly LoggedRequest[];
  readonly dial: Dial;
  /** How many requests were open at once, at most. */
  readonly mostOpen: () => number;
  /** What happens in the live company: give it to `company.live(…).onChange`. */
  change(change: CompanyChange): void;
  /** The next requests get this in place of an answer. */
  interject(answer: SimAnswer, times?: number): void;
  /** Called before each answer to a request for records. */
  onRequest(listener: ((path: string) => void) | null): void;
  /** Nobody may use paths that begin like this. */
  deny(family: string): void;
  allow(family: string): void;
  /** Every key and token is refused from now on. */
  revoke(): void;
  close(): Promise<void>;
};

const DATA_CENTRE = "us6";
const API_KEY = `5f2c9d7130a84be6b1d4e0f7a9c36825-${DATA_CENTRE}`;
/** Of one user, over all keys and programs. */
const MOST_OPEN = 10;

/** A Mailchimp account on a port of this machine. */
export async function startMailchimpSimulator(options: MailchimpSimulatorOptions): Promise<MailchimpSimulator> {
  const clock = options.clock ?? systemClock;
  const apiKey = options.apiKey ?? API_KEY;
  const now = (): Date => clock.now();
  const store = accountOf(options.company);
  const faults = createFaults(options.seed ?? 1, options.faults);
  const dial: Dial = {
    isSinceExclusive: false,
    listsArchived: false,
    listsIdle: false,
    mostRows: 1000,
    latencyMs: 0,
    ...options.dial,
  };
  const client = { clientId: "512345678901", clientSecret: "simulated-client-secret" };
  // Tokens never expire.
  const oauth = Object.assign(createOAuthServer({ ...client, expiresInS: 1e9, now }), client);
  const chance = (probability: number): boolean => probability > 0 && faults.random.chance(probability);
  const webhooks = createWebhooks({ now, chance });
  store.onTold((told) => webhooks.deliver(told));
  const denied = new Set<string>();
  const interjected: SimAnswer[] = [];
  let listener: ((path: string) => void) | null = null;
  let isRevoked = false;
  let [open, mostOpen] = [0, 0];

  async function answer(request: SimRequest): Promise<SimAnswer> {
    if (request.path.startsWith("/oauth2/")) return answerOAuth(request, oauth, isRevoked);
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    try {
      if (open > MOST_OPEN) return tooMany();
      if (dial.latencyMs > 0) await sleep(dial.latencyMs);
      return await answerApi(request);
    } finally {
      open -= 1;
    }
  }

  function answerApi(request: SimRequest): SimAnswer | Promise<SimAnswer> {
    const path = /^\/3\.0(?:\/(.*?))?\/?$/.exec(request.path)?.[1] ?? "";
    const next = interjected.shift();
    if (next !== undefined) return next;
    if (isRevoked || !isKnown(request, oauth, apiKey))
      return problem(
        401,
        "API Key Invalid",
        "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
      );
    if ([...denied].some((family) => path.startsWith(family)))
      return problem(403, "Forbidden", "You are not permitted to access this resource.");
    listener?.(path);
    return answerRoute(path, request, { store, webhooks, dial });
  }

  const server = await startServer({
    port: options.port ?? 0,
    now,
    faults,
    answer,
    tooMany,
    controls: {
      dial: (changes) => Object.assign(dial, changes),
      webhookDial: (changes) => Object.assign(webhooks.dial, changes),
      deny: (family) => denied.add(String(family)),
    },
  });
  return {
    baseUrl: `${server.origin}/3.0`,
    loginUrl: `${server.origin}/`,
    apiKey,
    oauth,
    store,
    faults,
    webhooks,
    log: server.log,
    dial,
    mostOpen: () => mostOpen,
    change: follow(options.company, store),
    interject(given, times = 1) {
      for (let nth = 0; nth < times; nth += 1) interjected.push(given);
    },
    onRequest(next) {
      listener = next;
    },
    deny: (family) => void denied.add(family),
    allow: (family) => void denied.delete(family),
    revoke() {
      isRevoked = true;
    },
    async close() {
      webhooks.stop();
      await server.close();
    },
  };
}

/** No header says how long to wait, or that a limit is near. */
function tooMany(): SimAnswer {
  return problem(429, "Too Many Requests", "You have exceeded the limit of 10 simultaneous connections.");
}

/** Basic with any user name; Bearer or the older `OAuth` with a token. The key's end has to be this data centre. */
function isKnown(request: SimRequest, oauth: OAuthServer, apiKey: string): boolean {
  const header = request.headers["authorization"] ?? "";
  const presented = readAuthorization(header.replace(/^OAuth /, "Bearer "));
  if (presented.kind === "bearer") return oauth.isValid(presented.token);
  return presented.kind === "basic" && presented.password === apiKey;
}

function answerOAuth(request: SimRequest, oauth: OAuthServer, isRevoked: boolean): SimAnswer {
  if (request.path === "/oauth2/authorize") {
    const target = request.query.get("redirect_uri");
    if (target === null || !URL.canParse(target)) return { status: 400, body: { error: "redirect_uri is needed" } };
    const back = new URL(target);
    back.searchParams.set("code", oauth.authorize(null));
    const state = request.query.get("state");
    if (state !== null) back.searchParams.set("state", state);
    return { status: 302, headers: { location: back.href } };
  }
  if (request.path === "/oauth2/metadata") {
    const token = (request.headers["authorization"] ?? "").replace(/^OAuth /, "");
    // Not a 401: whoever looks at the status alone believes it.
    if (isRevoked || !oauth.isValid(token)) return { status: 200, body: { error: "invalid_token" } };
    const api_endpoint = `https://${DATA_CENTRE}.api.mailchimp.com`;
    return { status: 200, body: { dc: DATA_CENTRE, role: "owner", accountname: "fernhill", api_endpoint } };
  }
  const form = new URLSearchParams(request.body.toString("utf8"));
  const field = (name: string): string => form.get(name) ?? "";
  const client = { id: field("client_id"), secret: field("client_secret") };
  const grant = field("grant_type") === "authorization_code" ? oauth.exchange(client, field("code"), null) : null;
  if (grant === null) return { status: 400, body: { error: "invalid_grant" } };
  // Neither an end nor a refresh token.
  return { status: 200, body: { access_token: grant.accessToken, expires_in: 0, scope: null } };
}
