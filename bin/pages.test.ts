import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const pages = (folder: string): readonly string[] =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join(folder, name));

/** A path of ours in backticks (`core/store/db.ts`), or what a link leads to. */
const NAMED =
  /`((?:bin|config|connectors|core|dashboards|docs|test|workers)\/[\w./-]+)`|\]\((?!https?:|#|mailto:)([^)#\s]+)/g;

/** The user's own file, which a checkout does not have. */
const OWN = "config/tributary.yaml";

test.each([...pages("."), ...pages("docs")])("%s names and links only what is there", (page) => {
  const text = readFileSync(path.join(ROOT, page), "utf8");
  const missing = [...text.matchAll(NAMED)].flatMap(([, named, linked]) => {
    const file = named ?? path.join(path.dirname(page), linked ?? "");
    return file === OWN || existsSync(path.join(ROOT, file)) ? [] : [named ?? linked];
  });
  expect(missing).toEqual([]);
});
