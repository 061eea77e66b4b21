import { BlockList, isIP } from "node:net";

/** What is not on the internet: RFC 6890's registries of addresses for private and special use. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv4");
  // The same, written as IPv6.
  PRIVATE.addSubnet(`::ffff:${network}`, 96 + prefix, "ipv6");
}
for (const [network, prefix] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  PRIVATE.addSubnet(network, prefix, "ipv6");

const PRIVATE_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home|corp)$/;

/**
 * Where the hub is, of whatever people paste: `hub.example`, the address of one of its pages, that of its API.
 *
 * @param allowsPrivate http and addresses of private networks: for trying the app out beside a hub on the same machine.
 * @throws Error with a sentence that says what is wrong with it.
 */
export function hubAddress(text: string, allowsPrivate: boolean): string {
  const said = text.trim();
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(said) ? said : `https://${said}`;
  if (said === "" || !URL.canParse(written))
    throw new Error(
      "The hub address is no address. Give the one that people open the hub by: https://hub.example.com.",
    );
  const url = new URL(written);
  if (url.username !== "" || url.password !== "")
    throw new Error("The hub address holds a user name or password. Give it without: https://hub.example.com.");
  if (url.protocol !== "https:" && !(allowsPrivate && url.protocol === "http:"))
    throw new Error("The hub address has to begin with https://, so that the key is not sent in the clear.");
  if (!allowsPrivate && isPrivate(url.hostname))
    throw new Error(
      "The hub address is one of a private network. Give the one by which the hub is reached from the internet.",
    );
  return url.origin;
}

function isPrivate(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  switch (isIP(name)) {
    case 4:
      return PRIVATE.check(name, "ipv4");
    case 6:
      return PRIVATE.check(name, "ipv6");
    default:
      // A name without a dot is one of somebody's own network.
      return !name.includes(".") || PRIVATE_NAME.test(name);
  }
}
