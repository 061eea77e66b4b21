import { sql } from "kysely";
import pg from "pg";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { applyConfig, planConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { amountsLeftOut, unanswered } from "../../config/left-out.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import type { Change } from "../../config/plan.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { credentialsOf, createSecrets } from "../../core/secrets/index.ts";
import { clientOptions, openStore, type Store } from "../../core/store/db.ts";
import { DEFAULT_FEEDS, readFeeds } from "../../dashboards/views/feeds/definitions.ts";
import { testDatabaseTarget } from "../support/database.ts";
import { until } from "../support/until.ts";
import { deal, Plain } from "./normalise-world.ts";

const secrets = createSecrets([{ id: "test", bytes: Buffer.alloc(32, 1) }]);
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const variables: { [name: string]: string } = { CLOSE_KEY: "key_one", HOOK: WEBHOOK_SECRET, GECKO: "gecko_key" };

const FILE = `
workspace: { name: Acme, timezone: Europe/Berlin, currency: EUR, exchange_rates: [{ day: 2026-01-02, currency: USD, rate: 0.9 }] }
connections:
  - id: close
    connector: close
    credentials: { api_key: "\${CLOSE_KEY}" }
    settings: { lost_reason_field: Why }
    schedule: { every: 15m }
feeds: [{ id: won, metric: won_value }]
geckoboard: { api_key: "\${GECKO}", datasets: [{ id: won, metric: won_value }] }
webhooks: [{ url: "https://hooks.example.com/a", events: [deal.won], secret: "\${HOOK}" }]
teams: [{ id: north, members: [ada@example.com] }]
`;

let store: Store;
let target: Awaited<ReturnType<typeof testDatabaseTarget>>;

const parse = (text: string): ReturnType<typeof parseConfig> =>
  parseConfig(text, "/tmp/c.yaml", {
    connectors: CONNECTORS,
    destinations: DESTINATIONS,
    variable: (name) => variables[name],
  });
const apply = (text: string, prune = false): Promise<readonly Change[]> =>
  applyConfig(store.db, parse(text), {
    secrets,
    connectors: CONNECTORS,
    destinations: DESTINATIONS,
    actor: "test",
    prune,
  });
const actions = (changes: readonly Change[]): string[] =>
  changes.map((change) => `${change.action} ${change.what} ${change.id}`);

beforeAll(async () => {
  target = await testDatabaseTarget();
  store = openStore(target, { max: 4 });
  return () => store.close();
});
beforeEach(async () => {
  await apply(FILE, true);
});

describe("apply", () => {
  it("sets up everything the file speaks of, once: a second time finds nothing to change and writes nothing", async () => {
    const audits = async (): Promise<unknown> => (await sql`select count(*) from audit_log`.execute(store.db)).rows;
    const before = await audits();
    const again = await apply(FILE);
    expect(new Set(again.map((change) => change.action))).toEqual(new Set(["unchanged"]));
    expect(actions(again)).toContain("unchanged connection config-file");
    expect(await audits()).toEqual(before);
    const { rows } =
      await sql`select time_zone, currency, schedule->>'everyS' as every from workspace, connections where connections.id = 'close'`.execute(
        store.db,
      );
    expect(rows).toEqual([{ time_zone: "Europe/Berlin", currency: "EUR", every: "900" }]);
  });

  it("makes reps of different tools one where the file says what else a rep is called, and two again when it no longer does", async () => {
    const insert = (id: string, connectionId: string, name: string): Promise<unknown> =>
      sql`insert into reps (id, connection_id, record_id, external_id, is_mention, name)
        values (${id}, ${connectionId}, ${id}, ${name}, false, ${name})`.execute(store.db);
    const [ada, countess] = ["00000000-0000-8000-8000-000000000001", "00000000-0000-8000-8000-000000000002"] as const;
    await insert(ada, "a-crm", "Ada L");
    await insert(countess, "b-sheet", "The Countess");
    const merged = async (): Promise<unknown> =>
      (await sql`select merged_into from reps where id = ${countess}`.execute(store.db)).rows;
    await apply(`${FILE}reps: [{ name: Ada L, also: [The Countess] }]\n`);
    expect(await merged()).toEqual([{ merged_into: ada }]);
    await apply(FILE, true);
    expect(await merged()).toEqual([{ merged_into: null }]);
    await sql`delete from reps where id in (${ada}, ${countess})`.execute(store.db);
  });

  it("keeps secrets sealed, and out of plans, audit log and every table", async () => {
    variables["CLOSE_KEY"] = "key_two";
    const changes = await planConfig(store.db, parse(FILE), { secrets, destinations: DESTINATIONS, prune: false });
    variables["CLOSE_KEY"] = "key_one";
    expect(changes.find((change) => change.id === "close")?.fields).toEqual([
      { field: "credentials.api_key", from: "«secret»", to: "«secret»" },
    ]);
    const dump = await Promise.all(
      ["connections", "settings", "webhook_endpoints", "audit_log"].map((table) =>
        store.pool.query(`select * from ${table}`),
      ),
    );
    const text = JSON.stringify([changes, ...dump.map((result) => result.rows as unknown)]);
    for (const secret of ["key_one", "key_two", "gecko_key", WEBHOOK_SECRET]) expect(text).not.toContain(secret);
    const row = await store.db
      .selectFrom("connections")
      .select("credentials")
      .where("id", "=", "close")
      .executeTakeFirstOrThrow();
    expect(secrets.open(row.credentials ?? "", credentialsOf("close"))).toBe('{"api_key":"key_one"}');
  });

  it("changes field by field, keeps tokens received since, and has facts made anew when the mapping changed", async () => {
    const sealed = secrets.seal('{"api_key":"key_one","access_token":"t"}', credentialsOf("close"));
    await store.db.updateTable("connections").set({ credentials: sealed }).where("id", "=", "close").execute();
    await sql`insert into stream_states (connection_id, stream, landed_seq, normalised_seq) values ('close', 'leads', 9, 9)
      on conflict (connection_id, stream) do update set normalised_seq = 9`.execute(store.db);
    const changes = await apply(FILE.replace("lost_reason_field: Why", "lost_reason_field: Because"));
    expect(changes.find((change) => change.id === "close")).toEqual({
      action: "update",
      what: "connection",
      id: "close",
      fields: [{ field: "settings.lost_reason_field", from: '"Why"', to: '"Because"' }],
    });
    const { rows } =
      await sql`select normalised_seq from stream_states where connection_id = 'close' and stream = 'leads'`.execute(
        store.db,
      );
    expect(rows).toEqual([{ normalised_seq: 0 }]);
    const row = await store.db
      .selectFrom("connections")
      .select("credentials")
      .where("id", "=", "close")
      .executeTakeFirstOrThrow();
    expect(JSON.parse(secrets.open(row.credentials ?? "", credentialsOf("close")))).toEqual({
      api_key: "key_one",
      access_token: "t",
    });
  });

  it("leaves alone what the file does not have, and removes it with its data only when told to prune", async () => {
    await sql`insert into raw_records (connection_id, stream, external_id, seq, payload, hash, first_fetched_at, fetched_at)
      values ('close', 'leads', 'x', 1, '{}', '\\x00', now(), now()) on conflict do nothing`.execute(store.db);
    const without = "workspace: { name: Acme }\n";
    expect(actions(await apply(without))).toEqual([
      "unchanged workspace workspace",
      "kept connection close",
      "kept connection config-file",
      "kept section feeds",
      "kept section geckoboard",
      "kept section teams",
      "kept webhook https://hooks.example.com/a",
    ]);
    expect(actions(await apply(without, true)).filter((line) => line.startsWith("remove"))).toHaveLength(6);
    const { rows } =
      await sql`select (select count(*) from connections) as connections, (select count(*) from raw_records) as raw`.execute(
        store.db,
      );
    expect(rows).toEqual([{ connections: 0, raw: 0 }]);
  });

  it("names what goes of a list, one by one; what the hub has of its own stays beside it", async () => {
    const text = FILE.replace("feeds: [{ id: won, metric: won_value }]", "feeds: [{ id: lost, metric: lost_value }]");
    const options = { secrets, destinations: DESTINATIONS, prune: false };
    const feeds = (await planConfig(store.db, parse(text), options)).find(({ id }) => id === "feeds");
    expect(feeds?.fields.filter(({ to }) => to === null).map(({ field }) => field)).toEqual(["won"]);
    await apply(text);
    const ids = (await readFeeds(store.db)).map(({ id }) => id);
    expect(ids).toEqual([...DEFAULT_FEEDS.map(({ id }) => id), "lost"]);
  });

  it("says which amounts would be left out for want of a rate, before and after a change of the currency", async () => {
    const tool = await Plain.connect(store, "abroad");
    await tool.take(
      "deals",
      [{ id: "A", at: "2026-03-05T00:00:00Z", facts: [deal("A", { amountMinor: 500, currency: "USD" })] }],
      "2026-03-06T00:00:00Z",
    );
    expect(await amountsLeftOut(store.db, parse("workspace: { name: Acme }"))).toEqual([]);
    // The rates that are stored are to the euro, and say nothing of the pound.
    expect(await amountsLeftOut(store.db, parse("workspace: { currency: GBP }"))).toEqual([
      expect.stringMatching(/^1 deal has its value in USD, and no rate to GBP is known/),
    ]);
    expect(await amountsLeftOut(store.db, parse("workspace: { currency: USD }"))).toEqual([]);
  });

  it("says which tiles, feeds and datasets ask for what nothing has, as far as can be known", async () => {
    const asks = (team: string): string => `
teams: [{ id: west, name: West }]
dashboards: [{ id: floor, title: Floor, tiles: [{ metric: won_value }, { metric: won_value, filters: { team: ${team} } }] }]
feeds: [{ id: f, metric: won_value, filters: { status: wno } }]
geckoboard: { api_key: "\${GECKO}", datasets: [{ id: won, metric: won_value, by: [colour] }] }
metrics:
  - { id: west_calls, kind: count, over: activities, where: { type: cal, minutes: { at_least: 2 } } }
  - { id: large, kind: count, over: won_deals, where: { value: { at_least: 5 }, status: [won, wno] } }
`;
    const lines = await unanswered(store.db, parse(asks("Wset")), DESTINATIONS, new Date());
    expect(lines).toEqual([
      expect.stringMatching(/^dashboard floor, tile 2: Nothing has the team "Wset"\./),
      'feed f and 1 more: Nothing has the status "wno". Did you mean "won"?',
      expect.stringMatching(/^geckoboard, won_value: won_value has no dimension "colour"\./),
      'KPI west_calls: Nothing has the type "cal". Did you mean "call"?',
    ]);
  });

  it("holds every address to https, as the API does, unless private networks are allowed", async () => {
    for (const text of [
      `webhooks: [{ url: "http://hooks.example.com/a", events: [deal.won], secret: "\${HOOK}" }]`,
      `slack: [{ id: wins, url: "http://hooks.example.com/a" }]`,
      `geckoboard: { api_key: "\${GECKO}", base_url: "http://gecko.example.com", datasets: [] }`,
      `geckoboard: { api_key: "\${GECKO}", base_url: "https://me:pw@gecko.example.com", datasets: [] }`,
    ]) {
      await expect(apply(text)).rejects.toMatchObject({ code: "webhooks.url_refused" });
      await expect(apply(text)).rejects.not.toThrow(/example\.com/);
    }
  });

  it("is all or nothing: a connection that would change its connector stops it, and nothing was changed", async () => {
    const other = FILE.replace("name: Acme", "name: Other")
      .replace("connector: close", "connector: csv")
      .replace(/ {4}credentials: .*\n/, "")
      .replace(
        "settings: { lost_reason_field: Why }",
        "settings: { tables: { teams: { rows: [], key: a, columns: {} } } }",
      );
    await expect(apply(other)).rejects.toMatchObject({ code: "config.connection.other_connector" });
    expect(await store.db.selectFrom("workspace").select("name").executeTakeFirstOrThrow()).toEqual({ name: "Acme" });
  });

  it("tells every process which connection has changed", async () => {
    const heard: string[] = [];
    const listener = new pg.Client(clientOptions(target));
    await listener.connect();
    listener.on("notification", ({ payload }) => heard.push(payload ?? ""));
    await listener.query("listen tributary_connections");
    await apply(FILE.replace("every: 15m", "every: 5m"));
    await until(() => heard.length > 0);
    expect(heard).toEqual(["close"]);
    await listener.end();
  });

  it("gives one result when two apply at once", async () => {
    await Promise.all([apply(FILE.replace("every: 15m", "every: 7m")), apply(FILE.replace("every: 15m", "every: 7m"))]);
    expect(
      actions(await apply(FILE.replace("every: 15m", "every: 7m"))).some((line) => line.startsWith("update")),
    ).toBe(false);
  });
});
