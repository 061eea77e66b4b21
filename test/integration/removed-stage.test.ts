import { expect, test } from "vitest";
import { SheetHub } from "../support/sheets.ts";

const config = (stages: string): string => `
workspace: { name: T, timezone: Europe/Berlin, currency: EUR }
connections:
  - id: crm
    connector: csv
    settings:
      time_zone: Europe/Berlin
      date_format: "yyyy-MM-dd HH:mm"
      pipelines: { S: { stages: [${stages}], won: [Won], lost: [Lost] } }
      tables:
        deals:
          from: deals.csv
          key: id
          columns: { name: id, pipeline: pipeline, stage: stage, value: value, created_at: created, closed_at: closed }
        deal_changes:
          from: changes.csv
          key: id
          columns: { deal: deal, pipeline: pipeline, changed_at: at, stage: stage, stage_before: before }
`;

test("07-stage-removed-from-mapping: rows that name it are listed, what was read stays, and the stage is shown as removed", async () => {
  const hub = await SheetHub.open("2026-04-10T09:00:00Z");
  await hub.write(
    "deals.csv",
    "id,pipeline,stage,value,created,closed\nS1,S,M,10,2026-03-01 00:00,\nS2,S,P,10,2026-03-01 00:00,\n",
  );
  await hub.write(
    "changes.csv",
    "id,deal,pipeline,at,before,stage\n5,S1,S,2026-03-03 00:00,P,Q\n6,S1,S,2026-03-07 00:00,Q,M\n7,S2,S,2026-04-02 00:00,M,P\n",
  );
  await hub.apply(config("P, Q, M"));
  await hub.sync();
  const march = { from: "2026-03-01", to: "2026-03-05" };
  const whole = { from: "2026-03-01", to: "2026-03-31" };
  expect(await hub.values("time_in_stage", whole)).toEqual({ P: 2, Q: 4 });

  hub.now = new Date("2026-04-11T09:00:00Z");
  await hub.apply(config("P, M"));
  const { deal_changes: changes } = await hub.sync();
  if (changes === undefined) throw new Error("no run of deal_changes");
  const listed = (await hub.lines(changes)).filter((line) => line.startsWith("csv.row.unknown_stage"));
  expect(listed.length).toBeGreaterThanOrEqual(2);
  expect(listed[0]).toContain("add it under settings.pipelines");
  expect(await hub.values("time_in_stage", whole)).toEqual({ P: 2, "Q (removed)": 4 });
  expect(await hub.values("stage_conversion", march)).toMatchObject({ P: 1, "Q (removed)": 1 });
});

test("a day stays the day that it is when the workspace's time zone changes", async () => {
  const hub = await SheetHub.open("2026-04-10T09:00:00Z");
  const inZone = (zone: string): string => `
workspace: { name: T, timezone: ${zone}, currency: EUR }
connections:
  - id: crm
    connector: csv
    settings:
      pipelines: { S: { stages: [P], won: [Won], lost: [Lost] } }
      tables:
        deals: { from: deals.csv, key: id, columns: { stage: stage, created_at: created, closed_at: closed } }
`;
  await hub.write("deals.csv", "id,stage,created,closed\nD1,Won,2026-03-01,2026-04-01\n");
  await hub.apply(inZone("Europe/Berlin"));
  await hub.sync();
  const first = { from: "2026-04-01", to: "2026-04-01" };
  expect(await hub.value("deals_won", first)).toBe(1);
  for (const zone of ["America/Los_Angeles", "Asia/Tokyo"]) {
    await hub.apply(inZone(zone));
    await hub.sync();
    expect([await hub.value("deals_won", first), await hub.value("time_to_close_mean")]).toEqual([1, 31]);
  }
  expect(await hub.events()).toEqual([]);
});
