// @ts-check
/** Where builds lie: each in a folder named by its content, written whole or not at all. */
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { ROOT } from "./places.js";

/** A program that runs loads parts of its build late, so the builds before the newest stay for a while. */
const KEPT_BUILDS = 8;

/**
 * Writes a build, named by its content; one that is there already is the same.
 *
 * @param {string} place
 * @param {readonly { readonly name: string, readonly contents: Uint8Array }[]} files by their path in the build.
 * @returns {string} its folder in the place.
 */
export function keep(place, files) {
  const hash = createHash("sha256");
  for (const { name, contents } of files) hash.update(name).update(contents);
  const folder = hash.digest("hex").slice(0, 16);
  if (existsSync(path.join(place, folder))) return folder;
  const draft = path.join(place, `.${folder}.${process.pid}`);
  mkdirSync(draft);
  for (const { name, contents } of files) {
    mkdirSync(path.dirname(path.join(draft, name)), { recursive: true });
    writeFileSync(path.join(draft, name), contents);
  }
  try {
    renameSync(draft, path.join(place, folder));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process was faster with the same.
    if (!existsSync(path.join(place, folder))) throw error;
  }
  return folder;
}

/** Whether builds may be kept there. Makes the folder. @param {string} place */
export function canWrite(place) {
  try {
    mkdirSync(place, { recursive: true });
    accessSync(place, constants.W_OK);
    // The packages are found from here; where the place lies among them, they are anyway.
    const packages = path.join(ROOT, "node_modules");
    if (!place.startsWith(packages + path.sep) && !existsSync(path.join(place, "node_modules")))
      symlinkSync(packages, path.join(place, "node_modules"));
    return true;
  } catch {
    return false;
  }
}

/** Removes the oldest builds. @param {string} place @param {string} newest its folder */
export function forgetOld(place, newest) {
  const folders = readdirSync(place)
    .filter((name) => /^\.?[0-9a-f]{16}(\.\d+)?$/.test(name) && name !== newest)
    .map((name) => ({ name, madeMs: statSync(path.join(place, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .toSorted((one, other) => other.madeMs - one.madeMs);
  for (const { name } of folders.slice(KEPT_BUILDS - 1))
    rmSync(path.join(place, name), { recursive: true, force: true });
}
