import { Command } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { registerKpi } from "../../bin/commands/kpi.ts";
import type { CliContext, Database } from "../../bin/context.ts";
import { createOutput } from "../../bin/output.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

let database: Database;
beforeAll(async () => {
  const store = await testDatabase();
  const world = await World.create(store, { timeZone: "America/New_York" });
  await world.rep("Ann");
  const deal = (name: string, at: string) =>
    world.deal(name, {
      changes: [
        { at: "2026-03-01", amountMinor: 100_50, rep: "Ann" },
        { at, status: "won" },
      ],
    });
  await deal("1", "2026-03-31T23:00:00-04:00");
  await deal("2", "2026-04-01T00:00:00-04:00");
  // The command uses these two alone.
  database = { store, clock: { now: () => new Date("2026-04-15T12:00:00Z") } } as unknown as Database;
});

/** Runs `tributary kpi …` as a person would. @returns what it wrote on stdout. */
async function kpi(...args: string[]): Promise<string> {
  let written = "";
  const stream = { write: (text: string) => (written += text) };
  const program = new Command()
    .option("--json")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const out = createOutput(() => program.opts<{ json?: boolean }>().json === true, {
    stdout: stream,
    stderr: { write: () => undefined },
  });
  const withDatabase = (work: (open: Database) => Promise<unknown>): Promise<unknown> => work(database);
  registerKpi(program.command("kpi"), { out, withDatabase } as unknown as CliContext);
  await program.parseAsync(["kpi", ...args], { from: "user" });
  return written;
}

describe("tributary kpi", () => {
  test("get --json prints the documented shape", async () => {
    expect(
      JSON.parse(
        await kpi(
          "get",
          "won_value",
          "--from",
          "2026-03-01",
          "--to",
          "2026-03-31",
          "--by",
          "rep",
          "--grain",
          "month",
          "--json",
        ),
      ),
    ).toEqual({
      metric: "won_value",
      unit: "money",
      from: "2026-03-01",
      to: "2026-03-31",
      as_of: "2026-04-15T12:00:00.000Z",
      timezone: "America/New_York",
      currency: "USD",
      fresh_as_of: null,
      rows: [
        {
          dimensions: { rep: "Ann" },
          period: "2026-03-01",
          value: 100.5,
          numerator: null,
          denominator: null,
          sample_size: 1,
          interval: null,
        },
      ],
      exceptions: [],
      sources: [],
      notes: [],
    });
  });

  test("as of a day is as of its end in the workspace's time zone", async () => {
    const answer = JSON.parse(await kpi("get", "deals_won", "--as-of", "2026-03-31", "--json")) as {
      as_of: string;
      rows: { value: number }[];
    };
    expect(answer.as_of).toBe("2026-04-01T03:59:59.999Z");
    expect(answer.rows[0]?.value).toBe(1);
  });

  test("prints a table for people", async () => {
    expect(await kpi("get", "rep_leaderboard", "--period", "this_month")).toBe(
      [
        "rep_leaderboard, 2026-04-01 to 2026-04-30 (America/New_York), as of 2026-04-15T12:00:00.000Z",
        "rank  moved  rep  value    n",
        "   1      0  Ann  $100.50  1",
        "no connected account gives this",
        "",
      ].join("\n"),
    );
  });

  test("records names what is behind the number", async () => {
    const answer = JSON.parse(await kpi("records", "deals_won", "--filter", "rep=ann", "--limit", "1", "--json")) as {
      records: { name: string }[];
      next_cursor: string;
    };
    expect(answer.records.map((record) => record.name)).toEqual(["2"]);
    expect(await kpi("records", "deals_won", "--limit", "1", "--cursor", answer.next_cursor)).toContain(
      "2026-03-31 23:00  1     Ann  won",
    );
  });

  test.each([
    ["a day that does not exist", ["get", "won_value", "--from", "2026-02-30"]],
    ["an instant without an offset", ["get", "won_value", "--as-of", "2026-03-01T10:00"]],
    ["an unknown grain", ["get", "won_value", "--grain", "hour"]],
    ["a filter without a value", ["get", "won_value", "--filter", "rep"]],
    ["a period beside days", ["get", "won_value", "--from", "2026-03-01", "--period", "today"]],
    ["no metric", ["get"]],
  ])("refuses %s as wrong usage", async (_, args) => {
    await expect(kpi(...args)).rejects.toMatchObject({ name: "CommanderError" });
  });
});
