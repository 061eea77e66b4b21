import { type OAuthServer, readAuthorization } from "../../_simulator/auth.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";

/** Signing in: the page where an admin agrees, and the tokens. The client says who it is by Basic, and everything else in the address. */
export function answerOAuth(request: SimRequest, oauth: OAuthServer, origin: string): SimAnswer {
  const { query } = request;
  if (request.path === "/oauth2/authorize") {
    const target = query.get("redirect_uri");
    if (target === null || !URL.canParse(target)) return { status: 400, body: { error: "invalid_request" } };
    const back = new URL(target);
    back.searchParams.set("code", oauth.authorize(null));
    const state = query.get("state");
    if (state !== null) back.searchParams.set("state", state);
    return { status: 302, headers: { location: back.href } };
  }
  const presented = readAuthorization(request.headers["authorization"]);
  if (request.method !== "POST" || presented.kind !== "basic")
    return { status: 401, body: { error: "invalid_client" } };
  const client = { id: presented.user, secret: presented.password };
  const grant =
    query.get("grant_type") === "refresh_token"
      ? oauth.refresh(client, query.get("refresh_token") ?? "")
      : oauth.exchange(client, query.get("code") ?? "", null);
  if (grant === null) return { status: 400, body: { error: "invalid_grant" } };
  return {
    status: 200,
    body: {
      access_token: grant.accessToken,
      refresh_token: grant.refreshToken,
      token_type: "bearer",
      expires_in: grant.expiresInS,
      scope: "api:calls:read:extensive api:users:read",
      api_base_url_for_customer: origin,
    },
  };
}
