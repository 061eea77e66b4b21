import type { Board } from "../../../core/metrics/boards.ts";
import type { Workspace } from "../../../core/store/setup/workspace.ts";
import { assetUrl } from "../../web/assets.ts";
import type { ServerDeps } from "../../web/deps.ts";
import { createFormat } from "../../web/format.ts";
import { html, trusted } from "../../web/html.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";
import { readBoardContent } from "./content.ts";
import { type BoardMarkup, renderBoard } from "./render.ts";

/** What keeps a page up to date; null: it stays as it is, and nothing runs in it. */
type Live = {
  readonly assets: string;
  readonly eventsUrl: string;
  /** The dashboard that takes its place after a while. */
  readonly nextUrl: string | null;
};

/** A dashboard as a whole page. */
export function tvPage(
  board: Board,
  markup: BoardMarkup,
  { workspace, live }: { readonly workspace: Workspace; readonly live: Live | null },
): string {
  const { words, timeLocale } = createFormat(workspace);
  const { celebrate, rotate } = board;
  const sound = celebrate.sound ? `${celebrate.from}-${celebrate.to}` : "";
  const nextUrl = live?.nextUrl ?? null;
  const next = nextUrl === null ? null : html`data-next="${nextUrl}" data-next-after="${rotate?.after_s}"`;
  return html`<!doctype html>
    <html lang="${words.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${board.title} – ${workspace.name}</title>
        <link rel="icon" href="${assetUrl("icon.svg")}" />
        <link rel="stylesheet" href="${assetUrl("tv.css")}" />
        ${live === null ? null : html`<script type="module" src="${assetUrl("tv.js")}"></script>`}
      </head>
      <body
        class="theme-${board.theme}"
        ${next}
        data-sound="${sound}"
        data-events="${live?.eventsUrl ?? ""}"
        data-locale="${timeLocale}"
        data-cut="${words.notConnectedSince("{time}")}"
        data-time-zone="${workspace.timeZone}"
        data-assets="${live?.assets ?? ""}"
      >
        <header>
          <h1>${board.title}</h1>
          <p class="workspace">${workspace.name}</p>
          <p class="link" role="status" hidden></p>
          <p class="clock"></p>
        </header>
        <main>
          ${board.tiles.map(
            (tile, index) =>
              html`<section class="tile w-${tile.width} h-${tile.height} v-${tile.view}" data-tile="${index}">
                ${trusted(markup.tiles[index] ?? "")}
              </section>`,
          )}
        </main>
        <footer>${trusted(markup.freshness)}</footer>
        <div class="won" role="alert" hidden></div>
      </body>
    </html>`.markup;
}

/** What a screen would show of a dashboard now, with nothing that runs in it. */
export async function previewPage(deps: ServerDeps, board: Board): Promise<string> {
  const workspace = await readWorkspace(deps.store.db);
  const content = await readBoardContent(deps, board, workspace);
  return tvPage(board, renderBoard(content, createFormat(workspace)), { workspace, live: null });
}
