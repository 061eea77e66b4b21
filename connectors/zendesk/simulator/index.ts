import { systemClock, type Clock } from "../../../core/base/clock.ts";
import { createOAuthServer, readAuthorization, type OAuthServer } from "../../_simulator/auth.ts";
import type { Company, CompanyChange, CompanyData } from "../../_simulator/company/model.ts";
import { createFaults, type FaultRates, type Faults } from "../../_simulator/faults.ts";
import { createBuckets, type Buckets, type BucketState } from "../../_simulator/limits.ts";
import { startServer, type LoggedRequest, type SimAnswer, type SimRequest } from "../../_simulator/server.ts";
import { createDial, type Dial } from "./dial.ts";
import type { Fields } from "./format.ts";
import { answerOAuth } from "./oauth.ts";
import { answerRoute } from "./routes.ts";
import { createStore, type Row, type StoreChange, type ZendeskStore } from "./store.ts";
import { createTranslator } from "./translate.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";

export type ZendeskSimulatorOptions = {
  /** Whose account it is; null: one without any objects. */
  readonly company: CompanyData | Company | null;
  readonly clock?: Clock;
  /** 0: a free one. */
  readonly port?: number;
  readonly faults?: FaultRates;
  readonly seed?: number;
  /** `off`, or a factor on the requests per minute (700, of which 10 to the exports); default 1. */
  readonly limits?: "off" | number;
};

export type ZendeskSimulator = {
  /** What a connection's `base_url` is set to: without a path. */
  readonly origin: string;
  readonly subdomain: string;
  /** For the older way to sign in. */
  readonly apiToken: { readonly email: string; readonly token: string };
  readonly oauth: OAuthServer & { readonly clientId: string; readonly clientSecret: string };
  /** A token that works until it is revoked, for a caller that asks for none. */
  accessToken(): string;
  readonly store: ZendeskStore;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly dial: Dial;
  readonly log: readonly LoggedRequest[];
  /** What happens in the live company: give it to `company.live(…).onChange`. */
  change(change: CompanyChange): void;
  /** Takes paths that begin so away from the caller: `satisfaction_ratings`. */
  deny(path: string): void;
  allow(path: string): void;
  /** Every credential is refused from now on. */
  revoke(): void;
  close(): Promise<void>;
};

const ACCOUNT_ID = 18_525_901;
const PER_MINUTE = { account: 700, exports: 10 };

/** A Zendesk account on a port of this machine. */
export async function startZendeskSimulator(options: ZendeskSimulatorOptions): Promise<ZendeskSimulator> {
  const clock = options.clock ?? systemClock;
  const now = (): Date => clock.now();
  const store = createStore();
  const dial = createDial();
  const faults = createFaults(options.seed ?? 1, options.faults);
  const client = { clientId: "tributary_simulated", clientSecret: "simulated-client-secret" };
  const oauth = Object.assign(createOAuthServer({ ...client, expiresInS: 172_800, now }), client);
  const apiToken = { email: "ops@fernhill.example", token: "simulated-api-token" };
  const webhooks = createWebhooks({
    accountId: ACCOUNT_ID,
    now,
    chance: (probability) => probability > 0 && faults.random.chance(probability),
  });
  // The limits are per minute: the buckets' seconds are our minutes.
  const buckets = createBuckets(() => performance.now() / 60);
  const denied = new Set<string>();
  let isRevoked = false;

  function isKnown(request: SimRequest): boolean {
    if (isRevoked) return false;
    const presented = readAuthorization(request.headers["authorization"]);
    if (presented.kind === "bearer") return oauth.isValid(presented.token);
    return (
      presented.kind === "basic" &&
      presented.user === `${apiToken.email}/token` &&
      presented.password === apiToken.token
    );
  }

  function answer(request: SimRequest): SimAnswer {
    if (request.path.startsWith("/oauth/")) return answerOAuth(request, oauth, isRevoked);
    const path = /^\/api\/v2\/(.*?)(?:\.json)?$/.exec(request.path)?.[1];
    if (path === undefined)
      return { status: 404, headers: { "content-type": "text/html" }, body: "<html><body>No help desk</body></html>" };
    if (faults.strikes("expireToken", `${request.method} ${request.path}`)) oauth.expireAccessTokens();
    const isVisitor = !isKnown(request);
    if (isVisitor && !(dial.takesStrangersForVisitors && path === "users/me"))
      return { status: 401, body: { error: "Couldn't authenticate you" } };
    const state = options.limits === "off" ? null : take(buckets, path, options.limits ?? 1);
    if (state !== null && !state.isAllowed) return tooMany(dial, Math.max(1, Math.ceil(state.resetS * 60)));
    const result = answerRoute(path, request, {
      store,
      webhooks,
      dial,
      denied,
      base: `http://${request.headers["host"] ?? ""}`,
      now: now(),
      disturb: (rows) => disturbed(rows, faults, request),
      me: isVisitor ? null : administrator(store),
    });
    return state === null ? result : { ...result, headers: { ...limitHeaders(state, dial), ...result.headers } };
  }

  const server = await startServer({
    port: options.port ?? 0,
    now,
    faults,
    answer,
    tooMany: () => tooMany(dial, 1),
    beforeAnswer: (request) => changeWhilePaging(request, store, faults, now()),
    controls: {
      dial: (changes) => Object.assign(dial, changes),
      webhookDial: (changes) => Object.assign(webhooks.dial, changes),
      expireTokens: () => oauth.expireAccessTokens(),
      deny: (path) => denied.add(String(path)),
      allow: (path) => denied.delete(String(path)),
    },
  });
  const translator = options.company === null ? null : createTranslator(options.company, store, server.origin);
  translator?.history();
  store.onChange((change) => tellOf(change, store, webhooks));
  return {
    origin: server.origin,
    subdomain: "fernhill",
    apiToken,
    oauth,
    accessToken: () =>
      oauth.exchange({ id: client.clientId, secret: client.clientSecret }, oauth.authorize(null), null)?.accessToken ??
      "",
    store,
    faults,
    webhooks,
    dial,
    log: server.log,
    change: (change) => translator?.change(change),
    deny: (path) => void denied.add(path),
    allow: (path) => void denied.delete(path),
    revoke() {
      isRevoked = true;
      oauth.revokeAll();
    },
    async close() {
      webhooks.stop();
      await server.close();
    },
  };
}

function administrator(store: ZendeskStore): Row {
  return store.all("user").find((user) => user["role"] === "admin") ?? { id: 1, name: "Ops", role: "admin" };
}

function take(buckets: Buckets, path: string, factor: number): BucketState {
  const names = [{ name: "account", perSecond: PER_MINUTE.account * factor }];
  if (path.includes("incremental/")) names.unshift({ name: "exports", perSecond: PER_MINUTE.exports * factor });
  const state = buckets.take(names);
  // An answer tells of the account's limit alone, a refusal of whatever was empty.
  return state.isAllowed ? { ...state, limit: PER_MINUTE.account * factor } : state;
}

function limitHeaders({ limit, remaining, resetS }: BucketState, { hasOldHeaders }: Dial): { [name: string]: string } {
  const left = String(Math.max(remaining, 1));
  const reset = String(Math.ceil(resetS * 60));
  if (hasOldHeaders) return { "rate-limit": String(limit), "rate-limit-remaining": left, "rate-limit-reset": reset };
  return {
    "x-rate-limit": String(limit),
    "x-rate-limit-remaining": left,
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": left,
    "ratelimit-reset": reset,
  };
}

const TOO_MANY: { readonly [body in Dial["tooManyBody"]]: unknown } = {
  text: "Number of allowed API requests per minute exceeded",
  edge: { status: "429", title: "Automated response", detail: "Rate limited by Zendesk edge protection" },
  json: { error: "TooManyRequests", description: "Number of allowed API requests per minute exceeded" },
  offset: "Pagination limit reached for offset model",
};

function tooMany({ tooManyBody, hasRetryAfter }: Dial, waitS: number): SimAnswer {
  const headers = hasRetryAfter ? { "retry-after": String(waitS) } : { "ratelimit-reset": String(waitS) };
  return { status: 429, headers, body: TOO_MANY[tooManyBody] };
}

/** A page with a row twice, or in another order than documented. */
function disturbed<T>(rows: readonly T[], faults: Faults, request: SimRequest): readonly T[] {
  const name = `${request.method} ${request.path}`;
  const [first] = rows;
  const doubled = first !== undefined && faults.strikes("duplicate", name) ? [...rows, first] : rows;
  return faults.strikes("reorder", name) ? doubled.toReversed() : doubled;
}

/** Changes a ticket just before the export is answered, as people do while it is read. */
function changeWhilePaging(request: SimRequest, store: ZendeskStore, faults: Faults, now: Date): void {
  if (!request.path.includes("/incremental/tickets")) return;
  const name = `${request.method} ${request.path}`;
  const tickets = store.all("ticket").filter((ticket) => ticket["status"] !== "deleted");
  if (tickets.length === 0) return;
  if (faults.strikes("editWhilePaging", name)) {
    store.patch("ticket", faults.random.pick(tickets).id, { subject: `edited ${now.toISOString()}` }, now);
  }
  if (faults.strikes("deleteWhilePaging", name)) {
    store.patch("ticket", faults.random.pick(tickets).id, { status: "deleted" }, now);
  }
}

const TOLD: readonly (readonly [field: string, event: string])[] = [
  ["status", "status_changed"],
  ["assignee_id", "agent_assignment_changed"],
  ["priority", "priority_changed"],
  ["subject", "subject_changed"],
  ["tags", "tags_changed"],
];

/** What a change of a ticket is told as, and what is said in one that is there. */
function tellOf({ kind, row, before, at }: StoreChange, store: ZendeskStore, webhooks: Webhooks): void {
  if (kind === "event" && before === null) return tellOfComment(row, at, store, webhooks);
  if (kind !== "ticket") return;
  if (before === null) return webhooks.deliver({ name: "created", ticket: row, says: {}, at });
  for (const [field, name] of TOLD) {
    const [current, previous] = [row[field], (before as Fields)[field]];
    if (current === previous) continue;
    const told = field === "status" && current === "deleted" ? "soft_deleted" : name;
    const says = { current: String(current), previous: String(previous) };
    webhooks.deliver({ name: told, ticket: row, says, at });
  }
}

function tellOfComment(event: Row, at: Date, store: ZendeskStore, webhooks: Webhooks): void {
  const ticket = store.get("ticket", Number(event["ticket_id"]));
  const children = event["child_events"] as readonly Fields[];
  const comment = children.find((child) => child["event_type"] === "Comment");
  if (ticket === undefined || comment === undefined) return;
  const { id, body, public: isPublic, author_id } = comment;
  const says = { comment: { id: String(id), body, is_public: isPublic, author: { id: String(author_id) } } };
  webhooks.deliver({ name: "comment_added", ticket, says, at });
}
