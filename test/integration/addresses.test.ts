import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Router } from "express";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CONNECTORS } from "../../connectors/index.ts";
import { testDatabase } from "../support/database.ts";
import { newConnection, newSession, type Running, startServer } from "./server-support.ts";

/** Every address that the product prints answers. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const store = await testDatabase();
let running: Running;
let session: string;
beforeAll(async () => {
  const queues = Router().get("/", (_request, response) => void response.send("the queues"));
  running = await startServer(store, { connectors: CONNECTORS, routers: { queues } });
  session = await newSession(running, store, "admin");
  await newConnection(store, "acme-1");
  await store.db.updateTable("connections").set({ connector: "close", settings: "{}" }).execute();
});
afterAll(() => running.close());

/** What a page links to at this server, and the places in itself that can be linked to. */
function linksOf(text: string): { readonly links: readonly string[]; readonly ids: ReadonlySet<string> } {
  const unescaped = (value: string): string =>
    value.replaceAll("&amp;", "&").replaceAll("&#39;", "'").replaceAll("&lt;", "<");
  const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => unescaped(match[1] ?? ""));
  return {
    links: found(/\s(?:href|src)="([^"]*)"/g).filter((link) => link.startsWith("/") || link.startsWith("#")),
    ids: new Set(found(/\sid="([^"]*)"/g)),
  };
}

it("all that can be reached by links from the console and the documentation is there, to the very place on the page", async () => {
  const pages = new Map<string, ReturnType<typeof linksOf> | null>();
  const broken: string[] = [];
  const waiting: { readonly from: string; readonly link: string }[] = [
    "/",
    "/docs",
    "/docs/errors",
    "/docs/readme",
  ].map((link) => ({ from: "here", link }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [address = "", place] = next.link.split("#");
    const at = address === "" ? next.from : address;
    if (!pages.has(at)) {
      const response = await running.fetch(at, { as: session, headers: { Accept: "text/html" } });
      const text = await response.text();
      if (response.status >= 400) broken.push(`${next.from} → ${at}: ${response.status}`);
      const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
      const page = response.status < 400 && isPage ? linksOf(text) : null;
      pages.set(at, page);
      // What begins a sign-in at a vendor leads away from here.
      for (const link of page?.links ?? []) if (!link.startsWith("/oauth/")) waiting.push({ from: at, link });
    }
    if (place !== undefined && pages.get(at)?.ids.has(decodeURIComponent(place)) === false)
      broken.push(`${next.from} → ${next.link}: no such place`);
  }
  expect(broken).toEqual([]);
  expect(pages.size).toBeGreaterThan(30);
});

it("the `type` of every error leads to its explanation", async () => {
  const { ids } = linksOf(await (await running.fetch("/docs/errors")).text());
  const codes = [...readFileSync(path.join(ROOT, "docs/errors.md"), "utf8").matchAll(/^### `([^`]+)`$/gm)].map(
    (match) => match[1] ?? "",
  );
  const vendors = CONNECTORS.map(({ key }) => key);
  const all = codes.flatMap((code) =>
    code.includes("<vendor>") ? vendors.map((vendor) => code.replace("<vendor>", vendor)) : [code],
  );
  expect(all.filter((code) => !ids.has(code))).toEqual([]);
  const { type } = (await (await running.fetch("/api/v1/nowhere")).json()) as { type: string };
  expect(type).toBe("/docs/errors#request.not_found");
});

it("what the sources print of this server's documentation is there", async () => {
  const said = new Set<string>();
  for (const folder of ["bin", "config", "connectors", "core", "dashboards", "workers"])
    for (const file of readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" }))
      if (file.endsWith(".ts") && !file.endsWith(".test.ts"))
        for (const [, address] of readFileSync(path.join(ROOT, folder, file), "utf8").matchAll(
          /[\s("'`(](\/docs\/[a-z0-9/-]*[a-z0-9])(?=[#"'`\s)])/g,
        ))
          said.add(address ?? "");
  expect(said.size).toBeGreaterThan(0);
  const missing: string[] = [];
  for (const address of said) if ((await running.fetch(address)).status !== 200) missing.push(address);
  expect(missing).toEqual([]);
});

it("README and documentation link to files that are there", () => {
  const files = [
    "README.md",
    ...readdirSync(path.join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".md"))
      .map((file) => `docs/${file}`),
    ...CONNECTORS.map(({ key }) => `connectors/${key}/README.md`),
  ];
  const missing = files.flatMap((file) =>
    [...readFileSync(path.join(ROOT, file), "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !/^(https?:|mailto:)/.test(link) && !existsSync(path.join(ROOT, path.dirname(file), link)))
      .map((link) => `${file} → ${link}`),
  );
  expect(missing).toEqual([]);
});
