import type { RequestHandler } from "express";
import swaggerUi from "swagger-ui-express";
import { principalOf } from "../auth/identify.ts";
import { assetUrl } from "../web/assets.ts";
import type { ServerDeps } from "../web/deps.ts";
import { html } from "../web/html.ts";
import type { Route } from "../web/routes.ts";
import { handbookPages, renderHandbookPage } from "./handbook.ts";

/**
 * `/docs`: the API for people, by Swagger UI from our own server. Its page is ours: the stock one has inline styles and scripts. Below it the
 * project's own pages: `/docs/errors`, `/docs/kpis`, `/docs/connectors/close`.
 */
export function docsRoutes(deps: Pick<ServerDeps, "connectors">): Route[] {
  const access = { kind: "public" } as const;
  const page: RequestHandler = (_request, response) => void response.type("html").send(docsPage());
  const pages = handbookPages();
  return [
    { method: "get", path: "/docs", access, handlers: [page] },
    ...pages.map((one): Route => ({
      method: "get",
      path: one.address,
      access,
      handlers: [
        (_request, response) => {
          const vendors = deps.connectors.map(({ key }) => key);
          response.type("html").send(renderHandbookPage(one, pages, vendors, principalOf(response)));
        },
      ],
    })),
    { method: "get", path: "/docs/:file", access, handlers: [stripDocs, ...swaggerUi.serve] },
  ];
}

/** Swagger UI's file server looks at the address below its mount. */
const stripDocs: RequestHandler = (request, _response, next) => {
  request.url = request.url.replace(/^\/docs/, "");
  next();
};

function docsPage(): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Tributary API</title>
        <link rel="icon" href="${assetUrl("icon.svg")}" />
        <link rel="stylesheet" href="/docs/swagger-ui.css" />
      </head>
      <body>
        <div id="docs"></div>
        <script src="/docs/swagger-ui-bundle.js" defer></script>
        <script src="${assetUrl("docs.js")}" defer></script>
      </body>
    </html>`.markup;
}
