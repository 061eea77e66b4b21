import { createHash, randomBytes } from "node:crypto";

/** Who a request says it is. */
export type Presented =
  | { readonly kind: "basic"; readonly user: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string }
  | { readonly kind: "nobody" };

export function readAuthorization(header: string | undefined): Presented {
  const [scheme, value = ""] = (header ?? "").split(" ");
  if (scheme === "Bearer") return { kind: "bearer", token: value };
  if (scheme !== "Basic") return { kind: "nobody" };
  const [user = "", ...password] = Buffer.from(value, "base64").toString("utf8").split(":");
  return { kind: "basic", user, password: password.join(":") };
}

export type OAuthClient = { readonly id: string; readonly secret: string };

export type Grant = { readonly accessToken: string; readonly refreshToken: string; readonly expiresInS: number };

/** OAuth 2's code flow with refresh tokens that rotate: each can be used once. */
export type OAuthServer = {
  /** A code for the redirect after someone has agreed. With a PKCE challenge (S256), only its verifier makes the code good. */
  authorize(challenge: string | null): string;
  /** @returns null when the code, the client or the PKCE verifier is not right; any of them uses the code up. */
  exchange(client: OAuthClient, code: string, verifier: string | null): Grant | null;
  /** @returns null when the token was used before, was revoked, or the client is not right. */
  refresh(client: OAuthClient, refreshToken: string): Grant | null;
  isValid(accessToken: string): boolean;
  /** Access tokens issued so far stop working; refresh tokens go on. */
  expireAccessTokens(): void;
  revokeAll(): void;
  /** How often tokens were issued. */
  readonly issued: { count: number };
};

export function createOAuthServer(options: {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly expiresInS: number;
  readonly now: () => Date;
}): OAuthServer {
  /** Code → PKCE challenge. */
  const codes = new Map<string, string | null>();
  const refreshTokens = new Set<string>();
  const accessTokens = new Map<string, number>();
  const issued = { count: 0 };

  function isClient({ id, secret }: OAuthClient): boolean {
    return id === options.clientId && secret === options.clientSecret;
  }

  function issue(): Grant {
    const grant = { accessToken: token("at"), refreshToken: token("rt"), expiresInS: options.expiresInS };
    accessTokens.set(grant.accessToken, options.now().getTime() + options.expiresInS * 1000);
    refreshTokens.add(grant.refreshToken);
    issued.count += 1;
    return grant;
  }

  return {
    issued,
    authorize(challenge) {
      const code = token("code");
      codes.set(code, challenge);
      return code;
    },
    exchange(client, code, verifier) {
      const challenge = codes.get(code);
      codes.delete(code);
      if (challenge === undefined || !isClient(client)) return null;
      return challenge === null || challenge === challengeOf(verifier ?? "") ? issue() : null;
    },
    refresh: (client, old) => (isClient(client) && refreshTokens.delete(old) ? issue() : null),
    isValid: (accessToken) => (accessTokens.get(accessToken) ?? 0) > options.now().getTime(),
    expireAccessTokens: () => accessTokens.clear(),
    revokeAll() {
      accessTokens.clear();
      refreshTokens.clear();
    },
  };
}

/** RFC 7636, 4.2. */
function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

function token(prefix: string): string {
  return `${prefix}_${randomBytes(18).toString("hex")}`;
}
