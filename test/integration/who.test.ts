import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entityId } from "../../core/base/ids.ts";
import { metricRecords } from "../../core/metrics/index.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import { testDatabase } from "../support/database.ts";
import { activity, deal, instant, person, pipeline, Plain, rep } from "./normalise-world.ts";
import { json, newKey, NOW, type Running, startServer } from "./server-support.ts";

/** Who is one, doubles and attribution, as people and programs see and change them. */
const store = await testDatabase();
const AT = "2026-03-05T00:00:00Z";
const EVE = entityId("person", "crm", "eve");
const G_EVE = entityId("person", "gong", "g-eve");
const NASTY = `"><script>alert('x')</script>`;

let running: Running;
let writer: string;
let reader: string;
beforeAll(async () => {
  const crm = await Plain.connect(store, "crm");
  const gong = await Plain.connect(store, "gong");
  const take = (tool: Plain, ...facts: object[]) => tool.take("others", [{ id: "all", at: null, facts }], AT);
  const call = { occurredAt: instant("2026-03-05T10:00:00Z"), durationS: 600 };
  await take(
    crm,
    pipeline("sales", ["P"]),
    rep("ann", { email: "ann@us.example" }),
    person("eve", { name: "Eve Adams", emails: ["eve@acme.example"] }),
    deal("d1", { person: "eve", name: "Acme renewal", createdAt: instant("2026-03-01T00:00:00Z") }),
    activity("c1", { ...call, person: "eve", outcome: "answered", disposition: "o7" }),
    { kind: "label", namespace: "outcome", externalId: "o7", name: "Very keen" },
  );
  await take(
    gong,
    rep("g-ann", { email: "ann@us.example" }),
    person("g-eve", { name: NASTY, emails: ["eve@acme.example"] }),
    activity("g1", { ...call, rep: "g-ann", person: "g-eve", subject: NASTY, url: "javascript:alert(1)" }),
  );
  running = await startServer(store);
  writer = await newKey(store, "write");
  reader = await newKey(store, "read");
});
afterAll(() => running.close());

const get = async (path: string): Promise<unknown> => (await running.fetch(`/api/v1${path}`, { as: reader })).json();
const audits = () =>
  store.db
    .selectFrom("audit_log")
    .select(["actor", "action", "target"])
    .where("action", "like", "identity.%")
    .execute();

describe("the API", () => {
  it("tells who a row is one with, by which rule and evidence", async () => {
    // Asked for by the row that was merged away.
    expect(await get(`/identities/person/${G_EVE}`)).toMatchObject({
      id: EVE,
      name: "Eve Adams",
      rows: [
        { id: EVE, connection: "crm", external_id: "eve", keys: [{ type: "email", value: "eve@acme.example" }, {}] },
        { id: G_EVE, connection: "gong" },
      ],
      links: [
        {
          rule: "person.email",
          evidence: "email:eve@acme.example",
          from: { id: G_EVE },
          into: { id: EVE },
          undone_at: null,
        },
      ],
    });
    const found = { data: [{ id: EVE, rows: 2, connection: "crm" }], next_cursor: null };
    expect(await get("/identities/person")).toMatchObject(found);
    expect(await get("/identities/person?search=EVE@acme.example")).toMatchObject(found);
    expect(await get("/identities/person?search=adams")).toMatchObject(found);
    expect(await get("/identities/person?search=nobody")).toMatchObject({ data: [] });
    expect(await get("/identity-links/rep")).toMatchObject({ data: [{ rule: "rep.email" }] });
    expect(await get("/identities/pipeline?search=SALES")).toMatchObject({ data: [{ name: "sales", rows: 1 }] });
  });

  it("shows both records of a touch, the rule, and the deal it is attributed to", async () => {
    const deals = { name: "Acme renewal", rule: "person.open_deal" };
    expect(await get("/activities")).toMatchObject({
      data: expect.arrayContaining([
        expect.objectContaining({
          external_id: "c1",
          duplicate_of: null,
          deal: expect.objectContaining(deals) as object,
        }),
        expect.objectContaining({
          external_id: "g1",
          duplicate_of: expect.objectContaining({
            connection: "crm",
            external_id: "c1",
            rule: "call.same_time",
          }) as object,
          person: { id: EVE, name: "Eve Adams" },
        }),
      ]) as object,
    });
    const id = entityId("activity", "crm", "c1");
    expect(await get(`/activities/${id}`)).toMatchObject({
      duplicates: [{ connection: "gong", external_id: "g1", rule: "call.same_time" }],
      outcome: "answered",
      disposition: "Very keen",
    });
    expect(await get("/activities?doubles=true")).toMatchObject({ data: [{ external_id: "g1" }] });
    expect(await get(`/activities?deal=${entityId("deal", "crm", "d1")}&doubles=false`)).toMatchObject({
      data: [{ external_id: "c1" }],
    });
  });

  it("lets writers undo a merge and make it by hand, and notes who did; readers may not", async () => {
    const { links } = (await get(`/identities/person/${EVE}`)) as { links: { id: number }[] };
    const link = links[0]?.id ?? 0;
    const undo = (as: string) => running.fetch(`/api/v1/identity-links/${link}/undo`, { as, ...json({}) });
    expect((await undo(reader)).status).toBe(403);
    expect((await undo(writer)).status).toBe(204);
    expect(await get("/activities?doubles=true")).toMatchObject({ data: [] });
    expect(await get("/identity-links/person?undone=true")).toMatchObject({
      data: [{ id: link, undone_by: "key:write" }],
    });

    const made = await running.fetch("/api/v1/identity-links", {
      as: writer,
      ...json({ entity: "person", from: G_EVE, into: EVE }),
    });
    expect(made.status).toBe(201);
    expect(await get("/activities?doubles=true")).toMatchObject({ data: [{ external_id: "g1" }] });
    expect((await audits()).map(({ actor, action }) => [actor, action])).toEqual([
      ["key:write", "identity.undo"],
      ["key:write", "identity.link"],
    ]);
    expect(running.asked.slice(-2)).toEqual(["measure", "measure"]);
  });

  it("refuses to link a row with itself, with none, or with one of another kind", async () => {
    const codes = [];
    for (const into of [EVE, entityId("person", "crm", "nobody"), entityId("rep", "crm", "ann")]) {
      const answer = await running.fetch("/api/v1/identity-links", {
        as: writer,
        ...json({ entity: "person", from: EVE, into }),
      });
      codes.push([answer.status, ((await answer.json()) as { code: string }).code]);
    }
    expect(codes).toEqual([
      [422, "identity.same_row"],
      [422, "identity.no_such_row"],
      [422, "identity.no_such_row"],
    ]);
  });
});

describe("a KPI", () => {
  const query = {
    metric: "activities",
    from: "2026-03-05",
    to: "2026-03-05",
    grain: null,
    filters: [],
    asOf: null,
    now: NOW,
    of: null,
  } as const;

  it("counts a touch of two tools once, by the deal it is attributed to", async () => {
    const { rows } = await evaluateMetric(store.db, { ...query, by: ["deal"] });
    expect(rows.map((row) => [row.dimensions, row.value])).toEqual([[{ deal: "Acme renewal" }, 1]]);
  });

  it("names both records behind the number, and both rules", async () => {
    const { records } = await metricRecords(store.db, { ...query, by: [] }, { limit: 10, cursor: null });
    expect(records).toMatchObject([
      {
        external_id: "c1",
        deal: { name: "Acme renewal", rule: "person.open_deal" },
        duplicates: [{ connection: "gong", external_id: "g1", rule: "call.same_time" }],
      },
    ]);
  });
});
