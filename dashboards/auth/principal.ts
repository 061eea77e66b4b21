import type { ApiScope } from "../../core/setup/keys.ts";
import type { Actor } from "../../core/setup/verb.ts";
import type { UserRole } from "../../core/store/setup/users.ts";

/** Who a request comes from. */
export type Principal =
  | { readonly kind: "anonymous" }
  | { readonly kind: "user"; readonly id: string; readonly email: string; readonly role: UserRole }
  | { readonly kind: "key"; readonly id: string; readonly name: string; readonly scopes: readonly string[] }
  | {
      /** An app that acts for somebody by OAuth 2. */
      readonly kind: "app";
      /** What it was allowed by that person. */
      readonly id: string;
      readonly name: string;
      readonly email: string;
      readonly scopes: readonly string[];
    };

/**
 * Who may use a route:
 * - `public`   everyone.
 * - `console`  people who have signed in; `admin` routes only admins.
 * - `api`      keys and apps with the scope, and people who have signed in: viewers for `read`, admins for everything.
 * - `link`     a `?key=` whose scope names this very screen (`param` of the path), and people who have signed in.
 * - `inbound`  vendors; the handler checks token and signature itself.
 * - `metrics`  a key with that scope; everyone where the server is reachable from this machine only.
 */
export type Access =
  | { readonly kind: "public" }
  | { readonly kind: "console"; readonly role: UserRole }
  | { readonly kind: "api"; readonly scope: ApiScope }
  | { readonly kind: "link"; readonly screen: "tv" | "feed" | "calendar"; readonly param: string }
  | { readonly kind: "inbound" }
  | { readonly kind: "metrics" };

/** Name of the actor in the audit log. */
export function actorOf(principal: Principal): Actor {
  switch (principal.kind) {
    case "anonymous":
      return "anonymous";
    case "user":
      return `user:${principal.email}`;
    case "key":
      return `key:${principal.name}`;
    case "app":
      return `app:${principal.name} for ${principal.email}`;
  }
}

/** What an app was allowed, which its subscriptions end with; null: no app asks. */
export function grantOf(principal: Principal): string | null {
  return principal.kind === "app" ? principal.id : null;
}

/** Whether the principal may; `screenId` is the screen that the path names. */
export function mayAccess(
  principal: Principal,
  access: Access,
  context: { readonly screenId: string | null; readonly isPrivateServer: boolean },
): boolean {
  switch (access.kind) {
    case "public":
    case "inbound":
      return true;
    case "console":
      return principal.kind === "user" && (access.role === "viewer" || principal.role === "admin");
    case "api":
      if (principal.kind === "user") return principal.role === "admin" || access.scope === "read";
      return (principal.kind === "key" || principal.kind === "app") && hasScope(principal.scopes, access.scope);
    case "link":
      if (principal.kind === "user") return true;
      return (
        principal.kind === "key" &&
        (principal.scopes.includes(`${access.screen}:*`) ||
          principal.scopes.includes(`${access.screen}:${context.screenId}`) ||
          hasScope(principal.scopes, "read"))
      );
    case "metrics":
      return context.isPrivateServer || (principal.kind === "key" && hasScope(principal.scopes, "metrics"));
  }
}

function hasScope(scopes: readonly string[], wanted: ApiScope): boolean {
  if (scopes.includes(wanted) || scopes.includes("admin")) return true;
  return wanted === "read" && (scopes.includes("write") || scopes.includes("connections"));
}
