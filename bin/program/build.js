// @ts-check
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";
import { buildOf, look, writeStamp } from "./freshness.js";
import { canWrite, forgetOld, keep } from "./keep.js";
import { ROOT } from "./places.js";

/** The modules that a process of ours begins with. */
const ENTRIES = ["bin/tributary.ts", "bin/demo/vendors.ts", "connectors/csv/apart/worker.ts"];

/** What decides about a build and is no module in it. */
const ALSO = ["package.json", "bin/program/build.js"];

/**
 * Compiles the program into the first place that may be written. Processes that do so at once make the same, each whole.
 *
 * @param {readonly string[]} places
 * @returns {Promise<import("./freshness.js").Build | null>} null: there is no such place.
 */
export async function build(places) {
  const place = places.find(canWrite);
  if (place === undefined) return null;
  /** @type {Map<string, import("./freshness.js").Source>} */
  const sources = new Map();
  const remember = (/** @type {string} */ name) => {
    const source = sources.has(name) ? null : look(name);
    if (source !== null) sources.set(name, source);
  };
  ALSO.forEach(remember);
  const { outputFiles, metafile } = await bundle({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    // As if they were written beside the sources, so that maps name those by their path in the checkout.
    outdir: ROOT,
    sourceRoot: new URL(".", pathToFileURL(path.join(ROOT, "package.json"))).href,
    entryNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "node",
    target: "node20.19",
    format: "esm",
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: "silent",
    tsconfigRaw: {},
    plugins: [fromSources(remember)],
  });
  const files = outputFiles.map(({ path: file, contents }) => ({ name: path.relative(ROOT, file), contents }));
  const folder = keep(place, files);
  /** @type {{ [source: string]: string }} */
  const entries = {};
  for (const [name, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint !== undefined && ENTRIES.includes(entryPoint)) entries[entryPoint] = name;
  }
  const stamp = { folder, entries, sources: Object.fromEntries(sources) };
  writeStamp(place, stamp);
  forgetOld(place, folder);
  return buildOf(place, stamp);
}

/**
 * Modules are compiled as if they still lay where their sources are, and each source is remembered as it was before it was read.
 *
 * @param {(name: string) => void} remember
 * @returns {import("esbuild").Plugin}
 */
function fromSources(remember) {
  return {
    name: "from-sources",
    setup(bundler) {
      // What a container leaves out (the bench) is missed only when it is asked for.
      bundler.onResolve({ filter: /^\.{1,2}\// }, ({ path: name, resolveDir, kind }) => {
        const file = path.join(resolveDir, name);
        return kind === "dynamic-import" && !existsSync(file)
          ? { path: pathToFileURL(file).href, external: true }
          : null;
      });
      bundler.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const name = path.relative(ROOT, file);
        remember(`${path.dirname(name)}/`);
        remember(name);
        const url = JSON.stringify(pathToFileURL(file).href);
        return { contents: readFileSync(file, "utf8").replaceAll("import.meta.url", url), loader: "ts" };
      });
    },
  };
}
