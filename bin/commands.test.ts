import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

/** What each module imports, as the compiler sees it. */
let inputs: Metafile["inputs"];

beforeAll(async () => {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
    entryPoints: ["bin/tributary.ts"],
    outdir: "unused",
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "node",
    format: "esm",
    metafile: true,
    write: false,
    tsconfigRaw: {},
  });
  inputs = metafile.inputs;
});

/** The packages that are loaded with these modules, before anything in them runs. */
function packagesOf(...modules: readonly string[]): readonly string[] {
  const seen = new Set(modules);
  const packages = new Set<string>();
  for (const module of seen) {
    for (const { path, external, kind } of inputs[module]?.imports ?? []) {
      if (kind !== "import-statement") continue;
      if (external !== true) seen.add(path);
      else if (!path.startsWith("node:")) packages.add(path);
    }
  }
  return [...packages].toSorted();
}

const CONTEXT = ["bin/tributary.ts", "bin/context.ts", "config/env.ts"];
/** What takes longest to load: the queue, the web, HTTP, and what vendors and spreadsheets need. */
const HEAVY = ["bullmq", "ioredis", "express", "axios", "node-zendesk", "yauzl", "saxes", "yaml", "csv-parse"];

describe("what a command loads", () => {
  it("is the reader of arguments alone for --help", () => {
    expect(packagesOf("bin/tributary.ts")).toEqual(["commander"]);
  });

  it.each(["kpi", "users", "keys", "connections", "secrets"])("has no queue, web or vendor in it for %s", (name) => {
    const command = `bin/commands/${name}.ts`;
    expect(Object.keys(inputs)).toContain(command);
    expect(packagesOf(...CONTEXT, command).filter((one) => HEAVY.includes(one))).toEqual([]);
  });
});
