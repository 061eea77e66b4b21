// @ts-check
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";
import { buildOf, look, writeStamp } from "./freshness.js";
import { ROOT } from "./places.js";

/** The modules that a process of ours begins with. */
const ENTRIES = ["bin/tributary.ts", "bin/demo/vendors.ts", "connectors/csv/workbook/worker.ts"];

/** A program that runs loads parts of its build late, so the builds before the newest stay for a while. */
const KEPT_BUILDS = 8;

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

/**
 * Writes a build, named by its content; one that is there already is the same.
 *
 * @param {string} place
 * @param {readonly { readonly name: string, readonly contents: Uint8Array }[]} files
 * @returns {string} its folder in the place.
 */
function keep(place, files) {
  const hash = createHash("sha256");
  for (const { name, contents } of files) hash.update(name).update(contents);
  const folder = hash.digest("hex").slice(0, 16);
  if (existsSync(path.join(place, folder))) return folder;
  const draft = path.join(place, `.${folder}.${process.pid}`);
  mkdirSync(draft);
  for (const { name, contents } of files) writeFileSync(path.join(draft, name), contents);
  try {
    renameSync(draft, path.join(place, folder));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process was faster with the same.
    if (!existsSync(path.join(place, folder))) throw error;
  }
  return folder;
}

/** @param {string} place */
function canWrite(place) {
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

/** @param {string} place @param {string} newest */
function forgetOld(place, newest) {
  const folders = readdirSync(place)
    .filter((name) => /^\.?[0-9a-f]{16}(\.\d+)?$/.test(name) && name !== newest)
    .map((name) => ({ name, madeMs: statSync(path.join(place, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .toSorted((one, other) => other.madeMs - one.madeMs);
  for (const { name } of folders.slice(KEPT_BUILDS - 1))
    rmSync(path.join(place, name), { recursive: true, force: true });
}
