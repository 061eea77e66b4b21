/** Where apps and people meet the OAuth server. All of it is at the hub's own address, which is its issuer. */
export const OAUTH_ROUTES = {
  authorization: "/oauth/authorize",
  token: "/oauth/token",
  revocation: "/oauth/revoke",
  jwks: "/oauth/jwks",
} as const;

/** OpenID Connect Discovery 1.0, section 4. */
export const DISCOVERY = "/.well-known/openid-configuration";
/** RFC 8414, section 3: the same for who knows OAuth alone. */
export const OAUTH_METADATA = "/.well-known/oauth-authorization-server";
/** RFC 9728, section 3: which server gives tokens for the API. */
export const RESOURCE_METADATA = "/.well-known/oauth-protected-resource";

export function consentAddress(uid: string): string {
  return `/oauth/consent/${uid}`;
}
