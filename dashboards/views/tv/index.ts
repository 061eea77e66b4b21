import type { RequestHandler } from "express";
import type { Board } from "../../../core/metrics/boards.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";
import type { ServerDeps } from "../../web/deps.ts";
import type { EventStreams } from "../live/streams.ts";
import { notFound } from "../../web/problem.ts";
import type { Route } from "../../web/routes.ts";
import { readBoards } from "./boards.ts";
import { tvPage } from "./page.ts";
import type { Screens, Snapshot } from "./screens.ts";

/** `/tv/{dashboard}`: a screen for a wall. `…/events` keeps it up to date by server-sent events. */
export function tvRoutes(deps: ServerDeps, screens: Screens, streams: EventStreams): Route[] {
  const access = { kind: "link", screen: "tv", param: "dashboard" } as const;
  return [
    { method: "get", path: "/tv/:dashboard", access, handlers: [page(deps, screens)] },
    { method: "get", path: "/tv/:dashboard/events", access, handlers: [events(deps, screens, streams)] },
  ];
}

async function findBoard(deps: ServerDeps, id: unknown): Promise<Board> {
  const board = (await readBoards(deps.store.db)).find((candidate) => candidate.id === id);
  if (board === undefined) throw notFound("There is no dashboard with this id.");
  return board;
}

function page(deps: ServerDeps, screens: Screens): RequestHandler {
  return async (request, response) => {
    const board = await findBoard(deps, request.params["dashboard"]);
    const snapshot = await screens.read(board);
    const workspace = await readWorkspace(deps.store.db);
    const key = typeof request.query["key"] === "string" ? `?key=${encodeURIComponent(request.query["key"])}` : "";
    response
      .set("Cache-Control", "no-store")
      .type("html")
      .send(
        tvPage(board, snapshot.markup, {
          workspace,
          live: {
            assets: snapshot.assets,
            eventsUrl: `/tv/${encodeURIComponent(board.id)}/events${key}`,
            nextUrl: board.rotate === undefined ? null : `/tv/${encodeURIComponent(board.rotate.to)}${key}`,
          },
        }),
      );
  };
}

function events(deps: ServerDeps, screens: Screens, streams: EventStreams): RequestHandler {
  return async (request, response) => {
    const board = await findBoard(deps, request.params["dashboard"]);
    const stream = streams.open(response);
    const show = (snapshot: Snapshot): void =>
      stream.send({ name: "board", id: snapshot.id, data: { ...snapshot.markup, assets: snapshot.assets } });
    // Watches before it reads: what changes in between is shown twice rather than not at all.
    const stop = await screens.watch(board, {
      show,
      // It connects again by itself, sees that it is another page, and loads that.
      redefined: () => response.end(),
      celebrate: (markup, id) => {
        if (board.celebrate.wins) stream.send({ name: "won", id: null, data: { markup, id } });
      },
    });
    stream.onClose(stop);
    try {
      const snapshot = await screens.readFirst(board);
      // A screen that was cut off for a moment and missed nothing is told that it is up to date.
      if (snapshot.id === request.headers["last-event-id"]) stream.send({ name: "same", id: snapshot.id, data: {} });
      else show(snapshot);
    } catch (error) {
      // The status is sent already; the screen connects again.
      deps.log.error({ err: error, board: board.id }, "A board could not be read.");
      response.end();
    }
  };
}
