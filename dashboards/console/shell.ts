import { randomBytes } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import type { ServerDeps } from "../web/deps.ts";
import { html } from "../web/html.ts";
import { notFound } from "../web/problem.ts";
import { allowStyles } from "../web/security.ts";

/** The console's one page. The application shows what belongs to the address; who asks is seen when it asks the API. */
export function shell(deps: ServerDeps): RequestHandler {
  return (_request, response) => sendShell(deps, response);
}

/** Also for errors that people meet while they browse: the application has a page for what is not there. */
export function sendShell(deps: ServerDeps, response: Response): void {
  const build = deps.consoleBuild();
  response.set("Cache-Control", "no-store").type("html");
  switch (build.state) {
    case "ready": {
      // Components bring styles of their own while they run: those with this word are let in.
      const nonce = randomBytes(16).toString("base64");
      allowStyles(response, nonce);
      response.send(build.page.replace("__NONCE__", nonce));
      return;
    }
    case "building":
      response.status(503).set("Retry-After", "2").send(BUILDING);
      return;
    case "failed":
      deps.log.error({ reason: build.reason }, "the console could not be built");
      response.status(500).send(FAILED);
      return;
    default:
      build satisfies never;
  }
}

/** The files of the application. Their names change with their content, so browsers may keep them for good. */
export function builtFile(deps: ServerDeps): RequestHandler {
  return (request, response) => {
    const build = deps.consoleBuild();
    const file = build.state === "ready" ? build.files.get(String(request.params["file"])) : undefined;
    if (file === undefined) throw notFound();
    response.set({
      "Content-Type": file.type,
      "Cache-Control": "public, max-age=31536000, immutable",
      Vary: "Accept-Encoding",
    });
    const [encoding, content] = encoded(request, file);
    if (encoding !== null) response.set("Content-Encoding", encoding);
    response.send(content);
  };
}

function encoded(
  request: Request,
  file: { readonly plain: Buffer; readonly br: Buffer | null; readonly gzip: Buffer | null },
): readonly [encoding: "br" | "gzip" | null, content: Buffer] {
  if (file.br !== null && request.acceptsEncodings("br") !== false) return ["br", file.br];
  if (file.gzip !== null && request.acceptsEncodings("gzip") !== false) return ["gzip", file.gzip];
  return [null, file.plain];
}

const BUILDING = html`<!doctype html>
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="refresh" content="2" />
      <title>Tributary</title>
    </head>
    <body>
      <h1>The console is being built</h1>
      <p>This takes some seconds after an update. The page loads itself anew; the hub works meanwhile.</p>
      <p lang="fr">
        La console est en préparation. La page se recharge d’elle-même ; le hub travaille pendant ce temps.
      </p>
    </body>
  </html>`.markup;

const FAILED = html`<!doctype html>
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <title>Tributary</title>
    </head>
    <body>
      <h1>The console could not be built</h1>
      <p>The hub works; its log says why. Mend that, then start the hub again.</p>
      <p lang="fr">La console n’a pas pu être préparée. Le hub travaille ; son journal dit pourquoi.</p>
    </body>
  </html>`.markup;
