import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { csv } from "../../connectors/csv/index.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { runPull } from "../../core/land/run.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { testDatabase } from "../support/database.ts";
import { json, newKey, type Running, setupOf, startServer, testDeps } from "./server-support.ts";

/** Which files of this machine a connection can be made to read, by whichever way it is set up. */

const store = await testDatabase();
let running: Running;
let write: string;
let folder: string;
let named: string;
const { secrets, clock, log } = testDeps(store);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "uploads-"));
  named = await mkdtemp(path.join(tmpdir(), "named-"));
  await writeFile(path.join(folder, "secret.csv"), "Id,Cost\ns3cr3t,1\n");
  await writeFile(path.join(named, "spend.csv"), "Id,Cost\n2026-01-01,2\n");
  running = await startServer(store, { connectors: [csv], setup: setupOf(engine()) });
  write = await newKey(store, "write", "connections");
});
afterAll(async () => {
  await running.close();
  for (const one of [folder, named]) await rm(one, { recursive: true });
});

const engine = () =>
  createPullDeps({
    store,
    secrets,
    clock,
    log,
    connectors: [csv],
    allowPrivateNetworks: false,
    fileFolders: [named],
  });
const spend = (from: string): JsonObject => ({
  tables: { spend: { from, key: "Id", columns: { day: "Id", amount: "Cost", channel: { constant: "ads" } } } },
});
type Answer = { readonly status: number; readonly body: Record<string, unknown> };
async function answer(asked: Promise<Response>): Promise<Answer> {
  const response = await asked;
  const { status } = response;
  return { status, body: status === 204 ? {} : ((await response.json()) as Answer["body"]) };
}
const connect = (id: string, from: string): Promise<Answer> =>
  answer(running.fetch("/api/v1/connections", { ...json({ id, connector: "csv", settings: spend(from) }), as: write }));
const upload = (name: string, content: string): Promise<Answer> =>
  answer(
    running.fetch(`/api/v1/uploads?name=${encodeURIComponent(name)}`, {
      method: "POST",
      body: content,
      headers: { "Content-Type": "text/csv" },
      as: write,
    }),
  );
async function pulled(id: string): Promise<string> {
  const request = { connectionId: id, stream: "spend", kind: "pull", trigger: "manual", since: null } as const;
  const outcome = await runPull(engine(), request, new AbortController().signal);
  if (outcome.kind === "busy") throw new Error("nobody else pulls");
  return outcome.error?.code ?? `${outcome.run.counts.added} added`;
}
const rows = async (id: string): Promise<string> =>
  JSON.stringify(await store.db.selectFrom("raw_records").select("payload").where("connection_id", "=", id).execute());

it("refuses every path that the operator has not named, and keeps nothing of it", async () => {
  for (const from of [
    "/etc/passwd",
    "/proc/self/environ",
    path.join(folder, "secret.csv"),
    `${named}/../${path.basename(folder)}/secret.csv`,
    `${folder}/*.csv`,
    "config/../../../../etc/shadow",
    "file:///etc/passwd",
    "",
  ]) {
    const { status, body } = await connect("stranger", from);
    expect([from, status, body["code"]]).toEqual([
      from,
      422,
      from === "" ? "connection.invalid_settings" : "files.not_allowed",
    ]);
  }
  expect(await store.db.selectFrom("connections").select("id").where("id", "=", "stranger").execute()).toEqual([]);
});

it("refuses at the pull what was hidden at set-up: a link that leads out of a named folder", async () => {
  await symlink(path.join(folder, "secret.csv"), path.join(named, "innocent.csv"));
  expect((await connect("linked", path.join(named, "innocent.csv"))).status).toBe(201);
  expect(await pulled("linked")).toBe("files.not_allowed");
  expect(await rows("linked")).not.toContain("s3cr3t");
});

it("reads what the operator has named", async () => {
  expect((await connect("named", path.join(named, "spend.csv"))).status).toBe(201);
  expect(await pulled("named")).toBe("1 added");
});

it("reads an upload, and its successor of the same name with the next pull", async () => {
  expect((await connect("uploaded", "upload:spend.csv")).status).toBe(201);
  expect(await pulled("uploaded")).toBe("csv.file.missing");
  const first = await upload("spend.csv", "Id,Cost\n2026-01-01,3\n");
  expect([first.status, first.body]).toEqual([
    201,
    expect.objectContaining({
      name: "spend.csv",
      from: "upload:spend.csv",
      size: 21,
      created_by: "key:write connections",
    }),
  ]);
  expect(await pulled("uploaded")).toBe("1 added");
  await upload("spend.csv", "Id,Cost\n2026-01-01,3\n2026-01-02,4\n");
  expect(await pulled("uploaded")).toBe("1 added");
  const { body } = await answer(running.fetch("/api/v1/uploads", { as: write }));
  expect(body["data"]).toMatchObject([{ name: "spend.csv", size: 34 }]);
});

it("removes an upload that nobody reads, and none that somebody does", async () => {
  const remove = (name: string): Promise<Answer> =>
    answer(running.fetch(`/api/v1/uploads/${encodeURIComponent(name)}`, { method: "DELETE", as: write }));
  expect((await remove("spend.csv")).body["code"]).toBe("uploads.in_use");
  await upload("other one.csv", "x");
  expect((await remove("other one.csv")).status).toBe(204);
  expect((await remove("other one.csv")).body["code"]).toBe("uploads.unknown");
});

it("bounds uploads: their names, their size, their number", async () => {
  for (const name of ["../x.csv", "a/b.csv", ".hidden", "", "x".repeat(101), "a\u0000b"])
    expect([name, (await upload(name, "x")).status]).toEqual([name, 400]);
  expect((await upload("empty.csv", "")).body["code"]).toBe("uploads.empty");
  const large = await upload("large.csv", "x".repeat(32 * 1024 ** 2 + 1));
  expect([large.status, large.body["code"]]).toEqual([413, "request.too_large"]);
  const many = Array.from({ length: 99 }, (_, index) => index);
  for (const index of many) expect((await upload(`many-${index}`, "x")).status).toBe(201);
  expect((await upload("one too many", "x")).body["code"]).toBe("uploads.too_many");
});

it("lets a config file name files of its own folder, and whoever changes the connection later no others", async () => {
  await writeFile(path.join(folder, "spend.csv"), "Id,Cost\n2026-01-01,2\n");
  const apply = (from: string): Promise<unknown> => {
    const connection = { id: "declared", connector: "csv", settings: spend(from) };
    const text = JSON.stringify({ connections: [connection] });
    const desired = parseConfig(text, path.join(folder, "c.yaml"), {
      connectors: [csv],
      destinations: [],
      variable: () => undefined,
    });
    return applyConfig(store.db, desired, { secrets, connectors: [csv], destinations: [], actor: "cli", prune: false });
  };
  await expect(apply("/etc/passwd")).rejects.toMatchObject({ code: "files.not_allowed" });
  await expect(apply("../secret.csv")).rejects.toMatchObject({ code: "files.not_allowed" });
  await apply("spend.csv");
  expect(await pulled("declared")).toBe("1 added");
  const patch = (body: object): Promise<Answer> =>
    answer(running.fetch("/api/v1/connections/declared", { ...json(body), method: "PATCH", as: write }));
  expect((await patch({ settings: spend(path.join(folder, "secret.csv")) })).body["code"]).toBe("files.not_allowed");
  expect(
    (await patch({ title: "Another", settings: { ...spend(path.join(folder, "spend.csv")), currency: "EUR" } })).status,
  ).toBe(200);
  expect(await pulled("declared")).toBe("0 added");
});
