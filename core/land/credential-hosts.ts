import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { AnyConnector } from "../connector/define.ts";

/**
 * A stored secret is bound to where it goes: whoever may change settings must not learn credentials that others have entered, by having them
 * sent to a host of theirs.
 */

/**
 * Where a connection's credentials go, as origins, by its settings: what the connector declares, and the addresses of its OAuth methods.
 *
 * @param settings valid ones, as they are stored.
 */
export function credentialHosts(connector: AnyConnector, settings: JsonObject): ReadonlySet<string> {
  const oauth = connector.auth.flatMap((method) =>
    method.kind === "oauth2" ? [method.authorizeUrl(settings), method.tokenUrl(settings)] : [],
  );
  const declared = connector.sendsCredentialsTo(connector.settings.parse(settings));
  return new Set([...declared, ...oauth].map((address) => new URL(address).origin));
}

/** The hosts that new settings lead to and the old ones did not. Settings that are no longer valid led nowhere. */
export function newHosts(connector: AnyConnector, old: JsonObject, now: JsonObject): readonly string[] {
  const known = connector.settings.safeParse(old).success ? credentialHosts(connector, old) : new Set<string>();
  return [...credentialHosts(connector, now)].filter((host) => !known.has(host));
}

/**
 * Credentials go over the wire encrypted; only who lets connections into private networks, for a test or a proxy, may do without.
 *
 * @throws TributaryError `connection.plain_http`
 */
export function assertEncrypted(hosts: Iterable<string>, allowPrivateNetworks: boolean): void {
  const plain = [...hosts].find((host) => !host.startsWith("https:"));
  if (plain === undefined || allowPrivateNetworks) return;
  throw new TributaryError({
    code: "connection.plain_http",
    kind: "config",
    message: `The credentials would go to ${plain} without encryption.`,
    mend: "Use an https address. For a test or a proxy in a private network, set TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true.",
  });
}

export function credentialsNeeded(id: string, hosts: readonly string[]): TributaryError {
  return new TributaryError({
    code: "connection.credentials_needed",
    kind: "config",
    message: `The change would send the stored credentials of ${id} to ${hosts.join(", ")}, for which they were not entered.`,
    mend: "Enter the credentials again together with the change (API: `credentials` in the same request; config file: `credentials` of the connection), or connect the account anew.",
  });
}

/** Somebody has changed where a connection leads while it was asked under its old settings. */
export function changedMeanwhile(id: string): TributaryError {
  return new TributaryError({
    code: "connection.changed_meanwhile",
    kind: "transient",
    message: `The connection ${id} was changed while its account was asked; the credentials are for another address now.`,
    mend: "Nothing to do: the next try goes by the new settings. A sign-in at the vendor has to be started again.",
  });
}
