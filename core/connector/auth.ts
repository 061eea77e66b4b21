import type { z } from "zod";
import type { Json, JsonObject } from "../base/json.ts";

/** What a person enters; what may be left out is absent or undefined. */
type Entered = { readonly [field: string]: Json | undefined };

/** A way to sign in. `credentials` is what a person enters (and, for OAuth, what the hub adds); keys in snake_case. */
export type AuthMethod =
  | { readonly kind: "none"; readonly credentials: z.ZodType<Entered> }
  | ({ readonly kind: "api_key"; readonly title: string; readonly credentials: z.ZodType<Entered> } & Origin)
  | ({ readonly kind: "service_account"; readonly title: string; readonly credentials: z.ZodType<Entered> } & Origin)
  | (OAuth2Method & Origin);

/** Where a person gets what is to be entered. */
type Origin = {
  /** The vendor's page where a key, or an app, is made. Absent: it has no address that is the same for everyone. */
  readonly madeAt?: string;
  /** What the key must be allowed to do, in the vendor's own words. */
  readonly needs?: readonly string[];
};

/**
 * OAuth 2. `credentials` holds `client_id` and `client_secret`, and for a code flow what the hub has received since:
 * `access_token`, `refresh_token`, `expires_at` (ISO).
 */
export type OAuth2Method = {
  readonly kind: "oauth2";
  readonly title: string;
  readonly grant: "authorization_code" | "client_credentials";
  readonly credentials: z.ZodType<Entered>;
  /** Where a person agrees; takes the settings, since some vendors have an address per account. */
  readonly authorizeUrl: (settings: JsonObject) => string;
  readonly tokenUrl: (settings: JsonObject) => string;
  readonly scopes: readonly string[];
  /** Whether the vendor checks PKCE (RFC 7636, S256) in the code flow. Absent: no. */
  readonly pkce?: true;
  /**
   * How the token request is written. Absent: everything in the form, as most vendors take it. `json`: everything as JSON (Zendesk).
   * `basic_query`: the client signs in by Basic and the parameters stand in the address (Gong).
   */
  readonly tokenRequest?: "json" | "basic_query";
  /** Further fields of the vendor's answer that become part of the credentials, such as an address of the account's own. */
  readonly keeps?: readonly string[];
};
