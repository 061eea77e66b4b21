import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { kill, run, start, type Started } from "../support/processes.ts";
import { until } from "../support/until.ts";

type Addresses = {
  readonly console: string;
  readonly tv: string;
  readonly feeds: readonly string[];
  readonly webhook_receiver: string;
  readonly calendar: string;
  readonly vendors_pid: number;
};
type Received = { readonly [destination: string]: readonly { readonly text: string }[] };
type Delivery = { readonly type: string; readonly isVerified: boolean; readonly at: string };

const root = mkdtempSync(path.join(os.tmpdir(), "tributary-demo-"));
// PostgreSQL runs as another user when the tests run as root, and has to get in.
chmodSync(root, 0o711);
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = path.join(root, "demo");
const SEED = 5;
const PATIENCE_MS = 300_000;

/** Starts the demo and waits until it says that it is ready. */
async function startDemo(...args: readonly string[]): Promise<{ readonly demo: Started; readonly at: Addresses }> {
  const demo = start(["demo", "--json", "--port", "0", "--seed", String(SEED), "--data-dir", folder, ...args], {});
  let stdout = "";
  demo.child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  await demo.said("ready_after_s");
  await until(() => stdout.trimEnd().endsWith("}"));
  return { demo, at: JSON.parse(stdout) as Addresses };
}

async function getJson<T>(address: string): Promise<T> {
  const answer = await fetch(address);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

function company(): ReturnType<typeof createCompany> {
  const { startedAt } = JSON.parse(readFileSync(path.join(folder, "demo.json"), "utf8")) as {
    readonly startedAt: string;
  };
  return createCompany({ seed: SEED, now: new Date(startedAt) });
}

describe("the demo", () => {
  it(
    "loads the company's whole history into a hub of its own, and leaves nothing running when it ends",
    async () => {
      const { demo, at } = await startDemo("--no-live");
      expect((await fetch(at.tv)).status).toBe(200);
      expect((await fetch(new URL("/readyz", at.console))).status).toBe(200);
      for (const feed of at.feeds) await getJson(feed);

      const won = company().deals.filter((deal) => deal.state.status === "won");
      const asked = await run(["kpi", "get", "deals_won", "--json"], { TRIBUTARY_DATA_DIR: folder });
      const { rows } = JSON.parse(asked.stdout) as { readonly rows: readonly { readonly value: number }[] };
      expect(rows.map((row) => row.value)).toEqual([won.length]);

      // Close's own totals: what its lists count and sum, and what its activity report counts.
      const here = { TRIBUTARY_DATA_DIR: folder, TRIBUTARY_ALLOW_PRIVATE_NETWORKS: "true" };
      const reconciled = await run(["reconcile", "close", "--json"], here);
      const { totals } = JSON.parse(reconciled.stdout) as {
        readonly totals: readonly { readonly name: string; readonly ours: number; readonly equal: boolean }[];
      };
      expect(totals.filter(({ equal }) => !equal)).toEqual([]);
      expect(totals.filter(({ ours }) => ours > 0).map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          "opportunities",
          "won opportunities",
          "outbound calls",
          "e-mails sent",
          "leads created",
        ]),
      );

      // A review and a digest of this company have something to say.
      const review = await run(["review"], here);
      expect(review.stdout).toContain("## Deals that need attention");
      const digest = await run(["digest", "morning"], here);
      expect(digest.stdout).toMatch(/• Won, this month: \$/);

      expect((await run(["demo", "--port", "0", "--data-dir", folder], {})).stderr).toContain("demo.running");
      await kill(demo.child, "SIGINT");
      expect((await demo.finished).code).toBe(0);
      for (const address of [at.console, at.webhook_receiver])
        await expect(fetch(address)).rejects.toThrow("fetch failed");
    },
    PATIENCE_MS,
  );

  it(
    "goes on with the same company when it is started again, and lives: signed webhooks leave and the TV's numbers move",
    async () => {
      const { demo, at } = await startDemo();
      const deliveries = (): Promise<readonly Delivery[]> => getJson(`${at.webhook_receiver}deliveries`);
      const feed = at.feeds[0] ?? "";
      const before = JSON.stringify(await getJson(feed));
      await until(async () => (await deliveries()).some((each) => each.type === "deal.won"), PATIENCE_MS);
      expect((await deliveries()).filter((each) => !each.isVerified)).toEqual([]);

      // Every destination has something, each as its own simulator took it.
      const empty = async (): Promise<string[]> =>
        Object.entries(await getJson<Received>(`${at.webhook_receiver}received`))
          .filter(([, all]) => all.every(({ text }) => text === ""))
          .map(([destination]) => destination);
      await until(async () => (await empty()).length === 0, PATIENCE_MS);
      const page = await (await fetch(at.webhook_receiver)).text();
      for (const title of ["Geckoboard", "E-mail", "Google Sheets", "Google Docs", "Slack"])
        expect(page).toContain(title);
      expect(await (await fetch(at.calendar)).text()).toContain("BEGIN:VEVENT");
      await until(async () => JSON.stringify(await getJson(feed)) !== before, PATIENCE_MS);

      // The vendors die; they come back where they were, and life goes on.
      process.kill(at.vendors_pid, "SIGKILL");
      const isBack = async (): Promise<boolean> =>
        (await deliveries().catch(() => [])).some((each) => each.type === "deal.won");
      await until(
        async () =>
          fetch(at.webhook_receiver).then(
            () => false,
            () => true,
          ),
        PATIENCE_MS,
      );
      await until(isBack, PATIENCE_MS);
      await kill(demo.child, "SIGINT");
      expect((await demo.finished).code).toBe(0);
    },
    3 * PATIENCE_MS,
  );

  it("does not empty a folder that is not its own", async () => {
    writeFileSync(path.join(root, "letter.txt"), "dear diary");
    const refused = await run(["demo", "--data-dir", root], {});
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("demo.foreign_folder");
    expect(readFileSync(path.join(root, "letter.txt"), "utf8")).toBe("dear diary");
  });
});
