import { text as readText } from "node:stream/consumers";
import { createHash, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { portOf } from "../../../../core/base/network.ts";

/**
 * What every simulated Google API has: the token endpoint (RS256 assertions of one service account, a person's refresh token), tokens that are asked for,
 * files that are shared or not, and a user's quota of a minute (sources in ../../sheets/README.md).
 */
export type GoogleRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
};
export type GoogleAnswer = { readonly status: number; readonly body: unknown };

/** What goes wrong: the next so many requests answer with a status; or the n-th from now is cut, before or after it has taken effect. */
export type GoogleFaults = {
  failNext(count: number, status: number, message?: string): void;
  cut(at: number, when: "before" | "after"): void;
};

export type GoogleSimulator = GoogleFaults & {
  readonly url: string;
  /** The service account's key file. */
  readonly serviceAccount: string;
  readonly email: string;
  readonly oauth: { readonly client_id: string; readonly client_secret: string; readonly refresh_token: string };
  /** Requests to the API since it started, without those for tokens: `POST /v4/…`. */
  readonly requests: readonly string[];
  /** So many requests of each kind a minute from now on. */
  limit(perMinute: number): void;
  /** Nothing is shared any more, or again. */
  share(isShared: boolean): void;
  /** The keys that were given are none any more. */
  revoke(): void;
  close(): Promise<void>;
};

export type GoogleService = {
  readonly service: string;
  readonly scope: string;
  readonly readsPerMinute: number;
  readonly writesPerMinute: number;
  readonly answer: (request: GoogleRequest) => GoogleAnswer;
  readonly now?: () => number;
};

const TOKEN_URL = "https://oauth2.googleapis.com/token";
/** Making a key pair takes a tenth of a second, so one process makes one. */
let pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } | null = null;

export async function startGoogleSimulator(
  options: { readonly port?: number; readonly secret: string },
  service: GoogleService,
): Promise<GoogleSimulator> {
  const now = service.now ?? Date.now;
  const { privateKey, publicKey } = (pair ??= generateKeyPairSync("rsa", { modulusLength: 2048 }));
  const email = "tributary@simulated.iam.gserviceaccount.com";
  const oauth = {
    client_id: "simulated.apps.googleusercontent.com",
    client_secret: secretOf(options.secret, "client"),
    refresh_token: secretOf(options.secret, "refresh"),
  };
  const tokens = new Set<string>();
  const requests: string[] = [];
  let isShared = true;
  let isRevoked = false;
  let failures = { left: 0, status: 500, message: "" };
  let cut: { left: number; when: "before" | "after" } | null = null;
  let limits = { reads: service.readsPerMinute, writes: service.writesPerMinute };
  let counted: { at: number; isRead: boolean }[] = [];

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const refused = error instanceof Refusal ? error : new Refusal(500, "Internal error encountered.");
      send(response, refused.status, refused.body());
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    const url = new URL(request.url ?? "/", "http://google");
    if (url.pathname === "/token") return grant(new URLSearchParams(text), response);
    requests.push(`${request.method} ${decodeURIComponent(url.pathname)}`);
    const isCut = cut !== null && (cut.left -= 1) === 0;
    if (isCut && cut?.when === "before") return void request.socket.destroy();
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!tokens.has(token) || isRevoked)
      throw new Refusal(401, "Request had invalid authentication credentials. Expected OAuth 2 access token.");
    if (failures.left > 0) {
      failures = { ...failures, left: failures.left - 1 };
      throw new Refusal(failures.status, failures.message);
    }
    count(request.method === "GET");
    if (!isShared) throw new Refusal(403, "The caller does not have permission");
    const { status, body } = service.answer({
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      body: text === "" ? null : jsonOf(text),
    });
    if (isCut) return void request.socket.destroy();
    send(response, status, body);
  }

  function count(isRead: boolean): void {
    counted = counted.filter(({ at }) => at > now() - 60_000);
    const limit = isRead ? limits.reads : limits.writes;
    const kind = isRead ? "Read" : "Write";
    if (counted.filter((one) => one.isRead === isRead).length >= limit)
      throw new Refusal(
        429,
        `Quota exceeded for quota metric '${kind} requests' and limit '${kind} requests per minute per user' of service '${service.service}' for consumer 'project_number:1'.`,
      );
    counted.push({ at: now(), isRead });
  }

  function grant(form: URLSearchParams, response: ServerResponse): void {
    const type = form.get("grant_type");
    const isGiven =
      !isRevoked &&
      (type === "refresh_token"
        ? form.get("refresh_token") === oauth.refresh_token &&
          form.get("client_id") === oauth.client_id &&
          form.get("client_secret") === oauth.client_secret
        : type === "urn:ietf:params:oauth:grant-type:jwt-bearer" &&
          isSigned(form.get("assertion") ?? "", { publicKey, email, scope: service.scope }));
    if (!isGiven)
      return send(response, 400, {
        error: "invalid_grant",
        error_description: type === "refresh_token" ? "Token has been expired or revoked." : "Invalid JWT Signature.",
      });
    const token = `ya29.${secretOf(options.secret, `token ${tokens.size}`)}`;
    tokens.add(token);
    send(response, 200, { access_token: token, expires_in: 3599, token_type: "Bearer" });
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${portOf(server)}`;
  return {
    url,
    email,
    oauth,
    requests,
    serviceAccount: JSON.stringify({
      type: "service_account",
      project_id: "simulated",
      private_key_id: "simulated",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      client_email: email,
      token_uri: TOKEN_URL,
    }),
    failNext: (left, status, message = "Simulated failure") => void (failures = { left, status, message }),
    cut: (at, when) => void (cut = { left: at, when }),
    limit: (perMinute) => void (limits = { reads: perMinute, writes: perMinute }),
    share: (shared) => void (isShared = shared),
    revoke: () => void (isRevoked = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const STATUSES: { readonly [status: number]: string } = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

/** An answer that refuses, in the form of Google's. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
  body(): object {
    const { status: code, message } = this;
    return { error: { code, message, status: STATUSES[code] ?? "UNKNOWN", details: [] } };
  }
}

/** @throws Refusal 400, in Google's words for a body that does not fit. */
export function invalid(message: string): never {
  throw new Refusal(400, message);
}

export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As Google checks an assertion: whose it is, for what, by whom it is signed, and not for longer than an hour. */
function isSigned(
  assertion: string,
  { publicKey, email, scope }: { readonly publicKey: KeyObject; readonly email: string; readonly scope: string },
): boolean {
  const [header = "", payload = "", signature = ""] = assertion.split(".");
  const claims = jsonOf(Buffer.from(payload, "base64url").toString("utf8"));
  if (!isRecord(claims)) return false;
  const { iss, aud, exp, iat } = claims;
  const isTimely = typeof exp === "number" && typeof iat === "number" && exp - iat <= 3600 && exp * 1000 > Date.now();
  const isRight = iss === email && aud === TOKEN_URL && String(claims["scope"]).split(" ").includes(scope) && isTimely;
  const signed = Buffer.from(`${header}.${payload}`);
  return isRight && verify("RSA-SHA256", signed, publicKey, Buffer.from(signature, "base64url"));
}

function secretOf(secret: string, what: string): string {
  return createHash("sha256").update(`${secret}/${what}`).digest("base64url");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return invalid("Invalid JSON payload received.");
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" }).end(JSON.stringify(body));
}
