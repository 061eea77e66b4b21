import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findTributaryError, toTributaryError, TributaryError } from "./errors.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["bin", "config", "connectors", "core", "dashboards", "workers"];

/** Codes as the sources write them; a part that is filled in at run time reads `<vendor>` in the page. */
function codesInSources(): Set<string> {
  const codes = new Set<string>();
  for (const folder of FOLDERS) {
    for (const file of readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts") || file.endsWith(".test.ts") || /simulator|_template/.test(file)) continue;
      const text = readFileSync(path.join(ROOT, folder, file), "utf8");
      for (const [, said] of text.matchAll(/\bcode:([^\n]*)/g)) {
        for (const match of (said ?? "").matchAll(
          /"([a-z0-9_-]+(?:\.[a-z0-9_]+)+)"|`\$\{[^}]+\}((?:\.[a-z0-9_]+)+)`/g,
        )) {
          codes.add(match[1] ?? `<vendor>${match[2]}`);
        }
      }
    }
  }
  return codes;
}

function codesInPage(): Set<string> {
  const page = readFileSync(path.join(ROOT, "docs/errors.md"), "utf8");
  return new Set([...page.matchAll(/^### `([^`]+)`$/gm)].map((match) => match[1] ?? ""));
}

test("every error code in the sources is explained in docs/errors.md, and the page explains no other", () => {
  const sources = codesInSources();
  const page = codesInPage();
  expect({ unexplained: [...sources].filter((code) => !page.has(code)).toSorted() }).toEqual({ unexplained: [] });
  expect({ obsolete: [...page].filter((code) => !sources.has(code)).toSorted() }).toEqual({ obsolete: [] });
});

test("finds our error inside a chain of causes", () => {
  const ours = new TributaryError({ code: "test.case", kind: "config", message: "m", mend: "d" });
  expect(findTributaryError(new Error("outer", { cause: new Error("middle", { cause: ours }) }))).toBe(ours);
});

test("what nobody recognised is a bug, never guessed to be transient", () => {
  expect(toTributaryError(new TypeError("x is not a function")).kind).toBe("bug");
  expect(toTributaryError("a string").kind).toBe("bug");
});
