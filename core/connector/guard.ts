import { lookup as resolve, type LookupAddress } from "node:dns";
import { type AgentOptions, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from "node:https";
import { BlockList, isIP, type LookupFunction, Socket, type TcpNetConnectOpts } from "node:net";
import type { Duplex } from "node:stream";
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from "request-filtering-agent";

/**
 * The one guard for requests to addresses that users name. It holds the address that is about to be connected to against what is on the
 * internet, so that neither a name that resolves to a private address nor one that changes meanwhile gets past; whoever follows a redirect
 * asks it again, since it is in the agent. On top of request-filtering-agent, which lets some IPv6 forms of private addresses through.
 */

/** Special-purpose addresses (RFC 6890 and IANA's registries): none of them is a host of somebody on the internet. */
const SPECIAL = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  SPECIAL.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  // Teredo, ORCHID and other experiments; documentation; 6to4, which wraps an IPv4 address.
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const)
  SPECIAL.addSubnet(network, bits, "ipv6");

/** All of IPv6 that is given to hosts (RFC 4291, 2.4). Wrapped IPv4 (compatible, mapped, translated by NAT64) lies outside of it. */
const GIVEN = new BlockList();
GIVEN.addSubnet("2000::", 3, "ipv6");

/** Whether an IP address is one of the internet. */
export function isInternet(address: string): boolean {
  const bare = address.replace(/%.*$/, "");
  switch (isIP(bare)) {
    case 4:
      return !SPECIAL.check(bare, "ipv4");
    case 6:
      return GIVEN.check(bare, "ipv6") && !SPECIAL.check(bare, "ipv6");
    default:
      return false;
  }
}

/** The words of request-filtering-agent, which has no code for it either: one check tells both. */
function refusal(host: string): Error {
  return new Error(`A connection to ${host} is not allowed. Because, It is not on the internet.`);
}

/** Whether a request failed because its address is not on the internet. */
export function isRefusedAddress(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1)
    if (/is not allowed\. Because,? It is/.test(one.message)) return true;
  return false;
}

/**
 * Resolves a name, and refuses it when any of its addresses is not on the internet. It is the socket's own look-up: what was held against the list is
 * what is connected to, so a name that changes in between gains nothing.
 */
export function guardedLookup(resolveAll: typeof resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolveAll(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) return callback(error ?? refusal(hostname), "");
      if (addresses.some(({ address }) => !isInternet(address))) return callback(refusal(hostname), "");
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

const lookUp = guardedLookup(resolve);

type Connected = (error: Error | null, stream: Duplex) => void;

/** Null: the host is a name, or an address of the internet. */
function refusedSocket(host: unknown, connected: Connected | undefined): Duplex | null {
  const literal = typeof host === "string" ? host.replace(/^\[|\]$/g, "") : "";
  if (isIP(literal) === 0 || isInternet(literal)) return null;
  const socket = new Socket();
  if (connected === undefined) socket.destroy(refusal(literal));
  else connected(refusal(literal), socket);
  return socket;
}

class GuardedHttpAgent extends RequestFilteringHttpAgent {
  override createConnection(options: TcpNetConnectOpts, connected?: Connected): Duplex {
    const refused = refusedSocket(options.host, connected);
    return refused ?? super.createConnection({ ...options, lookup: lookUp }, connected);
  }
}

class GuardedHttpsAgent extends RequestFilteringHttpsAgent {
  override createConnection(options: TcpNetConnectOpts, connected?: Connected): Duplex {
    const refused = refusedSocket(options.host, connected);
    return refused ?? super.createConnection({ ...options, lookup: lookUp }, connected);
  }
}

/** Agents for axios. With `allowPrivateNetworks`, an operator's choice, they connect to anything. */
export function guardedAgents(
  allowPrivateNetworks: boolean,
  options: AgentOptions & HttpsAgentOptions = { keepAlive: true },
): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  return allowPrivateNetworks
    ? { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) }
    : { httpAgent: new GuardedHttpAgent(options), httpsAgent: new GuardedHttpsAgent(options) };
}
