import { expect, test } from "vitest";
import { applyConfig, planConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { rebuilds } from "../../config/rebuild.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { silentLog } from "../../core/base/log.ts";
import { createSecrets } from "../../core/secrets/index.ts";
import { streamsBehind } from "../../core/store/pulls/rebuild.ts";
import { createNormaliseProcessor } from "../../workers/normalise.ts";
import { SheetHub } from "../support/sheets.ts";

/*
 * Deals that were won on days, in a hub whose calendar and mapping change afterwards. What a change makes anew is said before it is applied, and is
 * made anew without another pull.
 */
const config = (workspace: string, more = ""): string => `
workspace: { name: T, ${workspace} }
connections:
  - id: crm
    connector: csv
    settings:
      pipelines: { Sales: { stages: [Lead, Offer] } }
      tables:
        deals:
          from: deals.csv
          key: id
          columns: { stage: stage, created_at: created, closed_at: closed, value: amount }
${more}`;
const secrets = createSecrets([{ id: "test", bytes: Buffer.alloc(32, 1) }]);
const march31 = { from: "2026-03-31", to: "2026-03-31" };

test("a change of the calendar, the money or the mapping says what it makes anew, and that is done without a pull", async () => {
  const hub = await SheetHub.open("2026-05-10T09:00:00Z");
  const { db } = hub.store;
  await hub.write(
    "deals.csv",
    "id,stage,created,closed,amount\na,Won,2026-03-01,2026-03-31,100\nb,Offer,2026-03-01,,50 USD\n",
  );
  await hub.apply(config("timezone: Europe/Berlin, currency: EUR"));
  await hub.sync();
  expect(await hub.value("deals_won", march31)).toBe(1);

  const parse = (text: string) =>
    parseConfig(text, `${hub.folder}/config.yaml`, {
      connectors: CONNECTORS,
      destinations: [],
      variable: () => undefined,
    });
  const said = async (text: string): Promise<readonly string[]> =>
    rebuilds(db, await planConfig(db, parse(text), { secrets, destinations: [], prune: false }));
  const berlin = "timezone: Europe/Berlin, currency: EUR";
  const honolulu = "timezone: Pacific/Honolulu, currency: EUR";
  expect(await said(config(berlin))).toEqual([]);
  expect(await said(config(`${berlin}, week_start: sunday`))).toEqual([]);
  expect(await said(config(honolulu))).toEqual(["time_zone: 3 records of 1 connection are read anew."]);
  expect(await said(config(berlin).replace("created_at: created, ", ""))).toEqual([
    "connection crm: 3 records are read anew by the new settings.",
  ]);
  await hub.apply(config(berlin, "pipelines: { Sales: { stages: { Offer: close } } }\n"));
  expect(await said(config(berlin, "pipelines: { Sales: { stages: { Offer: meeting } } }\n"))).toEqual([
    "pipelines: the stages of 2 deals are counted by the new mapping, also in the past.",
  ]);
  await hub.apply(config(`${berlin}, exchange_rates: [{ day: 2026-03-01, currency: USD, rate: 0.9 }]`));
  expect(await said(config(`${berlin}, exchange_rates: [{ day: 2026-03-01, currency: USD, rate: 0.8 }]`))).toEqual([
    "exchange_rates: the values of 1 deal are converted anew, also in the past.",
  ]);

  // Not the vendor, nor the file, is asked again.
  await hub.write("deals.csv", "gone");
  await applyConfig(db, parse(config(honolulu)), {
    secrets,
    connectors: CONNECTORS,
    destinations: [],
    actor: "test",
    prune: false,
  });
  const behind = await streamsBehind(db);
  expect(behind.map(({ stream }) => stream).toSorted()).toEqual(["deals", "pipelines"]);
  const normalise = createNormaliseProcessor({
    store: hub.store,
    clock: { now: () => hub.now },
    connectors: CONNECTORS,
    requestMeasure: () => Promise.resolve(),
  });
  const context = { log: silentLog, signal: new AbortController().signal, progress: () => Promise.resolve() };
  for (const target of behind) await normalise({ ...target, fromStart: false }, context as never);
  expect(await streamsBehind(db)).toEqual([]);
  // The day is the day, by whichever calendar it is counted.
  expect(await hub.value("deals_won", march31)).toBe(1);
});
