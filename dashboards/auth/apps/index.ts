import express, { type Request, type RequestHandler, type Response } from "express";
import { z } from "zod";
import { TributaryError } from "../../../core/base/errors.ts";
import { APP_SCOPES, type AppScope } from "../../../core/setup/apps.ts";
import { baseUrl } from "../../web/address.ts";
import type { ServerDeps } from "../../web/deps.ts";
import { notFound } from "../../web/problem.ts";
import type { Route } from "../../web/routes.ts";
import { allowFormsTo } from "../../web/security.ts";
import { principalOf } from "../identify.ts";
import type { Principal } from "../principal.ts";
import { DISCOVERY, OAUTH_METADATA, OAUTH_ROUTES, RESOURCE_METADATA } from "./addresses.ts";
import { consentPage } from "./pages.ts";
import { type OauthServer, oauthServers } from "./provider.ts";

/**
 * The hub as an OAuth 2 server for apps: authorization code with PKCE (RFC 6749, 7636), refresh tokens that change with each use, revocation
 * (RFC 7009), metadata (RFC 8414, 9728). The protocol is the library's; who somebody is and what they agree to is asked here.
 */
export function appRoutes(deps: ServerDeps): Route[] {
  const serverFor = oauthServers(deps);
  const ofServer: RequestHandler = async (request, response) => {
    const server = await serverFor(baseUrl(deps, request));
    await server.answer(request, response);
  };
  const metadata: RequestHandler = async (request, response) => {
    request.url = DISCOVERY;
    await ofServer(request, response, () => undefined);
  };
  const open = { kind: "public" } as const;
  const signedIn = { kind: "console", role: "viewer" } as const;
  const form = express.urlencoded({ extended: false, limit: "16kb" });
  return [
    { method: "get", path: OAUTH_ROUTES.authorization, access: open, handlers: [ofServer] },
    { method: "get", path: `${OAUTH_ROUTES.authorization}/:uid`, access: open, handlers: [ofServer] },
    { method: "post", path: OAUTH_ROUTES.token, access: open, handlers: [ofServer] },
    { method: "post", path: OAUTH_ROUTES.revocation, access: open, handlers: [ofServer] },
    { method: "get", path: OAUTH_ROUTES.jwks, access: open, handlers: [ofServer] },
    { method: "get", path: DISCOVERY, access: open, handlers: [ofServer] },
    { method: "get", path: OAUTH_METADATA, access: open, handlers: [metadata] },
    { method: "get", path: RESOURCE_METADATA, access: open, handlers: [resourceMetadata(deps)] },
    { method: "get", path: `${RESOURCE_METADATA}/mcp`, access: open, handlers: [resourceMetadata(deps)] },
    { method: "get", path: "/oauth/consent/:uid", access: signedIn, handlers: [ask(deps, serverFor)] },
    { method: "post", path: "/oauth/consent/:uid", access: signedIn, handlers: [form, decide(deps, serverFor)] },
  ];
}

function resourceMetadata(deps: ServerDeps): RequestHandler {
  return (request, response) => {
    const base = baseUrl(deps, request);
    response.json({
      resource: request.path.endsWith("/mcp") ? `${base}/mcp` : base,
      authorization_servers: [base],
      scopes_supported: APP_SCOPES,
      bearer_methods_supported: ["header"],
    });
  };
}

type ServerFor = (base: string) => Promise<OauthServer>;

function ask(deps: ServerDeps, serverFor: ServerFor): RequestHandler {
  return async (request, response) => {
    const { asked, client, user, uid, redirectUri } = await pending(deps, serverFor, request, response);
    // Chrome holds the redirect that follows a form to the same rule as the form.
    allowFormsTo(response, redirectUri.origin === "null" ? redirectUri.protocol : redirectUri.origin);
    const text = consentPage(request.acceptsLanguages("en", "fr"), user, {
      app: client.clientName ?? client.clientId,
      hub: new URL(baseUrl(deps, request)).host,
      uid,
      ...split(asked, user),
      returnsTo: redirectUri.host,
    });
    response.set("Cache-Control", "no-store").type("html").send(text);
  };
}

const decision = z.object({ decision: z.enum(["allow", "deny"]) });

function decide(deps: ServerDeps, serverFor: ServerFor): RequestHandler {
  return async (request, response) => {
    const { asked, server, client, user, others } = await pending(deps, serverFor, request, response);
    const { provider } = server;
    const said = decision.safeParse(request.body);
    if (!said.success || said.data.decision === "deny") {
      const refusal = { error: "access_denied", error_description: "The person did not agree." };
      await provider.interactionFinished(request, response, refusal, { mergeWithLastSubmission: false });
      return;
    }
    const { scopes, refused } = split(asked, user);
    const grant = new provider.Grant({ accountId: user.id, clientId: client.clientId });
    grant.addOIDCScope([...others, ...scopes].join(" "));
    if (refused.length > 0) grant.rejectOIDCScope(refused.join(" "));
    const grantId = await grant.save();
    await provider.interactionFinished(request, response, { login: { accountId: user.id }, consent: { grantId } });
  };
}

type User = Extract<Principal, { kind: "user" }>;

/** What an app waits for an answer to, in this browser. @throws TributaryError `app.nothing_asked` */
async function pending(deps: ServerDeps, serverFor: ServerFor, request: Request, response: Response) {
  const user = principalOf(response);
  if (user.kind !== "user") throw notFound();
  const server = await serverFor(baseUrl(deps, request));
  server.adopt(request);
  const interaction = await server.provider.interactionDetails(request, response).catch((error: unknown) => {
    throw nothingAsked(error);
  });
  const { uid, params } = interaction;
  const client = await server.provider.Client.find(String(params["client_id"]));
  if (client === undefined || uid !== request.params["uid"]) throw nothingAsked(null);
  const scope = params["scope"];
  const words = typeof scope === "string" ? scope.split(" ") : [];
  const asked = APP_SCOPES.filter((one) => words.includes(one));
  const others = words.filter((one) => one === "openid" || one === "offline_access");
  return { server, uid, client, user, asked, others, redirectUri: new URL(String(params["redirect_uri"])) };
}

/** Nobody can allow what they may not do. */
function split(asked: readonly AppScope[], user: User): { scopes: AppScope[]; refused: AppScope[] } {
  const may = (scope: AppScope): boolean => user.role === "admin" || scope === "read";
  return { scopes: asked.filter(may), refused: asked.filter((scope) => !may(scope)) };
}

function nothingAsked(cause: unknown): TributaryError {
  return new TributaryError({
    code: "app.nothing_asked",
    kind: "auth",
    message: "No app waits for an answer in this browser.",
    mend: "Go back to the app and start again.",
    cause,
  });
}
