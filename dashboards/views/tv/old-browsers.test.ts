import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import doiuse from "doiuse";
import { runChecks } from "es-check";
import postcss from "postcss";
import { expect, test } from "vitest";

const file = (name: string): string => fileURLToPath(new URL(`assets/${name}`, import.meta.url));

/** Televisions keep the browser that they were sold with: Chrome 79 (December 2019) is what many have. */
const BROWSER = "chrome 79";
/** What they know but for parts that are not used: `overflow: clip`, `column-gap` outside grids. */
const KNOWN_ENOUGH = ["css-overflow", "multicolumn"];

test("the TV's script is written in JavaScript that an old television knows", async () => {
  const result = await runChecks([{ ecmaVersion: "es2019", module: true, files: [file("tv.js")] }]);
  expect(result).toMatchObject({ success: true });
});

test("so are its styles", async () => {
  const found: string[] = [];
  const check = doiuse({
    browsers: [BROWSER],
    ignore: KNOWN_ENOUGH,
    onFeatureUsage: ({ message }) => void found.push(message),
  });
  await postcss([check]).process(readFileSync(file("tv.css"), "utf8"), { from: "tv.css" });
  expect(found).toEqual([]);
});
