import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { close } from "../../connectors/close/index.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { zendesk } from "../../connectors/zendesk/index.ts";
import { unlimited } from "../../core/connector/limits.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { openConnection } from "../../core/land/engine.ts";
import { credentialsOf } from "../../core/secrets/index.ts";
import { readDestinationSettings } from "../../core/destination/settings.ts";
import { newHosts } from "../../core/land/credential-hosts.ts";
import { createCredentialSource } from "../../core/land/credentials.ts";
import { createConnection } from "../../core/setup/connections.ts";
import { readCredentials } from "../../core/store/setup/connections.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { testDatabase } from "../support/database.ts";
import { json, newKey, type Running, startServer, testDeps } from "./server-support.ts";

/** A stored secret goes only to the host for which it was entered, whoever changes the connection and by whichever way. */

const store = await testDatabase();
const connectors = [close, zendesk];
const { secrets, clock, log } = testDeps(store);
let running: Running;
let key: string;
beforeAll(async () => {
  running = await startServer(store, { connectors });
  key = await newKey(store, "connections");
});
afterAll(() => running.close());

const findConnector = (wanted: string) => connectors.find((one) => one.key === wanted) ?? null;
const deps = { db: store.db, secrets, findConnector, fileFolders: [], allowPrivateNetworks: false };

async function connection(
  id: string,
  settings: JsonObject = {},
  credentials: JsonObject = { api_key: "k3y" },
): Promise<void> {
  const connector = settings["subdomain"] === undefined ? "close" : "zendesk";
  const rest = { title: id, schedule: null, streams: null, backfillFrom: null };
  await createConnection(deps, "test", { id, connector, settings, credentials, ...rest });
}
async function stored(id: string): Promise<unknown> {
  return JSON.parse(secrets.open((await readCredentials(store.db, id)) ?? "", credentialsOf(id)));
}
async function patch(id: string, body: object): Promise<readonly [number, unknown]> {
  const response = await running.fetch(`/api/v1/connections/${id}`, { ...json(body), method: "PATCH", as: key });
  return [response.status, ((await response.json()) as { readonly code?: string }).code];
}

describe("every connector", () => {
  it.each(CONNECTORS.map((connector) => [connector.key, connector] as const))(
    "%s says of each address among its settings that credentials go there",
    (_key, connector) => {
      const { properties = {} } = z.toJSONSchema(connector.settings, { io: "input", unrepresentable: "any" }) as {
        readonly properties?: { readonly [name: string]: { readonly format?: string } };
      };
      const addresses = Object.keys(properties).filter((name) => properties[name]?.format === "uri");
      const usual = { property_id: "1", subdomain: "acme" };
      for (const name of addresses) {
        const moved = newHosts(connector, usual, { ...usual, [name]: "https://evil.example/x" });
        expect([name, moved]).toEqual([name, ["https://evil.example"]]);
      }
      for (const name of addresses)
        for (const other of [
          "javascript:alert(1)",
          "ftp://x.example/",
          "data:,x",
          "file:///etc/passwd",
          "https:x.example",
        ])
          expect([name, other, connector.settings.safeParse({ ...usual, [name]: other }).success]).toEqual([
            name,
            other,
            false,
          ]);
      // Those that speak HTTP with credentials have one; the others take none.
      const takesNone = connector.auth.every(({ kind }) => kind === "none");
      expect(addresses.length > 0 || takesNone).toBe(true);
    },
  );

  it("says so of regions and subdomains too", () => {
    const moved = (name: string, old: JsonObject, now: JsonObject): readonly string[] => {
      const connector = CONNECTORS.find((one) => one.key === name);
      return connector === undefined ? [] : newHosts(connector, old, now);
    };
    expect(moved("intercom", { region: "us" }, { region: "eu" })).toContain("https://api.eu.intercom.io");
    expect(moved("zendesk", { subdomain: "acme" }, { subdomain: "evil" })).toEqual(["https://evil.zendesk.com"]);
    expect(moved("zendesk", { subdomain: "acme" }, { subdomain: "acme", requests_per_minute: 5 })).toEqual([]);
  });
});

describe("a change of host", () => {
  it("asks for the credentials again over the API, and leaves everything as it was", async () => {
    await connection("api");
    const settings = { base_url: "https://evil.example/" };
    expect(await patch("api", { settings })).toEqual([422, "connection.credentials_needed"]);
    expect(await patch("api", { settings: { base_url: "https://api.close.com.evil.example/" } })).toEqual([
      422,
      "connection.credentials_needed",
    ]);
    const row = await store.db.selectFrom("connections").select("settings").where("id", "=", "api").executeTakeFirst();
    expect(row?.settings).toEqual({});
    // What stays at the host needs nothing; what moves takes what is given, and nothing of what was stored.
    expect(await patch("api", { settings: { requests_per_second: 5 } })).toEqual([200, undefined]);
    expect(await patch("api", { settings, credentials: { api_key: "new" } })).toEqual([200, undefined]);
    expect(await stored("api")).toEqual({ api_key: "new" });
  });

  it("asks for them again where the host follows from a subdomain", async () => {
    await connection("sub", { subdomain: "acme" }, { email: "a@b.example", api_token: "t0ken" });
    expect(await patch("sub", { settings: { subdomain: "evil" } })).toEqual([422, "connection.credentials_needed"]);
  });

  it("takes them from the config file, and no token that another host has given", async () => {
    const tokens = { client_id: "c", client_secret: "s", access_token: "at", refresh_token: "rt" };
    await connection("file", {}, tokens);
    const apply = (settings: JsonObject, credentials?: JsonObject): Promise<unknown> => {
      const text = JSON.stringify({ connections: [{ id: "file", connector: "close", settings, credentials }] });
      const desired = parseConfig(text, "/tmp/c.yaml", { connectors, destinations: [], variable: () => undefined });
      return applyConfig(store.db, desired, { secrets, connectors, destinations: [], actor: "cli", prune: false });
    };
    const client = { client_id: "c", client_secret: "s" };
    await apply({ requests_per_second: 7 }, client);
    expect(await stored("file")).toEqual(tokens);
    await apply({ base_url: "https://evil.example/" }, client);
    expect(await stored("file")).toEqual(client);
  });
});

it("credentials that are entered for another host while a pull runs are not given to the pull, which goes on at the old one", async () => {
  await connection("moving", { base_url: "https://evil.example/" });
  const allows = { store, secrets, clock, allowPrivateNetworks: false };
  const source = createCredentialSource(allows, close, {
    id: "moving",
    settings: { base_url: "https://evil.example/" },
  });
  const old = { api_key: "k3y" };
  expect(await source.current()).toEqual(old);
  await patch("moving", { settings: { base_url: "https://evil.example/", requests_per_second: 5 }, credentials: old });
  expect(await source.refresh(old)).toBe(old);
  await patch("moving", { settings: {}, credentials: { api_key: "new" } });
  const meanwhile = { code: "connection.changed_meanwhile", kind: "transient" };
  await expect(source.refresh(old)).rejects.toMatchObject(meanwhile);
  const client = { client_id: "c", client_secret: "s", refresh_token: "r" };
  await store.db
    .updateTable("connections")
    .set({ credentials: secrets.seal(JSON.stringify(client), credentialsOf("moving")) })
    .where("id", "=", "moving")
    .execute();
  // Nor is a token asked for at the old host, with what is for the new one.
  await expect(source.refresh(client)).rejects.toMatchObject(meanwhile);
});

describe("every destination that is pushed to", () => {
  const id = "x".repeat(30);
  const pushed = DESTINATIONS.filter(({ takes }) => takes.kind === "answers");
  const needed: { readonly [key: string]: JsonObject } = {
    geckoboard: {},
    sheets: { spreadsheets: [{ id, tabs: [] }] },
    docs: { document: id },
  };
  it("is here, with an address of its own among its settings", () => {
    expect(pushed.map(({ key }) => key).toSorted()).toEqual(Object.keys(needed).toSorted());
  });

  it.each(pushed.map((one) => [one.key, one] as const))(
    "%s keeps its secrets for the address that it has",
    async (key, destination) => {
      const admin = await newKey(store, "admin");
      const put = async (settings: JsonObject): Promise<readonly [number, string | undefined]> => {
        const response = await running.fetch(`/api/v1/destinations/${key}`, {
          ...json({ settings }),
          method: "PUT",
          as: admin,
        });
        return [response.status, ((await response.json()) as { readonly code?: string }).code];
      };
      const secret = key === "geckoboard" ? "api_key" : "service_account";
      const plain = needed[key] ?? {};
      expect(await put({ ...plain, [secret]: "s3cret" })).toEqual([200, undefined]);
      expect(await put(plain)).toEqual([200, undefined]);
      for (const base_url of ["https://evil.example", "https://api.geckoboard.com.evil.example"])
        expect(await put({ ...plain, base_url })).toEqual([422, "destination.secret_needed"]);
      expect(await put({ ...plain, base_url: "http://api.example", [secret]: "n3w" })).toEqual([
        422,
        "webhooks.url_refused",
      ]);
      const opened = async (): Promise<unknown> => readDestinationSettings(store.db, destination, secrets);
      expect(await opened()).toMatchObject({ [secret]: "s3cret" });
      expect(await opened()).not.toMatchObject({ base_url: "https://evil.example" });
      expect(await put({ ...plain, base_url: "https://evil.example", [secret]: "n3w" })).toEqual([200, undefined]);
      expect(await opened()).toMatchObject({ base_url: "https://evil.example", [secret]: "n3w" });
    },
  );
});

describe("credentials in the clear", () => {
  it("are refused at set-up, and at every use of a connection that was set up before", async () => {
    await connection("plain");
    const settings = { base_url: "http://api.close.com/" };
    expect(await patch("plain", { settings, credentials: { api_key: "x" } })).toEqual([422, "connection.plain_http"]);
    await store.db
      .updateTable("connections")
      .set({ settings: JSON.stringify(settings) })
      .where("id", "=", "plain")
      .execute();
    const engine = { ...deps, closedFolders: [], store, clock, log, limiterOf: () => unlimited };
    await expect(openConnection(engine, "plain", new AbortController().signal)).rejects.toMatchObject({
      code: "connection.plain_http",
    });
  });
});

describe("the scope `connections`", () => {
  it("is needed to set up, change, test and remove accounts; `write` is not enough", async () => {
    await connection("scoped");
    const write = await newKey(store, "write");
    const status = async (path: string, method: string, as: string): Promise<number> =>
      (await running.fetch(path, { ...json({}), method, as })).status;
    for (const [method, path] of [
      ["POST", "/api/v1/connections"],
      ["PATCH", "/api/v1/connections/scoped"],
      ["POST", "/api/v1/connections/scoped/test"],
      ["DELETE", "/api/v1/connections/scoped"],
    ] as const) {
      expect([path, await status(path, method, write)]).toEqual([path, 403]);
    }
    expect(await status("/api/v1/connections/scoped/sync", "POST", write)).toBe(202);
    expect(await status("/api/v1/connections/scoped/sync", "POST", key)).toBe(403);
    expect((await running.fetch("/api/v1/connections/scoped", { as: key })).status).toBe(200);
  });
});
