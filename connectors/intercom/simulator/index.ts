import { type Clock, systemClock } from "../../../core/base/clock.ts";
import { createOAuthServer, type OAuthServer, readAuthorization } from "../../_simulator/auth.ts";
import { type ChatPeriod, isOfPeriod } from "../../_simulator/chats.ts";
import type { Company, CompanyChange, CompanyData } from "../../_simulator/company/model.ts";
import { createFaults, type Faults } from "../../_simulator/faults.ts";
import { type BucketState, createBuckets } from "../../_simulator/limits.ts";
import { type LoggedRequest, type SimAnswer, type SimRequest, startServer } from "../../_simulator/server.ts";
import { answerRoute, type Dial, ok, refusal, type Scroll } from "./routes.ts";
import { createStore, type IntercomStore, wholeConversation } from "./store.ts";
import { addChat, bookOf, conversationId, fill } from "./translate.ts";
import { createWebhooks, topicOf, type Webhooks } from "./webhooks.ts";

export type IntercomSimulatorOptions = {
  readonly company: CompanyData | Company;
  readonly clock?: Clock;
  /** 0: a free one. */
  readonly port?: number;
  readonly seed?: number;
  /** Requests a second; `off`: any number. Default 166, a private app's 10,000 a minute. */
  readonly limits?: "off" | number;
  /** Which of the company's chats were held here; default `since`. */
  readonly chats?: ChatPeriod;
};

export type IntercomSimulator = {
  /** What a connection's `base_url` is set to. */
  readonly baseUrl: string;
  readonly credentials: { readonly access_token: string };
  /** `clientSecret` signs the webhooks as well: it is the connection's webhook secret. */
  readonly oauth: OAuthServer & { readonly clientId: string; readonly clientSecret: string };
  readonly store: IntercomStore;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly log: readonly LoggedRequest[];
  /** What can be changed while it runs. */
  readonly dial: Dial & ServerDial;
  /** What happens in the live company: chats are begun, answered and closed. */
  change(change: CompanyChange): void;
  /** As when nobody has gone on with it for a minute. */
  endScroll(): void;
  /** The token is refused from now on. */
  revoke(): void;
  close(): Promise<void>;
};

type ServerDial = {
  /** So many of the next requests get a web page. */
  webPages: number;
  /** Whether a 429 says when the window is over. */
  saysReset: boolean;
};

const ACCESS_TOKEN = "intercom-simulated-access-token";
/** Intercom's tokens do not end. */
const FOREVER_S = 100 * 365 * 86_400;
const PAGE = "<html><head><title>503</title></head><body><center>nginx</center></body></html>";

/** An Intercom workspace on a port of this machine. */
export async function startIntercomSimulator(options: IntercomSimulatorOptions): Promise<IntercomSimulator> {
  const clock = options.clock ?? systemClock;
  const now = (): Date => clock.now();
  const { company } = options;
  const period = options.chats ?? "since";
  const store = createStore();
  fill(store, company, period);
  const book = bookOf(company);
  const faults = createFaults(options.seed ?? 1);
  const dial: Dial & ServerDial = {
    isLoose: false,
    denied: [],
    mostListed: 10_000,
    scrollPage: 100,
    webPages: 0,
    saysReset: true,
  };
  const client = { clientId: "intercom_simulated_client", clientSecret: "intercom-simulated-client-secret" };
  const oauth = Object.assign(createOAuthServer({ ...client, expiresInS: FOREVER_S, now }), client);
  const webhooks = createWebhooks({ clientSecret: client.clientSecret, now });
  const buckets = createBuckets();
  const scroll: Scroll = { param: null, at: 0, usedAtMs: 0 };
  const { timeZone, name } = company.profile;
  let token: string | null = ACCESS_TOKEN;

  function answer(request: SimRequest): SimAnswer {
    if (dial.webPages > 0) {
      dial.webPages -= 1;
      return { status: 200, headers: { "content-type": "text/html" }, body: PAGE };
    }
    if (request.path === "/oauth" || request.path === "/auth/eagle/token") return answerOAuth(request, oauth);
    const presented = readAuthorization(request.headers["authorization"]);
    const isKnown = presented.kind === "bearer" && (presented.token === token || oauth.isValid(presented.token));
    if (!isKnown) return refusal(401, "unauthorized", "Access Token Invalid");
    const perSecond = options.limits ?? 166;
    const state = perSecond === "off" ? null : buckets.take([{ name: "app", perSecond }]);
    if (state !== null && !state.isAllowed) return tooMany(dial);
    const result = answerRoute(request, { store, dial, faults, scroll, timeZone, company: name });
    return state === null ? result : { ...result, headers: { ...limitHeaders(state), ...result.headers } };
  }

  const server = await startServer({
    port: options.port ?? 0,
    now,
    faults,
    answer,
    tooMany: () => tooMany(dial),
    controls: { dial: (changes) => Object.assign(dial, changes) },
  });
  return {
    baseUrl: `${server.origin}/`,
    credentials: { access_token: ACCESS_TOKEN },
    oauth,
    store,
    faults,
    webhooks,
    log: server.log,
    dial,
    change(change) {
      if (change.type !== "chat.created" && change.type !== "chat.updated") return;
      if (!isOfPeriod(company, change.chat, period)) return;
      const known = store.parts.get(conversationId(change.chat.id));
      const id = addChat(store, book, change.chat);
      const conversation = wholeConversation(store, id);
      if (conversation === null) return;
      if (known === undefined) return webhooks.send("conversation.user.created", conversation);
      for (const part of store.parts.get(id)?.slice(known.length) ?? []) webhooks.send(topicOf(part), conversation);
    },
    endScroll: () => void Object.assign(scroll, { param: null }),
    revoke() {
      token = null;
      oauth.revokeAll();
    },
    async close() {
      webhooks.stop();
      await server.close();
    },
  };
}

/** Real seconds: whoever is told to wait waits for real. */
function resetAt(resetS: number): string {
  return String(Math.ceil(Date.now() / 1000 + resetS));
}

function limitHeaders({ limit, remaining, resetS }: BucketState): { readonly [name: string]: string } {
  const reset = { "x-ratelimit-reset": resetAt(resetS) };
  return { "x-ratelimit-limit": String(limit), "x-ratelimit-remaining": String(remaining), ...reset };
}

function tooMany(dial: ServerDial): SimAnswer {
  const refused = refusal(429, "rate_limit_exceeded", "Exceeded rate limit");
  return dial.saysReset ? { ...refused, headers: { "x-ratelimit-reset": resetAt(1) } } : refused;
}

function answerOAuth(request: SimRequest, oauth: IntercomSimulator["oauth"]): SimAnswer {
  if (request.path === "/oauth") {
    const target = request.query.get("redirect_uri");
    if (target === null || !URL.canParse(target)) return refusal(400, "parameter_invalid", "redirect_uri is needed");
    const back = new URL(target);
    back.searchParams.set("code", oauth.authorize(null));
    const state = request.query.get("state");
    if (state !== null) back.searchParams.set("state", state);
    return { status: 302, headers: { location: back.href } };
  }
  const form = new URLSearchParams(request.body.toString("utf8"));
  const client = { id: form.get("client_id") ?? "", secret: form.get("client_secret") ?? "" };
  const grant = oauth.exchange(client, form.get("code") ?? "", null);
  if (grant === null) return refusal(401, "unauthorized", "Invalid code");
  // It lasts until it is revoked, and there is nothing to renew it with.
  return ok({ token_type: "Bearer", token: grant.accessToken, access_token: grant.accessToken });
}
