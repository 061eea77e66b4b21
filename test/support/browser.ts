import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page, type Request } from "playwright-core";
import { type ConsoleBuild, readConsoleBuild } from "../../dashboards/console/build.ts";

/** Debian's Chromium, which `.ci/run` installs; null where the machine has none. */
export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path)) ?? null;

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM ?? "",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/** The console as it is built for people. */
export function builtConsole(): ConsoleBuild {
  const program = fileURLToPath(new URL("../../bin/program/console.js", import.meta.url));
  const said = JSON.parse(execFileSync(process.execPath, [program], { encoding: "utf8" })) as { folder: string };
  return readConsoleBuild(said.folder);
}

/** @returns waits until the page has shown two frames in a row in which no request was under way. */
export function settling(page: Page): () => Promise<void> {
  const open = new Set<Request>();
  page.on("request", (request) => open.add(request));
  page.on("requestfinished", (request) => open.delete(request));
  page.on("requestfailed", (request) => open.delete(request));
  const frame = (): Promise<void> =>
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))");
  return async () => {
    for (let quiet = 0; quiet < 2;) {
      await frame();
      quiet = open.size === 0 ? quiet + 1 : 0;
    }
  };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What WCAG 2.2 AA has against the page, one line each. */
export async function axe(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  // What is half faded in has half its contrast. What never ends (a loader) is not waited for.
  await page.evaluate(`Promise.allSettled(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished)).then(() => null)`);
  return page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as {
      axe: {
        run(where: unknown, how: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await run.run("html", {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.length}, first ${nodes[0]?.html.slice(0, 200)}`);
  });
}
