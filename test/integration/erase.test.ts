import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONNECTORS, findConnector } from "../../connectors/index.ts";
import { silentLog } from "../../core/base/log.ts";
import { replay } from "../../core/normalise/replay.ts";
import { erasePerson, type Erased } from "../../core/setup/erase.ts";
import { readConnection } from "../../core/store/setup/connections.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { SheetHub } from "../support/sheets.ts";
import { json, newKey, secrets, startServer } from "./server-support.ts";

/** A person is forgotten: looked for in every column of every table, whatever is added to the database later. */

const CONFIG = `
workspace: { timezone: Europe/Berlin, currency: EUR }
reps: [{ name: Ada, email: ada@acme.example }]
connections:
  - id: crm
    connector: csv
    settings:
      pipelines: { Sales: { stages: [Lead, Offer], won: [Won], lost: [Lost] } }
      tables:
        people:
          from: people.csv
          key: Id
          columns: { name: Name, email: Email, phone: Phone, lead_created_at: Since, rep: Rep }
          attributes: { note: Note }
        deals:
          from: deals.csv
          key: Id
          columns: { name: Name, stage: Stage, value: Value, person: Person, rep: Rep, created_at: Opened, closed_at: Closed }
        activities:
          from: activities.csv
          key: Id
          columns: { type: Type, occurred_at: At, person: Person, subject: Subject, rep: Rep }
  - id: mail
    connector: csv
    settings:
      tables:
        people: { from: members.csv, key: Email, columns: { name: Name, email: Email } }
        activities: { from: mails.csv, key: Id, columns: { type: Type, occurred_at: At, person: Person, subject: Subject } }
`;

const PEOPLE = [
  "Id,Name,Email,Phone,Since,Rep,Note",
  "person-01,Jo Berg,jo@fjord.example; jo@old.example,+47 22 12 34 56,2026-11-01,Ada,Prefers mail to Jo Berg",
  "person-02,Ann Moe,ann@fjord.example,+47 22 12 34 57,2026-11-02,Ada,Works with jo@fjord.example",
  "person-03,Anna Lie,anna@sund.example,,2026-11-03,Ada,",
];
const DEALS = [
  "Id,Name,Stage,Value,Person,Rep,Opened,Closed",
  "d1,Boats for Jo Berg,Offer,100,person-01,Ada,2026-11-01,",
  "d2,Oars,Won,50,person-02,Ada,2026-11-02,2026-11-10",
];
const ACTIVITIES = [
  "Id,Type,At,Person,Subject,Rep",
  "a1,call,2026-11-05 10:00,person-01,Call with Jo  Berg,Ada",
  "a2,email,2026-11-06 10:00,jo@fjord.example,Re: jo@fjord.example,Ada",
  "a3,call,2026-11-07 10:00,person-02,Call with Ann,Ada",
];
const MEMBERS = ["Email,Name", "jo@old.example,Jo Berg", "anna@sund.example,Anna Lie"];
const MAILS = [
  "Id,Type,At,Person,Subject",
  "m1,email,2026-11-08 09:00,jo@old.example,Hello JO BERG",
  "m2,email,2026-11-08 09:00,anna@sund.example,Hello",
];

/** By all of these they are known. In the mail tool, by the address itself. */
const TRACES = ["jo@fjord.example", "jo@old.example", "jo berg", "jo  berg", "22 12 34 56", "22123456", "4722123456"];

let hub: SheetHub;
const cleaning: (() => Promise<void>)[] = [];
const clock = { now: () => hub.now };

async function write(): Promise<void> {
  await hub.write("people.csv", PEOPLE.join("\n"));
  await hub.write("deals.csv", DEALS.join("\n"));
  await hub.write("activities.csv", ACTIVITIES.join("\n"));
  await hub.write("members.csv", MEMBERS.join("\n"));
  await hub.write("mails.csv", MAILS.join("\n"));
}
async function pullAll(): Promise<void> {
  await hub.sync("crm");
  await hub.sync("mail");
}

/** Where a text stands: `schema.table.column`. */
async function whereIs(...texts: readonly string[]): Promise<readonly string[]> {
  const { rows: columns } = await sql<{ place: string; table: string; column: string; type: string }>`
    select format('%s.%s.%s', table_schema, table_name, column_name) as place, format('%I.%I', table_schema, table_name) as table,
      column_name as column, data_type as type
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where table_schema in ('tributary', 'tributary_past') and table_type = 'BASE TABLE' order by 1`.execute(
    hub.store.db,
  );
  const found: string[] = [];
  const patterns = texts.map((text) => `%${text}%`);
  for (const { place, table, column, type } of columns) {
    const value = type === "bytea" ? sql`encode(${sql.ref(column)}, 'escape')` : sql`${sql.ref(column)}::text`;
    const { rows } =
      await sql`select 1 from ${sql.raw(table)} where lower(${value}) like any(${patterns}::text[]) limit 1`.execute(
        hub.store.db,
      );
    if (rows.length > 0) found.push(place);
  }
  return found;
}
const numbers = async (): Promise<unknown> => ({
  activities: await hub.value("activities"),
  byType: await hub.values("activities", { by: ["type"] }),
  open: await hub.value("open_pipeline_value"),
  won: await hub.value("won_value"),
});

let before: unknown;
let erased: Erased;
beforeAll(async () => {
  hub = await SheetHub.open("2026-11-20T12:00:00Z", (clean) => cleaning.push(clean));
  await write();
  await hub.apply(CONFIG);
  await pullAll();
  hub.now = new Date("2026-11-21T12:00:00Z");
  await hub.write("people.csv", PEOPLE.join("\n").replace("Prefers mail to", "Prefers calls to"));
  await hub.write(
    "deals.csv",
    DEALS.join("\n")
      .replace("Boats for Jo Berg,Offer", "Boats for Jo Berg,Won")
      .replace("2026-11-01,\n", "2026-11-01,2026-11-21\n"),
  );
  await pullAll();
  await write();
  hub.now = new Date("2026-11-22T12:00:00Z");
  await pullAll();
  const { db } = hub.store;
  // What other parts leave behind: a webhook's log, a delivery that was taken in, a line of a run, an answer that was kept.
  const run = await db.selectFrom("runs").select("id").executeTakeFirstOrThrow();
  await sql`insert into run_logs (run_id, level, message, data) values (${run.id}, 'warn', 'row of Jo@Fjord.example: bad', '{"at":["jo@fjord.example"]}')`.execute(
    db,
  );
  await sql`insert into outbox (event_id, type, entity_key, payload, occurred_at) values ('e1', 'deal.won', 'deal/d1', '{"person":{"name":"Jo Berg","email":"jo@fjord.example"}}', now())`.execute(
    db,
  );
  await sql`insert into webhook_endpoints (id, url, types, destination, settings) values (gen_random_uuid(), 'https://x.example', '{}', 'webhooks', '{}')`
    .execute(db)
    .catch(() => undefined);
  await sql`insert into inbound_deliveries (connection_id, dedupe_key, headers, body) values ('crm', 'k', '{}', ${Buffer.from('{"to":"jo@fjord.example","é":"jo%40old.example"}')})`.execute(
    db,
  );
  await sql`insert into kept_answers (key, query, answer, asked_at) values ('k', '{"filters":[{"dimension":"person","value":"Jo Berg"}]}', '{"rows":[{"dimensions":{"person":"Jo Berg"}}]}', now())`.execute(
    db,
  );
  before = await numbers();
}, 120_000);
afterAll(async () => {
  for (const clean of cleaning) await clean();
});

describe("a person who is erased", () => {
  it("was in many places before, also in the past of facts", async () => {
    const places = await whereIs(...TRACES);
    for (const place of [
      "tributary.raw_records.payload",
      "tributary.people.emails",
      "tributary_past.people.attributes",
      "tributary_past.deals.name",
    ])
      expect(places).toContain(place);
    expect(places.length).toBeGreaterThan(12);
  });

  it("is only looked for by a dry run, which says what would go", async () => {
    const places = await whereIs(...TRACES);
    const said = await erasePerson({ store: hub.store, clock }, "test", "jo@fjord.example", { isDryRun: true });
    // In one tool by two addresses, in another by the older of them, and where somebody only names them.
    expect(said.people).toBeGreaterThanOrEqual(2);
    expect(said.tables["raw_records"]).toBeGreaterThan(3);
    expect(await whereIs(...TRACES)).toEqual(places);
  });

  it("is nowhere afterwards, by any address, name or number", async () => {
    erased = await erasePerson({ store: hub.store, clock }, "test", " Jo@Fjord.Example ");
    expect(await whereIs(...TRACES)).toEqual([]);
  });

  it("leaves the numbers as they were, as nobody's", async () => {
    expect(await numbers()).toEqual(before);
  });

  it("leaves others alone, also who is called alike or is of the same firm", async () => {
    const { rows } = await sql<{ name: string; emails: string[]; attributes: { note: string } }>`
      select name, emails, attributes from people where external_id in ('person-02', 'person-03') order by external_id`.execute(
      hub.store.db,
    );
    expect(rows.map(({ name, emails }) => [name, emails])).toEqual([
      ["Ann Moe", ["ann@fjord.example"]],
      ["Anna Lie", ["anna@sund.example"]],
    ]);
    expect(rows[0]?.attributes.note).toMatch(/^Works with erased-[0-9a-f]{12}@erased\.invalid$/);
  });

  it("is noted without the address", async () => {
    const row = await hub.store.db
      .selectFrom("audit_log")
      .selectAll()
      .where("action", "=", "person.erase")
      .executeTakeFirstOrThrow();
    expect([row.actor, row.target]).toEqual(["test", erased.id]);
  });

  it("does not come back with a replay", async () => {
    const engine = createPullDeps({
      store: hub.store,
      secrets,
      clock,
      log: silentLog,
      connectors: CONNECTORS,
      allowPrivateNetworks: true,
      fileFolders: [hub.folder],
    });
    for (const [id, streams] of [
      ["crm", ["people", "deals", "activities"]],
      ["mail", ["people", "activities"]],
    ] as const) {
      const connection = await readConnection(hub.store.db, id);
      const connector = findConnector("csv");
      if (connection === null || connector === null) throw new Error("no connection");
      for (const stream of streams)
        await replay(
          engine,
          { connection, connector, stream },
          { trigger: "manual", signal: new AbortController().signal },
        );
    }
    expect(await whereIs(...TRACES)).toEqual([]);
    expect(await numbers()).toEqual(before);
  });

  it("does not come back with the next pulls, whatever the source still sends", async () => {
    hub.now = new Date("2026-11-23T12:00:00Z");
    await hub.write(
      "people.csv",
      [...PEOPLE, "person-09,New One,new@fjord.example,,2026-11-20,Ada,cc JO@FJORD.EXAMPLE and Jo Berg"].join("\n"),
    );
    await hub.write("deals.csv", [...DEALS, "d3,Second boat of Jo Berg,Lead,1,person-01,Ada,2026-11-20,"].join("\n"));
    await hub.write("activities.csv", [...ACTIVITIES, "a4,call,2026-11-22 10:00,jo@old.example,Again,Ada"].join("\n"));
    await hub.write("members.csv", [...MEMBERS, "late@sund.example,Late"].join("\n"));
    await hub.write("mails.csv", [...MAILS, "m3,email,2026-11-22 09:00,late@sund.example,Hi"].join("\n"));
    await pullAll();
    expect(await whereIs(...TRACES)).toEqual([]);
    expect(await hub.value("activities")).toBe(((before as { activities: number }).activities ?? 0) + 2);
    const { rows } = await sql<{ name: string }>`select name from deals where external_id = 'd3'`.execute(hub.store.db);
    expect(rows).toEqual([{ name: "Second boat of (erased)" }]);
    const own = await sql`select 1 from raw_records where external_id in ('person-01', 'jo@old.example')`.execute(
      hub.store.db,
    );
    expect(own.rows).toEqual([]);
  });
});

describe("who cannot be erased", () => {
  it.each([
    ["a text that is no address", "Jo Berg", "erase.not_an_address"],
    ["a rep", "Ada@acme.example", "erase.colleague"],
  ])("%s: nothing is changed, and the error says so", async (_who, address, code) => {
    await expect(erasePerson({ store: hub.store, clock }, "test", address)).rejects.toMatchObject({ code });
  });

  it("nobody that is known: the address is kept out from then on all the same", async () => {
    expect((await erasePerson({ store: hub.store, clock }, "test", "soon@sund.example")).people).toBe(0);
    hub.now = new Date("2026-11-24T12:00:00Z");
    await hub.write("mails.csv", [...MAILS, "m4,email,2026-11-23 09:00,soon@sund.example,Hi"].join("\n"));
    await hub.sync("mail");
    expect(await whereIs("soon@sund.example")).toEqual([]);
  });
});

it("can be asked for by the API, with a key for admins alone", async () => {
  const running = await startServer(hub.store, { clock });
  try {
    const ask = async (scope: string, email: string): Promise<Response> =>
      running.fetch("/api/v1/erasures", { ...json({ email, dry_run: true }), as: await newKey(hub.store, scope) });
    expect((await ask("write", "anna@sund.example")).status).toBe(403);
    const asked = await ask("admin", "anna@sund.example");
    expect([asked.status, await asked.json()]).toMatchObject([201, { id: null, people: 2 }]);
    expect((await ask("admin", "anna")).status).toBe(422);
  } finally {
    await running.close();
  }
});
