// @ts-check
/**
 * How a module of the program is loaded: from the build when there is one that is like the sources, else from a build made now, else
 * (nothing may be written, or the sources do not compile) from the sources themselves, which takes seconds longer.
 */
import { existsSync } from "node:fs";
import module from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { findBuild } from "./freshness.js";
import { BUILD_PLACES, ROOT } from "./places.js";

/**
 * @param {string} source a module of the program by its path in the checkout: one of ENTRIES in build.js.
 * @returns {Promise<unknown>} what it exports.
 */
export async function load(source) {
  const build = findBuild() ?? (await makeBuild());
  const compiled = build?.entries[source];
  if (build !== null && compiled !== undefined && existsSync(compiled)) {
    // Stack traces name the sources and their lines.
    process.setSourceMapsEnabled(true);
    // From Node 22.1, which the types of Node 20 do not know. Keeps what V8 has compiled, also of the packages.
    const { enableCompileCache } = /** @type {{ readonly enableCompileCache?: (folder: string) => unknown }} */ (
      module
    );
    enableCompileCache?.(path.join(build.place, "v8"));
    return import(pathToFileURL(compiled).href);
  }
  // Node 22.18 and later strip the types themselves; Node 20 needs tsx.
  if (!("typescript" in process.features) || process.features.typescript === false) {
    const { register } = await import("tsx/esm/api");
    register();
  }
  return import(pathToFileURL(path.join(ROOT, source)).href);
}

/** @returns {Promise<import("./freshness.js").Build | null>} null: not possible here. */
async function makeBuild() {
  try {
    const { build } = await import("./build.js");
    return await build(BUILD_PLACES);
  } catch {
    // No esbuild for this machine, or sources that do not compile: running them will say where.
    return null;
  }
}
