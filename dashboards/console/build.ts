import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** The console's application as it was built for browsers. It is built when a hub starts with other sources than before. */
export type ConsoleBuild =
  | { readonly state: "building" }
  | { readonly state: "failed"; readonly reason: string }
  | { readonly state: "ready"; readonly page: string; readonly files: ReadonlyMap<string, BuiltFile> };

/** A file in each of the ways in which it may be sent. */
export type BuiltFile = {
  readonly type: string;
  readonly plain: Buffer;
  readonly br: Buffer | null;
  readonly gzip: Buffer | null;
};

const TYPES: { readonly [extension: string]: string } = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads a build: some two megabytes, which are asked for again and again. */
export function readConsoleBuild(folder: string): ConsoleBuild {
  const names = readdirSync(path.join(folder, "assets"));
  const contents = new Map(names.map((name) => [name, readFileSync(path.join(folder, "assets", name))]));
  const files = new Map<string, BuiltFile>();
  for (const [name, plain] of contents) {
    const type = TYPES[path.extname(name)];
    if (type === undefined) continue;
    files.set(name, { type, plain, br: contents.get(`${name}.br`) ?? null, gzip: contents.get(`${name}.gz`) ?? null });
  }
  return { state: "ready", page: readFileSync(path.join(folder, "index.html"), "utf8"), files };
}
