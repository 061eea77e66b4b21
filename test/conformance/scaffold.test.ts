import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCheckEngine } from "../../bin/connector/engine.ts";
import { CONNECTORS_DIR } from "../../bin/connector/harness.ts";
import { scaffoldConnector } from "../../bin/connector/scaffold.ts";
import type { ConnectorHarness } from "../../connectors/_check/harness.ts";
import { CHECKS, runChecks } from "../../connectors/_check/index.ts";
import type { AnyConnector } from "../../core/connector/define.ts";
import { testDatabase } from "../support/database.ts";

describe("connector new", () => {
  const root = mkdtempSync(path.join(tmpdir(), "tributary-scaffold-"));
  const directory = path.join(root, "connectors");
  let files: readonly string[];

  beforeAll(async () => {
    const checkout = path.dirname(CONNECTORS_DIR);
    mkdirSync(directory);
    for (const name of ["core", "node_modules", "package.json", "tsconfig.json", ".prettierrc.json"])
      symlinkSync(path.join(checkout, name), path.join(root, name));
    for (const name of ["_check", "_simulator", "close", "csv"])
      symlinkSync(path.join(CONNECTORS_DIR, name), path.join(directory, name));
    for (const name of ["_template", "index.ts"])
      cpSync(path.join(CONNECTORS_DIR, name), path.join(directory, name), { recursive: true });
    files = await scaffoldConnector(directory, "big-pipe");
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const text = (file: string): string => readFileSync(path.join(directory, file), "utf8");

  it("writes a folder under its name, in which nothing of the template's name is left", () => {
    expect(files).toContain("big-pipe/index.ts");
    expect(files).toContain("big-pipe/simulator/index.ts");
    for (const file of files) expect(text(file)).not.toMatch(/acme/i);
    expect(text("big-pipe/index.ts")).toContain("export const bigPipe: AnyConnector");
  });

  it("comes to under 200 lines without simulator, fixtures and tests", () => {
    const written = files.filter((file) => /^big-pipe\/[^/]*(?<!\.test)\.ts$/.test(file));
    const lines = written.map((file) => text(file).split("\n").length - 1);
    expect(lines.reduce((sum, each) => sum + each, 0)).toBeLessThan(200);
  });

  it("lists the connector with the others", () => {
    expect(text("index.ts")).toContain('import { bigPipe } from "./big-pipe/index.ts";');
    expect(text("index.ts")).toMatch(/CONNECTORS: readonly AnyConnector\[\] = \[\s+close,[^\]]*,\n {2}bigPipe,\n\]/);
  });

  it("writes a connector that passes the acceptance checks as it is", { timeout: 240_000 }, async () => {
    const { bigPipe: connector } = (await import(pathToFileURL(path.join(directory, "big-pipe/index.ts")).href)) as {
      readonly bigPipe: AnyConnector;
    };
    const { harness: vendor } = (await import(
      pathToFileURL(path.join(directory, "big-pipe/simulator/index.ts")).href
    )) as { readonly harness: ConnectorHarness };
    const engine = createCheckEngine(await testDatabase());
    const failures: string[] = [];
    for await (const { name, failure } of runChecks({ connector, vendor, engine, records: 100, manyRecords: 5_000 })) {
      if (failure !== null) failures.push(`${name}: ${failure}`);
    }
    expect(failures).toEqual([]);
    expect(CHECKS.length).toBeGreaterThan(15);
  });

  it("refuses a name that cannot be one, and a folder that is there", async () => {
    await expect(scaffoldConnector(directory, "Big Pipe")).rejects.toThrow("cannot be a connector's name");
    await expect(scaffoldConnector(directory, "../evil")).rejects.toThrow("cannot be a connector's name");
    await expect(scaffoldConnector(directory, "big-pipe")).rejects.toThrow("already");
  });
});
