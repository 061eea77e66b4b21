import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { makeReview } from "../../core/setup/reviews.ts";
import type { Store } from "../../core/store/db.ts";
import { listNotes } from "../../core/store/reviews/reviews.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { type DocsSimulator, startDocsSimulator } from "../../dashboards/destinations/docs/simulator/index.ts";
import { reviewWords } from "../../core/review/words/index.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { pushDestination } from "../../dashboards/destinations/push.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

const POINTS_INTRO = reviewWords("en").pointsBelow;
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
let store: Store;
let sim: DocsSimulator;
let now: Date;

beforeAll(async () => {
  store = await testDatabase();
  const world = await World.create(store, { timeZone: "UTC", currency: "EUR" });
  await world.pipeline("Sales", ["P", "Q"]);
  await world.rep("Ann");
  await world.deal("Ümlaut 🚀 \u0007\uE000A/S", {
    created: "2026-11-01",
    changes: [{ at: "2026-11-01", stage: "P", rep: "Ann", amountMinor: 120_000, currency: "EUR" }],
  });
});
beforeEach(async () => {
  now = new Date("2026-11-23T08:00:00Z");
  for (const table of ["destination_states", "review_notes", "reviews"] as const)
    await store.db.deleteFrom(table).execute();
  sim = await startDocsSimulator({ secret: "docs-for-tests" });
  await configure();
  return () => sim.close();
});
afterAll(() => writeSettings(store.db, "docs", null));

async function configure(template = false): Promise<void> {
  const text = `docs: { service_account: "\${KEY}", base_url: "${sim.url}", document: ${sim.documentId}${template ? `, template: ${sim.templateId}` : ""} }`;
  const options = { connectors: [], destinations: DESTINATIONS };
  const desired = parseConfig(text, "c.yaml", { ...options, variable: () => sim.serviceAccount });
  await applyConfig(store.db, desired, { ...options, secrets, actor: "test", prune: true, allowPrivateNetworks: true });
}

const push = (): Promise<readonly string[]> =>
  pushDestination(
    { store, secrets, clock: { now: () => now }, destinations: DESTINATIONS, allowPrivateNetworks: true },
    "docs",
    new AbortController().signal,
  );

async function review(): Promise<string> {
  now = new Date(now.getTime() + 60_000);
  return (await makeReview({ db: store.db, now }, "test", null)) ?? "";
}
const text = (): string => sim.textOf(sim.documentId);
const points = async (reviewId: string | null): Promise<string[]> =>
  (await listNotes(store.db, reviewId)).map((note) => note.text);

test("a review is written once, with headings, lists and links where they belong, also behind an emoji", async () => {
  expect(await push()).toEqual([]);
  const id = await review();
  expect(await push()).toEqual([id]);
  const once = text();
  expect(once).toMatch(/^# Pipeline review, .*\nAs of /);
  expect(once).toContain("\n## Deals that need attention\n");
  expect(once).toMatch(/\n### Ann: 1\n\* Ümlaut 🚀 +A\/S · €1,200 · P · /);
  expect(once).toContain(`\n## For the next review\n${POINTS_INTRO}\n* \n`);
  expect(await push()).toEqual([]);
  expect(text()).toBe(once);
});

test.each(["before", "after"] as const)("a push that is cut %s any of its requests leaves one review", async (when) => {
  const id = await review();
  for (const at of [1, 2]) {
    sim.cut(at, when);
    await push().then(undefined, () => undefined);
  }
  await push();
  expect(text().split("# Pipeline review").length - 1).toBe(1);
  expect(id).not.toBe("");
});

test("what people write below stays, is changed with them, and belongs to the next review; what comes later to the one after", async () => {
  const first = await review();
  await push();
  const place = { behind: `${POINTS_INTRO}\n` };
  sim.type(sim.documentId, place, "Why do we lose in Bergen? 🤔\nPricing");
  await push();
  expect(await points(null)).toEqual(["Why do we lose in Bergen? 🤔", "Pricing"]);
  sim.type(sim.documentId, { behind: "Pricing" }, " of renewals");
  await push();
  await push();
  expect(await points(null)).toEqual(["Why do we lose in Bergen? 🤔", "Pricing of renewals"]);
  const second = await review();
  sim.type(sim.documentId, { before: "Why do we lose" }, "Written too late\n");
  expect(await push()).toEqual([second]);
  expect([await points(second), await points(null)]).toEqual([
    ["Why do we lose in Bergen? 🤔", "Pricing of renewals"],
    ["Written too late"],
  ]);
  // The newest is above, and has the notes; what was written stands where it was.
  const whole = text();
  expect(whole).toContain("* Pricing of renewals (Google Docs)");
  expect(whole.indexOf("Why do we lose in Bergen? 🤔 (Google Docs)")).toBeLessThan(
    whole.lastIndexOf("# Pipeline review"),
  );
  expect(whole.lastIndexOf("Written too late")).toBeGreaterThan(whole.lastIndexOf("# Pipeline review"));
  sim.type(sim.documentId, { behind: `${POINTS_INTRO}\n` }, "For the third");
  await push();
  expect((await points(null)).includes("For the third")).toBe(true);
  expect(await points(first)).toEqual([]);
});

test("a template's lines, headings and lists become the review, below the line that says where", async () => {
  await configure(true);
  sim.fill(sim.documentId, ["# Our reviews", "", "{{reviews}}", "Minutes of before"]);
  sim.fill(sim.templateId, ["# Review of {{period}}", "Won: {{won_count}}", "{{attention}}"]);
  await review();
  await push();
  const lines = text().split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "# Our reviews",
    "",
    "{{reviews}}",
    expect.stringMatching(/^# Review of 2026-\d\d-\d\d to /),
    "Won: 0",
    "### Ann: 1",
  ]);
  expect(lines.slice(-4)).toEqual(["## For the next review", POINTS_INTRO, "* ", "Minutes of before"]);
  // At the very end of a document, too.
  sim.fill(sim.documentId, ["{{reviews}}"]);
  await push();
  expect(text()).toMatch(/^\{\{reviews\}\}\n# Review of .*\n\* $/s);
  sim.fill(sim.templateId, ["{{profit}}"]);
  await review();
  await expect(push()).rejects.toMatchObject({ code: "docs.unknown_placeholder" });
});

test("somebody who writes at that very moment is not written over, and the review comes with the next push", async () => {
  const id = await review();
  sim.fill(sim.documentId, ["Mine"]);
  sim.beforeNextWrite(() => sim.type(sim.documentId, { behind: "Mine" }, " and more"));
  await expect(push()).rejects.toMatchObject({ code: "docs.changed_meanwhile", kind: "transient" });
  expect(text()).toBe("Mine and more");
  expect(await push()).toEqual([id]);
  expect(text()).toMatch(/\nMine and more$/);
  sim.share(false);
  await expect(push()).rejects.toMatchObject({ code: "google.no_access" });
});
