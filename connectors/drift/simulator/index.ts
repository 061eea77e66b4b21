import { type Clock, systemClock } from "../../../core/base/clock.ts";
import { createOAuthServer, type OAuthServer, readAuthorization } from "../../_simulator/auth.ts";
import { type ChatPeriod, isOfPeriod } from "../../_simulator/chats.ts";
import type { Company, CompanyChange, CompanyData } from "../../_simulator/company/model.ts";
import { createFaults, type Faults } from "../../_simulator/faults.ts";
import { createBuckets } from "../../_simulator/limits.ts";
import { type LoggedRequest, type SimAnswer, type SimRequest, startServer } from "../../_simulator/server.ts";
import { answerRoute, type Dial, ok, refusal } from "./routes.ts";
import { createStore, type DriftStore } from "./store.ts";
import { addChat, conversationId, fill } from "./translate.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";

export type DriftSimulatorOptions = {
  readonly company: CompanyData | Company;
  readonly clock?: Clock;
  /** 0: a free one. */
  readonly port?: number;
  readonly seed?: number;
  /** Requests a second; `off`: any number. Default 20, since the vendor's own is not published. */
  readonly limits?: "off" | number;
  /** Which of the company's chats were held here; default `first_year`. */
  readonly chats?: ChatPeriod;
};

export type DriftSimulator = {
  /** What a connection's `base_url` is set to. */
  readonly baseUrl: string;
  readonly credentials: { readonly access_token: string };
  readonly oauth: OAuthServer & { readonly clientId: string; readonly clientSecret: string };
  /** What deliveries carry: the connection's webhook secret. */
  readonly verificationToken: string;
  readonly store: DriftStore;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly log: readonly LoggedRequest[];
  /** What can be changed while it runs. */
  readonly dial: Dial;
  /** What happens in the live company: chats are begun, answered and closed, where this is the tool in use. */
  change(change: CompanyChange): void;
  /** The token is refused from now on. */
  revoke(): void;
  close(): Promise<void>;
};

const ORG_ID = 128_901;
const ACCESS_TOKEN = "drift-simulated-private-app-token";
const LANDING =
  "<html><head><title>Salesloft</title></head><body><h1>Drift is now part of Salesloft</h1></body></html>";

/** A Drift organization on a port of this machine. */
export async function startDriftSimulator(options: DriftSimulatorOptions): Promise<DriftSimulator> {
  const clock = options.clock ?? systemClock;
  const { company } = options;
  const period = options.chats ?? "first_year";
  const store = createStore(ORG_ID);
  fill(store, company, period);
  const faults = createFaults(options.seed ?? 1);
  const dial: Dial = {
    paging: "links",
    errorShape: "error",
    saysRetryAfter: true,
    gone: null,
    landingPages: 0,
    missingScopes: [],
  };
  const client = { clientId: "drift_simulated_client", clientSecret: "drift-simulated-client-secret" };
  const oauth = Object.assign(createOAuthServer({ ...client, expiresInS: 7200, now: () => clock.now() }), client);
  const verificationToken = "drift-simulated-verification-token";
  const webhooks = createWebhooks({ orgId: ORG_ID, verificationToken });
  const buckets = createBuckets();
  let token: string | null = ACCESS_TOKEN;

  function answer(request: SimRequest): SimAnswer {
    if (dial.gone !== null) return goneAnswer(dial.gone);
    if (dial.landingPages > 0) {
      dial.landingPages -= 1;
      return goneAnswer("html");
    }
    if (request.path === "/authorize" || request.path === "/oauth2/token") return answerOAuth(request, oauth, dial);
    const presented = readAuthorization(request.headers["authorization"]);
    const isKnown = presented.kind === "bearer" && (presented.token === token || oauth.isValid(presented.token));
    if (!isKnown) return refusal(dial, 401, "authentication_error", "The token is not valid");
    const perSecond = options.limits ?? 20;
    if (perSecond !== "off" && !buckets.take([{ name: "all", perSecond }]).isAllowed) return tooMany(dial);
    return answerRoute(request, { store, dial, faults, token: token ?? "" });
  }

  const server = await startServer({
    port: options.port ?? 0,
    now: () => clock.now(),
    faults,
    answer,
    tooMany: () => tooMany(dial),
    controls: { dial: (changes) => Object.assign(dial, changes), expireTokens: () => oauth.expireAccessTokens() },
  });
  return {
    baseUrl: `${server.origin}/`,
    credentials: { access_token: ACCESS_TOKEN },
    oauth,
    verificationToken,
    store,
    faults,
    webhooks,
    log: server.log,
    dial,
    change(change) {
      if (change.type !== "chat.created" && change.type !== "chat.updated") return;
      if (!isOfPeriod(company, change.chat, period)) return;
      const { chat } = change;
      const known = store.messages.get(conversationId(chat.id));
      const person = company.people.find(({ id }) => id === chat.personId) ?? null;
      const id = addChat(store, chat, person, company.profile.domain);
      const said = store.messages.get(id) ?? [];
      // Of a new chat the visitor's question alone.
      for (const message of known === undefined ? said.slice(0, 1) : said.slice(known.length))
        webhooks.send("new_message", message);
      // Which fields its data has is unverified.
      if (change.type === "chat.updated" && chat.closedAt !== null && change.previous.closedAt === null)
        webhooks.send("conversation_status_updated", { conversationId: id, status: "closed" });
    },
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

function goneAnswer(gone: NonNullable<Dial["gone"]>): SimAnswer {
  if (gone === "html") return { status: 200, headers: { "content-type": "text/html" }, body: LANDING };
  return { status: gone === "404" ? 404 : 410, headers: { "content-type": "text/html" }, body: LANDING };
}

function tooMany(dial: Dial): SimAnswer {
  const refused = refusal(dial, 429, "rate_limit_error", "Too many requests");
  return dial.saysRetryAfter ? { ...refused, headers: { "retry-after": "1" } } : refused;
}

function answerOAuth(request: SimRequest, oauth: DriftSimulator["oauth"], dial: Dial): SimAnswer {
  if (request.path === "/authorize") {
    const target = request.query.get("redirect_uri");
    if (target === null || !URL.canParse(target))
      return refusal(dial, 400, "validation_error", "redirect_uri is needed");
    const back = new URL(target);
    back.searchParams.set("code", oauth.authorize(null));
    const state = request.query.get("state");
    if (state !== null) back.searchParams.set("state", state);
    return { status: 302, headers: { location: back.href } };
  }
  const form = new URLSearchParams(request.body.toString("utf8"));
  const client = { id: form.get("client_id") ?? "", secret: form.get("client_secret") ?? "" };
  const grant =
    form.get("grant_type") === "refresh_token"
      ? oauth.refresh(client, form.get("refresh_token") ?? "")
      : oauth.exchange(client, form.get("code") ?? "", null);
  if (grant === null) return { status: 400, body: { error: "invalid_grant" } };
  return ok({
    access_token: grant.accessToken,
    refresh_token: grant.refreshToken,
    expires_in: grant.expiresInS,
    token_type: "bearer",
    orgId: ORG_ID,
  });
}
