// @ts-check
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { BUILD_PLACES, ROOT } from "./places.js";

/**
 * A file, or a folder (its name ends in a slash), as it was when the build was made.
 * @typedef {{ readonly mtimeMs: number, readonly ctimeMs: number, readonly size: number, readonly hash: string }} Source
 *
 * What a place says of its newest build.
 * @typedef {object} Stamp
 * @property {string} folder in the place.
 * @property {{ readonly [source: string]: string }} entries by the module's path in the checkout: its file in the folder.
 * @property {{ [path: string]: Source }} sources by the path in the checkout.
 *
 * @typedef {{ readonly place: string, readonly entries: { readonly [source: string]: string } }} Build entries: absolute.
 */

const STAMP = "current.json";

/**
 * The newest build that is like the sources.
 *
 * @param {readonly string[]} places where to look
 * @returns {Build | null}
 */
export function findBuild(places = BUILD_PLACES) {
  for (const place of places) {
    const stamp = readStamp(place);
    if (stamp !== null && isFresh(place, stamp)) return buildOf(place, stamp);
  }
  return null;
}

/** @param {string} place @param {Stamp} stamp @returns {Build} */
export function buildOf(place, stamp) {
  /** @type {{ [source: string]: string }} */
  const entries = {};
  for (const [source, file] of Object.entries(stamp.entries)) entries[source] = path.join(place, stamp.folder, file);
  return { place, entries };
}

/**
 * Times and sizes tell nearly always, and in a few milliseconds. Where they differ the content decides: a copy of a checkout, or of an
 * image's layer, has times of its own.
 *
 * @param {string} place @param {Stamp} stamp
 */
function isFresh(place, stamp) {
  let isTouched = false;
  for (const [name, source] of Object.entries(stamp.sources)) {
    const now = timesOf(name);
    if (now === null) return false;
    if (now.mtimeMs === source.mtimeMs && now.ctimeMs === source.ctimeMs && now.size === source.size) continue;
    if (hashOf(name) !== source.hash) return false;
    stamp.sources[name] = { ...now, hash: source.hash };
    isTouched = true;
  }
  if (isTouched) writeStamp(place, stamp);
  return true;
}

/** @param {string} name @returns {Source | null} null: it is gone. */
export function look(name) {
  const times = timesOf(name);
  return times === null ? null : { ...times, hash: hashOf(name) };
}

/** @param {string} name */
function timesOf(name) {
  const stat = statSync(path.join(ROOT, name), { throwIfNoEntry: false });
  return stat === undefined ? null : { mtimeMs: stat.mtimeMs, ctimeMs: stat.ctimeMs, size: stat.size };
}

/** Of a folder, the names in it count: some modules are found by looking. @param {string} name */
function hashOf(name) {
  const file = path.join(ROOT, name);
  const content = name.endsWith("/") ? namesIn(file) : readFileSync(file);
  return createHash("sha256").update(content).digest("hex");
}

/** But for what editors and file managers leave. @param {string} folder */
function namesIn(folder) {
  const names = readdirSync(folder).filter((name) => !/^\.|~$/.test(name));
  return names.toSorted().join("\n");
}

/** @param {string} place @returns {Stamp | null} */
function readStamp(place) {
  try {
    return /** @type {Stamp} */ (JSON.parse(readFileSync(path.join(place, STAMP), "utf8")));
  } catch {
    return null;
  }
}

/** In one step, so that no other process reads half of it. @param {string} place @param {Stamp} stamp */
export function writeStamp(place, stamp) {
  const draft = path.join(place, `.${STAMP}.${process.pid}`);
  try {
    writeFileSync(draft, JSON.stringify(stamp));
    renameSync(draft, path.join(place, STAMP));
  } catch {
    // Somebody else's place: the next start compares contents again.
    rmSync(draft, { force: true });
  }
}
