import { z } from "zod";
import type { OAuthServer } from "../../_simulator/auth.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { refusal } from "./format.ts";

const tokenRequest = z.object({
  grant_type: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
  code: z.string().optional(),
  code_verifier: z.string().optional(),
  refresh_token: z.string().optional(),
  scope: z.string().optional(),
});

/** `/oauth/…`, which lies beside the API. Token requests are JSON. */
export function answerOAuth(
  request: SimRequest,
  oauth: OAuthServer & { readonly clientId: string; readonly clientSecret: string },
  isRevoked: boolean,
): SimAnswer {
  if (request.path === "/oauth/authorizations/new") return authorize(request, oauth);
  if (request.path !== "/oauth/tokens" || request.method !== "POST")
    return refusal(404, "InvalidEndpoint", "Not found");
  const asked = tokenRequest.safeParse(parse(request.body.toString("utf8")));
  if (!asked.success) return { status: 400, body: { error: "invalid_request" } };
  const { grant_type: grant, code = "", code_verifier: verifier = null, refresh_token: refreshToken = "" } = asked.data;
  const client = { id: asked.data.client_id, secret: asked.data.client_secret };
  const isOwn = grant === "client_credentials";
  const given = isRevoked
    ? null
    : isOwn
      ? oauth.exchange(client, oauth.authorize(null), null)
      : grant === "refresh_token"
        ? oauth.refresh(client, refreshToken)
        : oauth.exchange(client, code, verifier);
  if (given === null) return { status: 400, body: { error: isOwn ? "invalid_client" : "invalid_grant" } };
  const body = {
    access_token: given.accessToken,
    token_type: "bearer",
    scope: asked.data.scope ?? "read",
    expires_in: given.expiresInS,
    // A client that signs in by itself asks again instead.
    ...(isOwn ? {} : { refresh_token: given.refreshToken, refresh_token_expires_in: 2_592_000 }),
  };
  return { status: 200, body };
}

function authorize({ query }: SimRequest, oauth: OAuthServer): SimAnswer {
  const target = query.get("redirect_uri");
  if (target === null || !URL.canParse(target)) return refusal(400, "invalid_request", "redirect_uri is needed");
  const back = new URL(target);
  back.searchParams.set("code", oauth.authorize(query.get("code_challenge")));
  const state = query.get("state");
  if (state !== null) back.searchParams.set("state", state);
  return { status: 302, headers: { location: back.href } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
