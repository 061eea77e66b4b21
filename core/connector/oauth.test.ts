import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import type { JsonObject } from "../base/json.ts";
import type { OAuth2Method } from "./auth.ts";
import { oauthExchange } from "./oauth.ts";
import { portOf } from "../base/network.ts";

/** A vendor that gives tokens and remembers how it was asked. */
let vendor: Server;
let origin: string;
let asked: { url: string; authorization: string | undefined; type: string | undefined; body: string };

beforeEach(async () => {
  vendor = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { authorization, "content-type": type } = request.headers;
      asked = { url: request.url ?? "", authorization, type, body: Buffer.concat(chunks).toString("utf8") };
      response.end(JSON.stringify({ access_token: "at", expires_in: 60, home: "https://eu.vendor.example", noise: 1 }));
    });
  });
  await new Promise<void>((resolve) => vendor.listen(0, "127.0.0.1", resolve));
  // An IP socket has an address with a port once it listens.
  origin = `http://127.0.0.1:${portOf(vendor)}`;
});
afterEach(() => new Promise((resolve) => vendor.close(resolve)));

function exchange(how: Pick<OAuth2Method, "tokenRequest" | "keeps">, allowPrivateNetworks = true): Promise<JsonObject> {
  const method: OAuth2Method = {
    kind: "oauth2",
    title: "OAuth",
    grant: "authorization_code",
    credentials: z.looseObject({}) as z.ZodType<JsonObject>,
    authorizeUrl: () => `${origin}/authorize`,
    tokenUrl: () => `${origin}/token`,
    scopes: [],
    ...how,
  };
  const deps = { clock: { now: () => new Date("2026-03-02T12:00:00Z") }, allowPrivateNetworks };
  const credentials = { client_id: "id", client_secret: "secret" };
  const redirectUri = "https://hub.example/back";
  return oauthExchange(deps, method, { settings: {}, credentials, redirectUri, code: "c", verifier: null });
}

it("asks for tokens by a form that holds everything, unless the vendor wants it otherwise", async () => {
  await exchange({});
  expect(asked).toEqual({
    url: "/token",
    authorization: undefined,
    type: "application/x-www-form-urlencoded",
    body: "client_id=id&client_secret=secret&grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fhub.example%2Fback",
  });
});

it("asks nobody in a private network unless that is allowed, and says so", async () => {
  await expect(exchange({}, false)).rejects.toMatchObject({ code: "oauth.private_address", kind: "config" });
});

it("asks by JSON where the vendor takes no form", async () => {
  await exchange({ tokenRequest: "json" });
  expect(asked.type).toBe("application/json");
  expect(JSON.parse(asked.body)).toMatchObject({ client_id: "id", client_secret: "secret", code: "c" });
});

it("signs the client in by Basic and puts the parameters into the address where the vendor wants that", async () => {
  await exchange({ tokenRequest: "basic_query" });
  expect(asked.authorization).toBe(`Basic ${Buffer.from("id:secret").toString("base64")}`);
  const url = new URL(asked.url, origin);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: "id",
    grant_type: "authorization_code",
    code: "c",
    redirect_uri: "https://hub.example/back",
  });
  expect(asked.url + asked.body).not.toContain("secret");
});

it("keeps of the answer the tokens and what the method names, and nothing else", async () => {
  expect(await exchange({ keeps: ["home", "missing"] })).toEqual({
    client_id: "id",
    client_secret: "secret",
    access_token: "at",
    expires_at: "2026-03-02T12:01:00.000Z",
    home: "https://eu.vendor.example",
  });
});
