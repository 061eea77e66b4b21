import type { auth as GoogleAuth } from "@googleapis/sheets";
import { TributaryError } from "../../../core/base/errors.ts";
import { classify, type Asked } from "./errors.ts";
import { type Account, type AccountSettings, accountOf } from "./settings.ts";

/** Google says that a request over 180 s times out (developers.google.com, "Usage limits"); ours are small. */
const TIMEOUT_MS = 30_000;
const TOKEN_URL = "https://oauth2.googleapis.com/token";

/** A service account's sign-in (`JWT`) is one, too. */
type AuthClient = InstanceType<typeof GoogleAuth.OAuth2>;

export type GoogleOptions = {
  readonly settings: AccountSettings;
  readonly baseUrl: string;
  /** Where the API really is. */
  readonly vendorUrl: string;
  readonly scope: string;
  readonly allowPrivateNetworks: boolean;
  readonly signal: AbortSignal;
  readonly now: () => Date;
};

/** A sign-in, and how calls are made with it. */
export type Google = {
  readonly auth: AuthClient;
  readonly rootUrl: string;
  /** Who the file has to be shared with; null: a person signs in. */
  readonly email: string | null;
  /**
   * One request, sent once: trying again is the job's.
   *
   * @throws TributaryError `google.…`
   */
  call<T>(asked: Asked, send: (options: CallOptions) => Promise<{ readonly data: T }>): Promise<T>;
};

export type CallOptions = { readonly timeout: number; readonly retry: false; readonly signal: AbortSignal };

/**
 * Signs in. Nothing is sent yet. Google's libraries are loaded when they are first needed.
 *
 * @throws TributaryError `google.key_unusable`, `google.base_url_not_allowed`: the library would follow it into any network.
 */
export async function openGoogle(options: GoogleOptions): Promise<Google> {
  const { baseUrl, vendorUrl, settings, scope, signal, now } = options;
  const isVendor = new URL(baseUrl).origin === new URL(vendorUrl).origin;
  if (!isVendor && !options.allowPrivateNetworks) throw notGoogle(baseUrl);
  const rootUrl = baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`;
  const account = accountOf(settings);
  const { auth } = await import("@googleapis/sheets");
  const client = clientOf(auth, account, scope, isVendor ? TOKEN_URL : `${rootUrl}token`);
  const email = account.kind === "service" ? account.email : null;
  return {
    auth: client,
    rootUrl,
    email,
    async call(asked, send) {
      try {
        return (await send({ timeout: TIMEOUT_MS, retry: false, signal })).data;
      } catch (error) {
        throw classify(error, asked, email, now());
      }
    },
  };
}

function clientOf(auth: typeof GoogleAuth, account: Account, scope: string, tokenUrl: string): AuthClient {
  if (account.kind === "person") {
    const client = new auth.OAuth2({
      clientId: account.clientId,
      clientSecret: account.clientSecret,
      endpoints: { oauth2TokenUrl: tokenUrl },
    });
    client.setCredentials({ refresh_token: account.refreshToken });
    client.transporter.defaults.timeout = TIMEOUT_MS;
    return client;
  }
  const client = new auth.JWT({ email: account.email, key: account.key, scopes: [scope] });
  client.transporter.defaults.timeout = TIMEOUT_MS;
  // The library has the address as a constant, whatever the key file says.
  if (tokenUrl !== TOKEN_URL)
    client.transporter.interceptors.request.add({
      resolved: (config) =>
        Promise.resolve(String(config.url) === TOKEN_URL ? Object.assign(config, { url: new URL(tokenUrl) }) : config),
    });
  return client;
}

function notGoogle(baseUrl: string): TributaryError {
  return new TributaryError({
    code: "google.base_url_not_allowed",
    kind: "config",
    message: `base_url leads to ${new URL(baseUrl).host}, which is not Google.`,
    mend: "Take base_url out of the section; for a test set TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true.",
  });
}
