import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, it } from "vitest";
import { COMMANDS } from "../../bin/commands.ts";
import type { CliContext, Hub } from "../../bin/context.ts";
import { createOutput } from "../../bin/output.ts";
import { readEnv } from "../../config/env.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { insertApp, insertGrant } from "../../core/store/setup/apps.ts";
import { listAudit } from "../../core/store/setup/audit.ts";
import { createUser } from "../../core/store/setup/users.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

/** Every command that changes something leaves its note in the audit log, in the command line's name; every other leaves none. */

/**
 * What each changing command is noted as, in the order in which they are run. `$X` stands for the id that an earlier command has answered with;
 * a command is listed with those below it (`keys create`).
 */
const CHANGES: readonly (readonly [command: string, args: string, notes: readonly string[]])[] = [
  ["users create", "ann@example.com --password-env PASSWORD", ["user.create"]],
  ["users set-password", "ann@example.com --password-env PASSWORD", ["user.set_password"]],
  ["users remove", "ann@example.com", ["user.remove"]],
  ["keys create", "robot --scope read", ["api_key.create"]],
  ["keys create-link", "tv --opens tv:*", ["api_key.create"]],
  ["keys revoke", "$keys", ["api_key.revoke"]],
  ["apps revoke", "$grant", ["app.revoke"]],
  ["apps add", "Zapier --redirect https://app.example/back --scope read", ["app.create"]],
  ["apps remove", "$apps", ["app.remove"]],
  ["apply", "$folder/tributary.yaml", ["connection.create", "workspace.update"]],
  ["connect", "inbound --id posted --settings-file $folder/inbound.yaml", ["connection.create"]],
  ["test", "sheet", ["connection.test"]],
  ["sync", "sheet", ["connection.sync"]],
  ["replay", "sheet", ["connection.replay"]],
  ["webhook", "posted --secret SECRET", ["connection.webhook"]],
  ["pause", "sheet", ["connection.pause"]],
  ["resume", "sheet", ["connection.resume"]],
  ["review add", "call-them", ["review_action.add"]],
  ["review tick", "$review", ["review_action.update"]],
  ["review drop", "$review", ["review_action.update"]],
  ["review reopen", "$review", ["review_action.update"]],
  ["review pick", "$deal", ["review_pick.add"]],
  ["review unpick", "$deal", ["review_pick.remove"]],
  ["review note", "look-again", ["review_note.add"]],
  ["review make", "", ["review.make"]],
  ["conclusions record", "win_rate --from 2026-03-01 --to 2026-03-31 --a rep=Ann --b rep=Bob", ["conclusion.record"]],
  ["conclusions test", "$conclusions", ["conclusion.test"]],
  ["conclusions remove", "$conclusions", ["conclusion.remove"]],
  ["erase", "ann@example.com --yes", ["person.erase"]],
  ["secrets rotate", "", ["secrets.rotate"]],
  ["remove", "posted --yes", ["connection.remove"]],
];

/** What asks, shows or starts something, and writes no set-up. */
const READS = [
  "users list",
  "keys list",
  "apps list",
  "apps grants",
  "review",
  "review list",
  "review show",
  "review actions",
  "plan",
  "connectors",
  "connections",
  "reconcile",
  "conclusions show",
  "kpi list",
  "kpi get",
  "kpi records",
  "kpi compare",
  "kpi movement",
  "scorecard",
  "funnel",
  "forecast",
  "backtest",
  "digest",
  "export",
  "mcp",
  "doctor",
  // What runs does on people's behalf is noted where they ask for it; these start it, or write files of a checkout.
  "up",
  "demo",
  "bench",
  "connector new",
  "connector check",
];

let store: Store;
let hub: Hub;
let folder: string;
const known: { [name: string]: string } = {};
beforeAll(async () => {
  store = await testDatabase();
  const world = await World.create(store);
  for (const [rep, status] of [
    ["Ann", "won"],
    ["Bob", "lost"],
  ] as const) {
    await world.rep(rep);
    for (let no = 0; no < 12; no += 1)
      await world.deal(`${rep} ${no}`, {
        changes: [
          { at: "2026-03-01", rep },
          { at: "2026-03-05", status },
        ],
      });
  }
  const user = await createUser(store.db, { email: "eve@example.com", passwordHash: null, role: "viewer" });
  known["grant"] = randomUUID();
  await store.db.transaction().execute(async (tx) => {
    const app = { id: "app", name: "App", secretHash: null, redirectUris: [], scopes: ["read"], createdBy: "cli" };
    await insertApp(tx, app);
    await insertGrant(tx, { id: known["grant"] ?? "", appId: app.id, userId: user.id, scopes: ["read"], payload: {} });
  });
  folder = await mkdtemp(path.join(tmpdir(), "commands-"));
  known["folder"] = folder;
  known["deal"] = (await store.db.selectFrom("deals").select("id").executeTakeFirstOrThrow()).id;
  await writeFile(path.join(folder, "deals.csv"), "id,status\nD-1,won\n");
  await writeFile(
    path.join(folder, "tributary.yaml"),
    "workspace: { name: Fjord }\nconnections:\n  - id: sheet\n    connector: csv\n    settings: { tables: { deals: { from: deals.csv, key: id, columns: { status: status } } } }\n",
  );
  await writeFile(path.join(folder, "inbound.yaml"), "tables: { deals: { key: id, columns: { status: status } } }\n");
  const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
  const env = readEnv({
    TRIBUTARY_DATA_DIR: path.join(folder, "data"),
    TRIBUTARY_SECRET_KEY: generateSecretKey(),
    TRIBUTARY_SECRET_KEY_NEW: generateSecretKey(),
    PASSWORD: "correct horse battery staple",
    SECRET: "s3cret",
  });
  const queues = { request: () => Promise.resolve(), isPullAwaited: () => Promise.resolve(false) };
  const open = { store, secrets, clock: systemClock, log: silentLog, env, queues };
  // The commands use these of it alone.
  hub = { ...open, connectors: CONNECTORS, destinations: DESTINATIONS } as unknown as Hub;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs `tributary …` as a person would. @returns what it answers for programs. */
async function tributary(words: readonly string[]): Promise<unknown> {
  let written = "";
  const out = createOutput(() => true, {
    stdout: { write: (text: string) => (written += text) },
    stderr: { write: () => undefined },
  });
  const open = async <T>(work: (open: Hub) => Promise<T>): Promise<T> => work(hub);
  const { signal } = new AbortController();
  const context = { env: hub.env, out, signal, withDatabase: open, withHub: open } as unknown as CliContext;
  const program = await withCommands(context);
  await program.parseAsync([...words], { from: "user" });
  return written === "" ? null : (JSON.parse(written) as unknown);
}

async function withCommands(context: CliContext): Promise<Command> {
  const program = new Command("tributary").exitOverride();
  for (const { usage, load } of COMMANDS) (await load())(program.command(usage), context);
  return program;
}

/** Every command by its whole name; those with commands of their own are one only where they do something themselves. */
function names(command: Command, above = ""): string[] {
  return command.commands.flatMap((one) => {
    const name = `${above}${one.name()}`;
    // Measures on a database of its own.
    const below = name === "bench" ? [] : names(one, `${name} `);
    return below.length === 0 || name === "review" ? [name, ...below] : below;
  });
}

it("every command is known to change something or not", async () => {
  const all = names(await withCommands({} as CliContext));
  expect(all.toSorted()).toEqual([...CHANGES.map(([command]) => command), ...READS].toSorted());
});

it("what changes something leaves its note, by its name and in that of the command line", async () => {
  let before = 0;
  for (const [command, args, notes] of CHANGES) {
    const words = `${command} ${args}`.trim().split(" ");
    const answer = await tributary(
      words.map((word) => word.replace(/\$(\w+)/, (_all, name: string) => known[name] ?? "")),
    );
    const id = (answer as { readonly id?: unknown } | null)?.id;
    if (typeof id === "string") known[words[0] ?? ""] = id;
    const rows = (await listAudit(store.db, { action: null, limit: 100, before: null })).filter(
      (row) => row.id > before,
    );
    before = Math.max(before, ...rows.map((row) => row.id));
    expect([command, rows.map(({ action }) => action).toSorted()]).toEqual([command, notes]);
    expect([command, [...new Set(rows.map(({ actor }) => actor))]]).toEqual([command, ["cli"]]);
  }
  // Whether rows were refused is no business of this test's runner.
  process.exitCode = undefined;
});

it("what asks leaves none", async () => {
  const count = async (): Promise<number> =>
    (await listAudit(store.db, { action: null, limit: 1000, before: null })).length;
  const before = await count();
  for (const command of [
    "users list",
    "keys list",
    "apps list",
    "apps grants",
    "review list",
    "review actions",
    `plan ${folder}/tributary.yaml`,
    "connectors csv",
    "connections",
    "kpi list",
    "kpi get deals_won",
    "kpi records deals_won",
    "funnel",
    "erase ann@example.com --dry-run",
  ])
    await tributary(command.split(" "));
  expect(await count()).toBe(before);
});
