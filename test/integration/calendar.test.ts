import ICAL from "ical.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeReview } from "../../core/setup/reviews.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { revokeKey } from "../../core/setup/keys.ts";
import { listApiKeys } from "../../core/store/setup/api-keys.ts";
import { testDatabase } from "../support/database.ts";
import { newKey, NOW, type Running, startServer } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
let key: string;
beforeAll(async () => {
  running = await startServer(store);
  key = await newKey(store, "calendar:reviews");
  await store.db
    .updateTable("workspace")
    .set({ name: "Żółw, Ärger & Söhne; „Filialen“ im Süden und im Norden", time_zone: "America/New_York" })
    .execute();
  await writeSettings(store.db, "review", { every: "week", on: "monday", at: "08:00", minutes: 45 });
});
afterAll(() => running.close());

const PATH = "/calendar/reviews.ics";
const get = (more: RequestInit = {}): Promise<Response> => running.fetch(`${PATH}?key=${key}`, more);

async function events(): Promise<ICAL.Event[]> {
  const calendar = new ICAL.Component(ICAL.parse(await (await get()).text()) as unknown[]);
  return calendar.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
}

test("a weekly review stays at its time of the clock when the clock changes", async () => {
  const all = await events();
  const starts = all.map(({ startDate }) => startDate.toJSDate().toISOString());
  // 8:00 in New York is 13:00 UTC in winter, and 12:00 from the second Sunday of March on.
  expect([starts[0], starts.length]).toEqual(["2026-11-30T13:00:00.000Z", 13]);
  await writeSettings(store.db, "review", { every: "month", at: "08:00" });
  const months = (await events()).map(({ startDate }) => startDate.toJSDate().toISOString());
  expect(months.slice(0, 5)).toEqual([
    "2026-12-01T13:00:00.000Z",
    "2027-01-01T13:00:00.000Z",
    "2027-02-01T13:00:00.000Z",
    "2027-03-01T13:00:00.000Z",
    "2027-04-01T12:00:00.000Z",
  ]);
  await writeSettings(store.db, "review", { every: "week", on: "monday", at: "08:00", minutes: 45 });
});

test("it is what RFC 5545 asks for: lines end in CR LF and have 75 bytes at most, each event has its three fields", async () => {
  const response = await get();
  expect(response.headers.get("content-type")).toBe("text/calendar; charset=utf-8");
  const text = await response.text();
  expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  expect(Math.max(...text.split("\r\n").map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
  const [first] = await events();
  // Commas and semicolons are text, not structure.
  expect(first?.summary).toBe("Pipeline review, Żółw, Ärger & Söhne; „Filialen“ im Süden und im Norden");
  expect(first?.duration.toSeconds()).toBe(45 * 60);
  expect(text.match(/^(UID|DTSTAMP|DTSTART):/gm)).toHaveLength(3 * 13);
});

test("a review keeps its id once it is made, and one that is made by hand has its own", async () => {
  const coming = (await events())[0];
  const at = new Date("2026-11-30T13:00:00Z");
  await makeReview({ db: store.db, now: new Date("2026-11-30T13:00:20Z") }, "hub", {
    at,
    from: "2026-11-23",
    to: "2026-11-29",
  });
  await makeReview({ db: store.db, now: NOW }, "test", null);
  const now = await events();
  expect(new Set(now.map(({ uid }) => uid)).size).toBe(14);
  expect(now.filter(({ uid }) => uid === coming?.uid).map(({ startDate }) => startDate.toJSDate())).toEqual([at]);
});

test("who has it already is sent nothing; without a key, with that of another screen, or with a revoked one there is nothing", async () => {
  const etag = (await get()).headers.get("etag") ?? "";
  expect((await get({ headers: { "If-None-Match": etag } })).status).toBe(304);
  expect((await running.fetch(PATH)).status).toBe(401);
  expect((await running.fetch(`${PATH}?key=${await newKey(store, "feed:*")}`)).status).toBe(403);
  expect((await running.fetch(`/calendar/others.ics?key=${await newKey(store, "calendar:*")}`)).status).toBe(404);
  const [issued] = (await listApiKeys(store.db, { limit: 10, before: null })).filter(({ scopes }) =>
    scopes.includes("calendar:reviews"),
  );
  await revokeKey(store.db, "test", issued?.id ?? "", NOW);
  await expect.poll(async () => (await get()).status).toBe(401);
});
