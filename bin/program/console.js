// @ts-check
/**
 * Prints the folder of the console's build as JSON, `{ "folder": "…" }`; builds it first where there is none that is like the sources. A
 * process of its own: the bundler takes memory that a hub should not hold, and the hub answers meanwhile.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { buildOf, findBuild, look, writeStamp } from "./freshness.js";
import { canWrite, forgetOld, keep } from "./keep.js";
import { BUILD_PLACES, ROOT } from "./places.js";

const PLACES = BUILD_PLACES.map((place) => path.join(place, "console"));
const APP = "dashboards/console/app";
const CONFIG = "dashboards/console/vite.config.ts";
/** What decides about a build and lies elsewhere. */
const ALSO = ["package.json", "bin/program/console.js", CONFIG];
const PAGE = "index.html";

const found = findBuild(PLACES) ?? (await build());
const page = found.entries[PAGE];
if (page === undefined) throw new Error("the build has no page");
process.stdout.write(`${JSON.stringify({ folder: path.dirname(page) })}\n`);

async function build() {
  const place = PLACES.find(canWrite);
  if (place === undefined)
    throw new Error(`the console is built into ${PLACES.join(" or ")}, and neither may be written`);
  /** @type {{ [name: string]: import("./freshness.js").Source }} */
  const sources = {};
  for (const name of [...ALSO, ...sourcesOf(APP)]) {
    const source = look(name);
    if (source !== null) sources[name] = source;
  }
  const vite = await import("vite");
  const built = await vite.build({
    configFile: path.join(ROOT, CONFIG),
    logLevel: "error",
    build: { write: false },
  });
  // One input makes one output.
  const output = Array.isArray(built) ? built.flatMap((one) => one.output) : "output" in built ? built.output : [];
  const files = output.flatMap((one) => {
    const contents = Buffer.from(one.type === "chunk" ? one.code : one.source);
    return [{ name: one.fileName, contents }, ...compressed(one.fileName, contents)];
  });
  const folder = keep(place, files);
  const stamp = { folder, entries: { [PAGE]: PAGE }, sources };
  writeStamp(place, stamp);
  forgetOld(place, folder);
  return buildOf(place, stamp);
}

/** Compressed once, so that no request has to wait for it. The page itself is different each time it is sent. */
function compressed(/** @type {string} */ name, /** @type {Buffer} */ contents) {
  if (name === PAGE || contents.length < 1024) return [];
  const brotli = brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  return [
    { name: `${name}.br`, contents: brotli },
    { name: `${name}.gz`, contents: gzipSync(contents) },
  ];
}

/** Every file below a folder, and the folders themselves: a new file counts as well. @returns {string[]} */
function sourcesOf(/** @type {string} */ folder) {
  const entries = readdirSync(path.join(ROOT, folder), { withFileTypes: true });
  return [
    `${folder}/`,
    ...entries
      .filter(({ name }) => !/^\.|~$/.test(name))
      .flatMap((entry) => (entry.isDirectory() ? sourcesOf(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`])),
  ];
}
