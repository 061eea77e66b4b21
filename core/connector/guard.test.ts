import type { lookup, LookupAddress } from "node:dns";
import { type ClientRequestArgs, createServer } from "node:http";
import { connect } from "node:net";
import axios from "axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guardedAgents, guardedLookup, isInternet, isRefusedAddress } from "./guard.ts";
import { portOf } from "../base/network.ts";

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.end("reached");
});
let port: number;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  port = portOf(server);
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
        timeout: 120_000,
      });
      const error: unknown = await request.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect([host, scheme, isRefusedAddress(error)]).toEqual([host, scheme, true]);
    }
    expect(asked.length).toBe(before);
  });

  it.each(["http://127.0.0.1", "http://localhost", "http://[::1]", "http://[::ffff:127.0.0.1]", "https://127.0.0.1"])(
    "that is sent on from the internet to %s stops there",
    async (inside) => {
      const outside = createServer((_request, response) => {
        response.writeHead(302, { location: `${inside}:${port}/inside` }).end();
      });
      await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
      const agents = guardedAgents(false, {});
      // Only the first step is made to look like the internet; the next asks the guard.
      const agent = agents.httpAgent as { createConnection: (options: ClientRequestArgs, done?: unknown) => unknown };
      const guarded = agent.createConnection.bind(agent);
      agent.createConnection = (options, done) =>
        options.host === "outside.example" ? connect(portOf(outside), "127.0.0.1") : guarded(options, done);
      const before = asked.length;
      const error: unknown = await axios
        .get("http://outside.example/", { ...agents, proxy: false, timeout: 120_000 })
        .catch((thrown: unknown) => thrown);
      outside.close();
      expect([isRefusedAddress(error), asked.length]).toEqual([true, before]);
    },
  );

  it("goes wherever it leads when the operator lets it", async () => {
    const { data } = await axios.get<string>(`http://127.0.0.1:${port}/`, { ...guardedAgents(true, {}), proxy: false });
    expect(data).toBe("reached");
  });
});

describe("a name", () => {
  type Answer = { readonly error: Error | null; readonly addresses: unknown };
  /** A resolver that answers with these, one after the other. */
  const resolver = (...answers: readonly (readonly string[])[]) => {
    const left = [...answers];
    const asked: string[] = [];
    const resolve = (
      name: string,
      _options: object,
      done: (error: Error | null, all: LookupAddress[]) => void,
    ): void => {
      asked.push(name);
      done(
        null,
        (left.shift() ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    };
    // The one form of it that the guard calls.
    return { asked, look: guardedLookup(resolve as unknown as typeof lookup) };
  };
  const lookedUp = (look: ReturnType<typeof guardedLookup>, all: boolean): Promise<Answer> =>
    new Promise((resolve) => look("name.example", { all }, (error, addresses) => resolve({ error, addresses })));

  it.each([true, false])(
    "that is public at first and private then is refused then; each connection asks once (all: %s)",
    async (all) => {
      const { asked, look } = resolver(["93.184.216.34"], ["127.0.0.1"], ["93.184.216.34"]);
      const [first, second, third] = [await lookedUp(look, all), await lookedUp(look, all), await lookedUp(look, all)];
      expect([first.error, third.error]).toEqual([null, null]);
      // What was looked at is what is connected to.
      expect(JSON.stringify(first.addresses)).toContain("93.184.216.34");
      expect(isRefusedAddress(second.error)).toBe(true);
      expect(asked).toHaveLength(3);
    },
  );

  it.each([
    [["93.184.216.34", "127.0.0.1"]],
    [["::ffff:10.0.0.1"]],
    [["64:ff9b::7f00:1", "93.184.216.34"]],
    [["fd00::1"]],
    [[]],
  ])("with the addresses %j is refused: one that is not public is enough", async (addresses) => {
    const { error } = await lookedUp(resolver(addresses).look, true);
    expect(isRefusedAddress(error)).toBe(true);
  });
});
