// @ts-check
import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Checkouts may share their packages; each has builds of its own, which hold its path. */
const OWN = path.join("tributary", createHash("sha256").update(ROOT).digest("hex").slice(0, 16));

/**
 * Where a build may be kept, best first: with the packages, for everyone; else, where the checkout belongs to somebody else, with the user's
 * own caches.
 *
 * @type {readonly string[]}
 */
export const BUILD_PLACES = [
  path.join(ROOT, "node_modules", ".cache", OWN),
  path.join(process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), OWN),
];
