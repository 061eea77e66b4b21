import type { Bundle, HttpRequestOptionsWithUrl, HttpResponse, ZObject } from "zapier-platform-core";
import { type AppRow, problemText, textOf } from "./contract.ts";
import { ask, baseOf, problemOf, withProof } from "./hub.ts";

/** The two ways to connect: with an API key, or by letting the app in (OAuth 2). An app of Zapier's has one; index.ts says which. */

const base = {
  key: "base",
  label: "Hub Address",
  type: "string" as const,
  required: true,
  helpText: "Where you open the hub: `https://hub.example.com`. It has to be reached from the internet, by https.",
};

/** Who is connected where. What it answers names the connection. */
async function test(z: ZObject, bundle: Bundle): Promise<AppRow> {
  const { name, kind } = await ask(z, bundle, "/me");
  if (typeof name !== "string") throw new z.errors.Error(problemText(200, null), "NotAHub", 200);
  return { name, kind, hub: new URL(baseOf(z, bundle)).host };
}

const connectionLabel = "{{name}} ({{hub}})";

/** What a request is, before it is sent: the platform's own type has every part of it optional. */
type Outgoing = HttpRequestOptionsWithUrl;

function proving(proofOf: (bundle: Bundle) => string | undefined) {
  return (request: Outgoing, z: ZObject, bundle: Bundle): Outgoing => {
    const proof = proofOf(bundle);
    const headers = { ...request.headers };
    if (proof !== undefined) withProof({ url: request.url, headers }, proof, baseOf(z, bundle));
    return { ...request, headers };
  };
}

export const byKey = {
  authentication: {
    type: "custom" as const,
    fields: [
      base,
      {
        key: "api_key",
        label: "API Key",
        type: "password" as const,
        required: true,
        helpText:
          "Of the scopes `write` and `webhooks`. An admin makes it in the hub under Keys, or with `tributary keys create Zapier --scope write webhooks`.",
      },
    ],
    test,
    connectionLabel,
  },
  beforeRequest: [proving(({ authData }) => authData["api_key"])],
};

/** Of the app as the hub knows it (`tributary apps add Zapier …`), set with `zapier-platform env:set`. */
function client(): { readonly client_id: string; readonly client_secret: string } {
  return { client_id: process.env["CLIENT_ID"] ?? "", client_secret: process.env["CLIENT_SECRET"] ?? "" };
}

/** Writing includes reading. */
const SCOPE = "write webhooks";

/** Asks for tokens. They stand at the top level, where Zapier keeps them; a refresh gives a new refresh token, too. */
async function tokens(z: ZObject, bundle: Bundle, asked: { readonly [name: string]: string }): Promise<AppRow> {
  const response: HttpResponse<AppRow> = await z.request({
    url: `${baseOf(z, bundle)}/oauth/token`,
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ ...client(), ...asked }).toString(),
    redirect: "manual",
    skipThrowForStatus: true,
  });
  if (response.status >= 300) throw refusalOf(z, response);
  const { access_token, refresh_token } = response.data;
  return { access_token, refresh_token };
}

/** RFC 6749, section 5.2: what was allowed is no more when its token is refused; the person has to connect again. */
function refusalOf(z: ZObject, response: HttpResponse<AppRow>): Error {
  const { error, error_description: description } = typeof response.data === "object" ? response.data : {};
  if (error === "invalid_grant")
    return new z.errors.ExpiredAuthError("The hub does not know this connection any more. Connect again.");
  if (typeof error !== "string") return problemOf(z, response);
  const said = typeof description === "string" ? `: ${description}` : "";
  return new z.errors.Error(`The hub refuses to connect (${error}${said}).`, error, response.status);
}

export const byOauth = {
  authentication: {
    type: "oauth2" as const,
    fields: [base],
    oauth2Config: {
      authorizeUrl: (z: ZObject, bundle: Bundle): string => {
        const { state, redirect_uri, code_challenge } = bundle.inputData;
        const address = new URL(`${baseOf(z, bundle)}/oauth/authorize`);
        const asked = {
          response_type: "code",
          client_id: client().client_id,
          redirect_uri: textOf(redirect_uri),
          state: textOf(state),
          scope: SCOPE,
          code_challenge: textOf(code_challenge),
          code_challenge_method: "S256",
        };
        for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
        return address.href;
      },
      getAccessToken: (z: ZObject, bundle: Bundle): Promise<AppRow> => {
        const { code, redirect_uri, code_verifier } = bundle.inputData;
        const asked = { code: textOf(code), redirect_uri: textOf(redirect_uri), code_verifier: textOf(code_verifier) };
        return tokens(z, bundle, { grant_type: "authorization_code", ...asked });
      },
      refreshAccessToken: (z: ZObject, bundle: Bundle): Promise<AppRow> =>
        tokens(z, bundle, { grant_type: "refresh_token", refresh_token: bundle.authData["refresh_token"] ?? "" }),
      scope: SCOPE,
      autoRefresh: true,
      enablePkce: true,
    },
    test,
    connectionLabel,
  },
  beforeRequest: [proving(({ authData }) => authData["access_token"])],
};
