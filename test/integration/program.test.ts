import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** A small checkout, with the real way of starting and a program of two modules. */
describe("the program, as it is started", () => {
  let root: string;
  const builds = (): readonly string[] => buildsIn(path.join(root, "node_modules", ".cache", "tributary"));
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "tributary-program-"));
    for (const name of ["package.json", "bin/tributary.js", "bin/program"])
      cpSync(path.join(CHECKOUT, name), path.join(root, name), { recursive: true });
    mkdirSync(path.join(root, "node_modules"));
    for (const name of ["esbuild", "@esbuild", "tsx", "get-tsconfig", "resolve-pkg-maps", "commander"])
      if (existsSync(path.join(CHECKOUT, "node_modules", name)))
        symlinkSync(path.join(CHECKOUT, "node_modules", name), path.join(root, "node_modules", name));
    for (const entry of ["bin/demo/vendors.ts", "connectors/csv/apart/worker.ts"])
      write(entry, "export const nothing: null = null;\n");
    write("core/greeting.ts", 'export const greeting: string = "hello";\n');
    write(
      "bin/tributary.ts",
      `import { Command } from "commander";
import { greeting } from "../core/greeting.ts";
type Name = string;
const name: Name = process.argv[2] ?? "world";

if (name === "fail") throw new Error("on line 6");
console.log(greeting, name, new Command("x").name(), import.meta.url.endsWith("/bin/tributary.ts"));
`,
    );
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const start = async (...args: readonly string[]): Promise<{ readonly code: unknown; readonly said: string }> => {
    const child = spawn(process.execPath, [path.join(root, "bin/tributary.js"), ...args], {
      env: { PATH: process.env["PATH"], XDG_CACHE_HOME: path.join(root, "home-cache") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, "close")) as [unknown];
    return { code, said };
  };

  it("is compiled at the first start, and found at the next", async () => {
    expect(await start()).toEqual({ code: 0, said: "hello world x true\n" });
    const [first] = builds();
    expect(first).toBeDefined();
    expect(await start("again")).toEqual({ code: 0, said: "hello again x true\n" });
    expect(builds()).toEqual([first]);
  });

  it("is compiled anew when a source has changed", async () => {
    await start();
    write("core/greeting.ts", 'export const greeting: string = "howdy";\n');
    expect((await start()).said).toBe("howdy world x true\n");
    expect(builds()).toHaveLength(2);
  });

  it("is not compiled anew for a source that has only been touched", async () => {
    await start();
    utimesSync(path.join(root, "core/greeting.ts"), new Date(0), new Date(0));
    expect((await start()).said).toBe("hello world x true\n");
    expect(builds()).toHaveLength(1);
  });

  it("starts when several processes compile it at once", async () => {
    const answers = await Promise.all([start("a"), start("b"), start("c")]);
    expect(answers.map(({ said }) => said)).toEqual(["a", "b", "c"].map((name) => `hello ${name} x true\n`));
    expect(builds()).toHaveLength(1);
  });

  it("keeps the build with the user's caches where the checkout may not be written", async () => {
    writeFileSync(path.join(root, "node_modules", ".cache"), "a file, where the folder would have to be");
    expect((await start()).said).toBe("hello world x true\n");
    expect(buildsIn(path.join(root, "home-cache", "tributary"))).toHaveLength(1);
  });

  it("runs from the sources where nothing may be written", async () => {
    for (const name of ["node_modules/.cache", "home-cache"]) writeFileSync(path.join(root, name), "a file");
    expect((await start()).said).toBe("hello world x true\n");
  });

  it("names the source and its line in a stack trace", async () => {
    const { code, said } = await start("fail");
    expect(code).toBe(1);
    expect(said).toContain(`${path.join("bin", "tributary.ts")}:6:`);
  });

  it("says where a source does not compile", async () => {
    write("core/greeting.ts", "export const greeting: string = ;\n");
    const { code, said } = await start();
    expect(code).toBe(1);
    expect(said).toContain("greeting.ts:1");
  });
});

function buildsIn(place: string): readonly string[] {
  const checkouts = existsSync(place) ? readdirSync(place) : [];
  return checkouts.flatMap((checkout) =>
    readdirSync(path.join(place, checkout)).filter((name) => /^[0-9a-f]{16}$/.test(name)),
  );
}
