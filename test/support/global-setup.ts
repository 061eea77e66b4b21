import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { build } from "../../bin/program/build.js";
import { findBuild } from "../../bin/program/freshness.js";
import { BUILD_PLACES } from "../../bin/program/places.js";
import { type DatabaseTarget, openStore } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { migrate } from "../../core/store/migrate.ts";

/** The server that the tests share, and the migrated database that each test file gets a copy of. */
export type TestServer = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly template: string;
};

declare module "vitest" {
  // eslint-disable-next-line typescript/consistent-type-definitions -- merging needs an interface
  interface ProvidedContext {
    readonly testServer: TestServer;
  }
}

/** Only a server that is thrown away afterwards may be run like this. */
const NOT_DURABLE = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Once, instead of by each of the first commands that tests run side by side.
  if (findBuild() === null) await build(BUILD_PLACES);
  const server = await openServer();
  const template = `tributary_template_${randomBytes(6).toString("hex")}`;
  try {
    await makeTemplate(server.target, template);
  } catch (error) {
    await server.close();
    throw error;
  }
  const { host, port, user, password } = server.target;
  project.provide("testServer", { host, port, user, password, template });
  return async () => {
    await onServer(server.target, `drop database ${template} with (force)`);
    await server.close();
  };
}

async function makeTemplate(target: Target, template: string): Promise<void> {
  await onServer(target, `create database ${template}`);
  const store = openStore({ ...target, database: template });
  try {
    await migrate(store.db);
  } finally {
    await store.close();
  }
}

type Target = Extract<DatabaseTarget, { readonly host: string }>;

async function openServer(): Promise<{ readonly target: Target; close(): Promise<void> }> {
  const url = process.env["DATABASE_URL"];
  if (url !== undefined && url !== "") return { target: fromUrl(url), close: () => Promise.resolve() };
  endAbandoned();
  const dataDir = mkdtempSync(path.join(os.tmpdir(), `tributary-test-${process.pid}-`));
  const embedded = await openEmbedded({ dataDir, settings: NOT_DURABLE });
  if (!("host" in embedded.target)) throw new Error("the embedded database is reached by host and port");
  return {
    target: embedded.target,
    close: async () => {
      await embedded.release();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Servers of test runs that were killed: nobody else would end them, or take their files away. */
function endAbandoned(): void {
  for (const name of readdirSync(os.tmpdir())) {
    const runner = /^tributary-test-(\d+)-/.exec(name)?.[1];
    if (runner === undefined || isAlive(Number(runner))) continue;
    const dataDir = path.join(os.tmpdir(), name);
    try {
      const pidFile = path.join(dataDir, "postgres", "postmaster.pid");
      if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGQUIT");
      rmSync(dataDir, { recursive: true, force: true });
    } catch {
      // Another user's, or being taken away by another run just now.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function fromUrl(text: string): Target {
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
  };
}

async function onServer(target: Target, statement: string): Promise<void> {
  const client = new pg.Client(target);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
