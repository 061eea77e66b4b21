import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import axios from "axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guardedAgents, isInternet, isRefusedAddress } from "./guard.ts";

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.end("reached");
});
let port: number;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe("addresses", () => {
  it.each([
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    // IPv4 in IPv6: compatible, mapped, translated, by NAT64 (also of a local prefix), 6to4, Teredo.
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::127.0.0.1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fe80::1%eth0",
    "fec0::1",
    "fd00::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "localhost",
    "",
  ])("%s is none of the internet", (address) => expect(isInternet(address)).toBe(false));

  it.each(["8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"])(
    "%s is one",
    (address) => expect(isInternet(address)).toBe(true),
  );
});

describe("a request", () => {
  it.each([
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "0",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    // Names are looked up, and their addresses held against the same list as they are connected to.
    "localhost",
    "LOCALHOST",
  ])("to %s never leaves", async (host) => {
    const before = asked.length;
    for (const scheme of ["http", "https"]) {
      const request = axios.get(`${scheme}://${host}:${port}/`, {
        ...guardedAgents(false),
        proxy: false,
        timeout: 5_000,
      });
      const error: unknown = await request.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect([host, scheme, isRefusedAddress(error)]).toEqual([host, scheme, true]);
    }
    expect(asked.length).toBe(before);
  });

  it("goes wherever it leads when the operator lets it", async () => {
    const { data } = await axios.get<string>(`http://127.0.0.1:${port}/`, { ...guardedAgents(true, {}), proxy: false });
    expect(data).toBe("reached");
  });
});
