import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Route } from "./routes.ts";

const TYPES: { readonly [extension: string]: string } = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** The files that pages load, by name. A list, so that nothing else of a folder can be asked for. */
const FILES = [
  "../views/tv/assets/tv.css",
  "../views/tv/assets/tv.js",
  "../console/assets/console.css",
  "../api/assets/docs.js",
  "../console/assets/icon.svg",
] as const;

const assets = new Map(
  FILES.map((file) => {
    const name = file.slice(file.lastIndexOf("/") + 1);
    const content = readFileSync(new URL(file, import.meta.url));
    const version = createHash("sha256").update(content).digest("base64url").slice(0, 10);
    return [name, { content, version, type: TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "text/plain" }];
  }),
);

/** The address of a file; changes with its content, so browsers may keep it for good. */
export function assetUrl(name: string): string {
  const asset = assets.get(name);
  if (asset === undefined) throw new Error(`there is no asset ${name}`);
  return `/assets/${name}?v=${asset.version}`;
}

/** Where all assets come from, as one text: a screen that finds another one loads itself anew. */
export function assetsVersion(): string {
  return [...assets.values()].map(({ version }) => version).join("");
}

export function assetRoutes(): Route[] {
  return [...assets].map(([name, asset]) => ({
    method: "get",
    path: `/assets/${name}`,
    access: { kind: "public" },
    handlers: [
      (_request, response) =>
        void response
          .set({ "Content-Type": asset.type, "Cache-Control": "public, max-age=31536000, immutable" })
          .send(asset.content),
    ],
  }));
}
