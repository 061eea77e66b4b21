import { TributaryError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import type { AnyDestination, Subscription } from "./define.ts";

/** What a destination's own schema cannot say of its settings. */

/**
 * What is secret, or signed with a secret, goes over https alone, except where an operator allows private networks. That it goes to the internet
 * is for the client to see, at the moment of connecting. The address is not in the message: it may be a secret itself.
 *
 * @throws TributaryError `webhooks.url_refused`
 */
export function assertAddresses(
  { title, addresses }: AnyDestination,
  parsed: unknown,
  options: { readonly allowPrivateNetworks?: boolean },
): void {
  for (const address of addresses(parsed)) {
    const why = refusalOf(address, options.allowPrivateNetworks ?? false);
    if (why === null) continue;
    throw new TributaryError({
      code: "webhooks.url_refused",
      kind: "config",
      message: `An address of ${title} is refused: ${why}.`,
      mend: address.startsWith("smtp:")
        ? "Leave tls=none out: the mail server has to offer STARTTLS. For a relay beside the hub set TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true."
        : "Give an https:// address that is reachable from the internet, without user name or password in it.",
    });
  }
}

function refusalOf(address: string, allowPrivateNetworks: boolean): string | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null) return "it is not an absolute URL";
  if (/^https?:(?!\/\/)/i.test(address.trim())) return "its host does not stand after //";
  if (url.protocol === "smtps:") return null;
  // Without STARTTLS nothing is sent there, unless the address says otherwise. User and password belong into it.
  if (url.protocol === "smtp:")
    return url.searchParams.get("tls") === "none" && !allowPrivateNetworks ? "it says tls=none" : null;
  if (url.username !== "" || url.password !== "") return "it carries a user name or password";
  if (url.protocol === "https:" || (url.protocol === "http:" && allowPrivateNetworks)) return null;
  return `it uses ${url.protocol.slice(0, -1)} instead of https`;
}

/**
 * Filters of a subscription that name no KPI, or that fit none of the events that are subscribed.
 *
 * @param kpis the ids of all there are.
 */
export function subscriptionProblems(
  { types, filters }: Pick<Subscription, "types" | "filters">,
  kpis: readonly string[],
): readonly string[] {
  const hasType = (prefix: string): boolean => types.some((type) => type === "*" || type.startsWith(prefix));
  const problems: string[] = [];
  const unused = (names: readonly (keyof typeof filters)[], prefix: string, of: string): void => {
    for (const name of names)
      if (filters[name] !== undefined && !hasType(prefix))
        problems.push(`the filter ${name} is of ${of}, and none is subscribed; subscribe one or leave it out`);
  };
  unused(["pipelines", "min_amount"], "deal.", "events of deals");
  unused(["metrics", "rises_to", "falls_to"], "kpi.", "the event kpi.updated");
  for (const id of filters.metrics ?? []) {
    if (kpis.includes(id)) continue;
    const guess = nearest(id, kpis);
    problems.push(
      `there is no KPI "${id}"; ${guess === null ? "`tributary kpi list` has them" : `did you mean "${guess}"?`}`,
    );
  }
  return problems;
}

/** @throws TributaryError `webhooks.filter_refused` */
export function assertSubscription({ title, takes }: AnyDestination, parsed: unknown, kpis: readonly string[]): void {
  if (takes.kind !== "events") return;
  const problems = subscriptionProblems(takes.subscription(parsed), kpis);
  if (problems.length === 0) return;
  throw new TributaryError({
    code: "webhooks.filter_refused",
    kind: "config",
    message: `${title}: ${problems.join("; ")}.`,
    mend: "Correct the filter, or the list of events.",
  });
}
