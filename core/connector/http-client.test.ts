import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { systemClock } from "../base/clock.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { CredentialSource } from "./define.ts";
import type { HttpOptions, VendorAnswer } from "./http.ts";
import { createHttpFactory } from "./http-client.ts";
import type { HttpDeps } from "./http-policy.ts";
import { type Limiter, unlimited } from "./limits.ts";
import { portOf } from "../base/network.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A vendor that gives these answers one after the other, the last for ever; and what it was asked. */
async function vendor(...answers: [Answer, ...Answer[]]) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? answers[0];
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return { url: `http://127.0.0.1:${portOf(server)}/api/`, asked };
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };
const text =
  (body: string, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "text/html" }).end(body);
  };
const reset: Answer = (request) => request.socket.destroy();

const KEY = "api_very_secret";

function client(url: string, change: Partial<HttpDeps> = {}, options: Partial<HttpOptions> = {}) {
  const credentials: CredentialSource = {
    current: () => Promise.resolve({ api_key: KEY }),
    refresh: (stale) => Promise.resolve(stale),
  };
  const deps: HttpDeps = {
    credentials,
    limiter: unlimited,
    clock: systemClock,
    signal: new AbortController().signal,
    allowPrivateNetworks: true,
    ...change,
  };
  return createHttpFactory(deps)({
    vendor: "acme",
    baseUrl: url,
    authorize: (held) => ({ authorization: `Bearer ${held["api_key"] as string}` }),
    timeoutMs: 120_000,
    bucketOf: () => "all",
    limits: { all: { capacity: 100, refillPerS: 100 } },
    readLimit: () => null,
    classify: () => null,
    ...options,
  });
}

describe("a request", () => {
  test("is signed in, carries its parameters and comes back parsed", async () => {
    const { url, asked } = await vendor(json({ data: [1] }));
    const answer = await client(url).request({ path: "lead/", params: { _limit: 5, id: ["a", "b"], none: undefined } });
    expect(answer).toEqual({ data: [1] });
    expect(asked[0]?.url).toBe("/api/lead/?_limit=5&id=a&id=b");
    expect(asked[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test("that is safe is tried again after a reset, a 503 and half an answer", async () => {
    const half: Answer = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"data": [1, 2');
    };
    const { url, asked } = await vendor(reset, json({}, 503), half, json({ ok: true }));
    expect(await client(url).request({ path: "x" })).toEqual({ ok: true });
    expect(asked).toHaveLength(4);
  });

  test("that writes is never sent twice", async () => {
    const { url, asked } = await vendor(reset);
    await expect(client(url).request({ path: "x", method: "POST", body: { a: 1 } })).rejects.toMatchObject({
      code: "acme.http.unreachable",
      kind: "transient",
    });
    expect(asked).toHaveLength(1);
  });

  test("that only reads may be sent again although it is a POST", async () => {
    const { url, asked } = await vendor(reset, json({ ok: true }));
    await client(url).request({ path: "x", method: "POST", body: {}, isSafe: true });
    expect(asked).toHaveLength(2);
  });

  test("ends when a server drips bytes for longer than the time allowed", async () => {
    const drip: Answer = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 10);
      response.on("close", () => clearInterval(timer));
    };
    const { url } = await vendor(drip);
    const http = client(url, {}, { timeoutMs: 80 });
    await expect(http.request({ path: "x", method: "POST" })).rejects.toMatchObject({
      code: "acme.http.unreachable",
      message: "No answer to POST x: no complete answer within 80 ms.",
    });
  });

  test("ends at once when the run is stopped", async () => {
    const stop = new AbortController();
    const { url } = await vendor(() => stop.abort(new Error("drain")));
    await expect(client(url, { signal: stop.signal }).request({ path: "x" })).rejects.toThrow("drain");
  });

  test("to a private network is refused unless an admin has allowed it", async () => {
    const { url, asked } = await vendor(json({}));
    await expect(client(url, { allowPrivateNetworks: false }).request({ path: "x" })).rejects.toMatchObject({
      code: "acme.http.private_address",
      kind: "config",
    });
    expect(asked).toHaveLength(0);
  });
});

describe("an answer", () => {
  test.each([
    [400, "acme.http.refused", "contract"],
    [401, "acme.http.unauthorized", "auth"],
    [403, "acme.http.forbidden", "auth"],
    [404, "acme.http.refused", "contract"],
    [500, "acme.http.unavailable", "transient"],
  ])("of status %i means %s", async (status, code, kind) => {
    const { url } = await vendor(json({ error: KEY }, status));
    await expect(client(url).request({ path: "x", method: "POST" })).rejects.toMatchObject({ code, kind });
  });

  test("that the vendor has its own words for is read by the connector", async () => {
    const { url } = await vendor(json({ error: "no such lead" }, 404));
    const classify: HttpOptions["classify"] = ({ body }) => ({
      code: "acme.lead_gone",
      kind: "contract",
      message: (body as JsonObject)["error"] as string,
      mend: "-",
    });
    await expect(client(url, {}, { classify }).request({ path: "x" })).rejects.toMatchObject({
      code: "acme.lead_gone",
      message: "no such lead",
    });
  });

  test("that is a web page although its status says all is well is transient", async () => {
    const { url } = await vendor(text("<html>Sign in to the hotel's network</html>"));
    await expect(client(url).request({ path: "x", method: "POST" })).rejects.toMatchObject({
      code: "acme.http.unreadable",
      message: "The answer to POST x could not be read: it is a web page, not JSON.",
    });
  });

  test("of another shape than documented names the fields and none of the values", async () => {
    const { url } = await vendor(json({ data: "private" }));
    const schema = z.object({ data: z.array(z.number()) });
    const failure = client(url).request({ path: "x", schema });
    await expect(failure).rejects.toMatchObject({ code: "acme.http.unexpected_shape", kind: "contract" });
    await expect(failure).rejects.not.toThrow(/private/);
  });

  test("never brings the key into an error, whatever went wrong", async () => {
    for (const answer of [reset, json({ error: KEY }, 500), text(KEY)]) {
      const { url } = await vendor(answer);
      const error: unknown = await client(url)
        .request({ path: "x", method: "POST", params: { key: KEY } })
        .catch((thrown: unknown) => thrown);
      const told = [String(error)];
      for (let cause = error; cause instanceof Error; cause = cause.cause)
        told.push(JSON.stringify(cause), cause.stack ?? "");
      expect(told.join("\n")).not.toContain(KEY);
    }
  });
});

describe("a redirect", () => {
  test("within the vendor is followed", async () => {
    const { url, asked } = await vendor(json({}, 301, { location: "/api/x/" }), json({ ok: true }));
    expect(await client(url).request({ path: "x" })).toEqual({ ok: true });
    expect(asked[1]?.url).toBe("/api/x/");
  });

  test("or a link to another origin is not followed: credentials stay with the vendor", async () => {
    const other = await vendor(json({}));
    const { url } = await vendor(json({}, 302, { location: other.url }));
    const failure = { code: "acme.http.foreign_address" };
    await expect(client(url).request({ path: "x" })).rejects.toMatchObject(failure);
    await expect(client(url).request({ path: other.url })).rejects.toMatchObject(failure);
    expect(other.asked).toHaveLength(0);
  });
});

describe("a refused sign-in", () => {
  test("is renewed once and the request sent again", async () => {
    const { url, asked } = await vendor(json({}, 401), json({ ok: true }));
    const credentials: CredentialSource = {
      current: () => Promise.resolve({ api_key: "old" }),
      refresh: () => Promise.resolve({ api_key: "new" }),
    };
    expect(await client(url, { credentials }).request({ path: "x", method: "POST" })).toEqual({ ok: true });
    expect(asked.map((request) => request.headers.authorization)).toEqual(["Bearer old", "Bearer new"]);
  });

  test("that is refused again is the admin's to mend", async () => {
    const { url, asked } = await vendor(json({}, 401));
    const credentials: CredentialSource = {
      current: () => Promise.resolve({ api_key: "old" }),
      refresh: () => Promise.resolve({ api_key: "new" }),
    };
    await expect(client(url, { credentials }).request({ path: "x" })).rejects.toMatchObject({ kind: "auth" });
    expect(asked).toHaveLength(2);
  });
});

describe("a vendor that asks us to wait", () => {
  test("a moment is waited for in place, and every other worker is told", async () => {
    const blocked: number[] = [];
    const limiter: Limiter = {
      ...unlimited,
      block: (_bucket, _limit, waitMs) => {
        blocked.push(waitMs);
        return Promise.resolve();
      },
    };
    const { url, asked } = await vendor(json({}, 429, { "retry-after": "0.06" }), json({ ok: true }));
    expect(await client(url, { limiter }).request({ path: "x" })).toEqual({ ok: true });
    expect(asked).toHaveLength(2);
    expect(blocked).toHaveLength(1);
  });

  test("for long gives the job back, with the time to come again", async () => {
    const { url, asked } = await vendor(json({}, 429, { "retry-after": "120" }));
    const before = Date.now();
    const error: unknown = await client(url)
      .request({ path: "x" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "acme.http.rate_limited", kind: "rate_limited" });
    const waitMs = (error as { retryAt: Date }).retryAt.getTime() - before;
    expect(Math.round(waitMs / 1000)).toBe(120);
    expect(asked).toHaveLength(1);
  });

  test("is not asked at all while the shared bucket has nothing for long", async () => {
    const { url, asked } = await vendor(json({}));
    const limiter: Limiter = { ...unlimited, take: () => Promise.resolve(60_000) };
    await expect(client(url, { limiter }).request({ path: "x" })).rejects.toMatchObject({ kind: "rate_limited" });
    expect(asked).toHaveLength(0);
  });

  test("for having had too many failures is left alone by everybody until it bears one more; each failure stays what it is", async () => {
    let left = 2;
    const blocked: [string, number][] = [];
    const limiter: Limiter = {
      ...unlimited,
      take: (bucket) => Promise.resolve(bucket === "failures" && (left -= 1) < 0 ? 60_000 : 0),
      block: (bucket, _limit, waitMs) => {
        blocked.push([bucket, waitMs]);
        return Promise.resolve();
      },
    };
    const { url } = await vendor(json({}, 404), json({}, 500));
    const limits = { all: { capacity: 9, refillPerS: 9 }, failures: { capacity: 2, refillPerS: 1 } };
    const failures = { bucket: "failures", counts: (status: number) => status >= 500 };
    const http = client(url, { limiter }, { limits, failures });
    const ask = () => http.request({ path: "x", method: "POST" });
    await expect(ask()).rejects.toMatchObject({ kind: "contract" });
    for (let failed = 1; failed <= 3; failed += 1) {
      expect(blocked).toEqual([]);
      await expect(ask()).rejects.toMatchObject({ kind: "transient" });
    }
    expect(blocked).toEqual([["all", 60_000]]);
  });

  test("is believed by its headers on every answer", async () => {
    const seen: unknown[] = [];
    const limiter: Limiter = {
      ...unlimited,
      observe: (bucket, observed) => {
        seen.push([bucket, observed.remaining]);
        return Promise.resolve();
      },
    };
    const { url } = await vendor(json({}, 200, { "x-left": "7" }));
    const readLimit: HttpOptions["readLimit"] = (headers) => ({
      limit: null,
      remaining: Number(headers["x-left"]),
      resetS: null,
    });
    await client(url, { limiter }, { readLimit }).request({ path: "x" });
    expect(seen).toEqual([["all", 7]]);
  });
});

describe("a call of a client library", () => {
  /** A library of the kind that throws its own errors, with the answer inside. */
  async function ask(url: string): Promise<unknown> {
    const response = await fetch(url);
    const body = (await response.json()) as Json;
    if (!response.ok) throw Object.assign(new Error("library error"), { status: response.status, body });
    return body;
  }
  const answerOf = (error: unknown): VendorAnswer | null => {
    const { status, body } = error as { readonly status?: number; readonly body?: Json };
    return status === undefined ? null : { status, headers: {}, body: body ?? null };
  };

  test("is tried again after a reset and a 503, and gives what the library gives", async () => {
    const { url, asked } = await vendor(reset, json({}, 503), json({ ok: true }));
    expect(await client(url).call({ path: "x", send: () => ask(url), answerOf })).toEqual({ ok: true });
    expect(asked).toHaveLength(3);
  });

  test("has its status classified as an answer of plain HTTP is", async () => {
    const { url } = await vendor(json({ detail: "no" }, 404));
    const classify: HttpOptions["classify"] = ({ body }) => ({
      code: "acme.gone",
      kind: "config",
      message: JSON.stringify(body),
      mend: "…",
    });
    const http = client(url, {}, { classify });
    await expect(http.call({ path: "x", send: () => ask(url), answerOf })).rejects.toMatchObject({
      code: "acme.gone",
      message: '{"detail":"no"}',
    });
  });

  test("renews the credentials once after a 401", async () => {
    const { url, asked } = await vendor(json({}, 401), json({ ok: true }));
    const credentials: CredentialSource = {
      current: () => Promise.resolve({ token: "old" }),
      refresh: () => Promise.resolve({ token: "new" }),
    };
    const used: unknown[] = [];
    const send = (held: JsonObject): Promise<unknown> => {
      used.push(held["token"]);
      return ask(url);
    };
    await client(url, { credentials }).call({ path: "x", send, answerOf });
    expect(used).toEqual(["old", "new"]);
    expect(asked).toHaveLength(2);
  });

  test("that the library never ends is left behind when its time is over", async () => {
    const http = client("http://127.0.0.1:9/", {}, { timeoutMs: 30 });
    const send = (): Promise<never> => new Promise(() => undefined);
    await expect(http.call({ path: "x", isSafe: false, send, answerOf })).rejects.toMatchObject({
      code: "acme.http.unreachable",
      message: "No answer to GET x: no complete answer within 30 ms.",
    });
  });

  test("waits its turn in the shared bucket, and passes on what the headers say", async () => {
    const { url } = await vendor(json({ ok: true }));
    const seen: unknown[] = [];
    const limiter: Limiter = {
      ...unlimited,
      take: (bucket) => {
        seen.push(`take ${bucket}`);
        return Promise.resolve(0);
      },
      observe: (bucket, observed) => Promise.resolve(void seen.push({ bucket, ...observed })),
    };
    const readLimit: HttpOptions["readLimit"] = (headers) => ({
      limit: null,
      remaining: Number(headers["left"]),
      resetS: null,
    });
    const http = client(url, { limiter }, { readLimit });
    await http.call({ path: "x", send: () => ask(url), answerOf, headersOf: () => ({ left: "7" }) });
    expect(seen).toEqual(["take all", { bucket: "all", limit: null, remaining: 7, resetS: null }]);
  });
});
