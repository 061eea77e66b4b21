import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { clearLeft, ownFolder } from "./own-folder.ts";

test("a folder is one's own, and gone with what is in it when it is removed", async () => {
  const [one, other] = await Promise.all([ownFolder(), ownFolder()]);
  expect(one.folder).not.toBe(other.folder);
  writeFileSync(path.join(one.folder, "copy.csv"), "id\n1\n");
  await one.remove();
  await one.remove();
  expect([existsSync(one.folder), existsSync(other.folder)]).toEqual([false, true]);
  await other.remove();
});

test("what a killed process left goes after a day, and nothing else does", async () => {
  const parent = mkdtempSync(path.join(tmpdir(), "tributary-left-"));
  try {
    mkdirSync(path.join(parent, "tributary-csv-a1"));
    writeFileSync(path.join(parent, "tributary-csv-a1", "copy.csv"), "id\n");
    mkdirSync(path.join(parent, "somebody-else"));
    writeFileSync(path.join(parent, "tributary-csv-notes.txt"), "a file of this name");
    const soon = new Date(Date.now() + 23 * 3600_000);
    await clearLeft(parent, soon);
    expect(readdirSync(parent)).toContain("tributary-csv-a1");
    await clearLeft(parent, new Date(soon.getTime() + 2 * 3600_000));
    expect(readdirSync(parent).toSorted()).toEqual(["somebody-else", "tributary-csv-notes.txt"]);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
});
