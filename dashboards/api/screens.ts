import { z } from "zod";
import { readCatalogue } from "../../core/metrics/index.ts";
import { feedTitle, readFeeds } from "../views/feeds/definitions.ts";
import { readBoards } from "../views/tv/boards.ts";
import { notFound } from "../web/problem.ts";
import { endpoint } from "./endpoint.ts";
import { pageOf } from "./pages.ts";

const access = { kind: "api", scope: "read" } as const;
const dashboard = z
  .object({ id: z.string(), title: z.string(), tiles: z.array(z.record(z.string(), z.unknown())), path: z.string() })
  .meta({ id: "Dashboard" });
const feed = z
  .object({ id: z.string(), title: z.string(), widget: z.string(), metric: z.string(), path: z.string() })
  .meta({ id: "Feed" });

/** Screens and feeds are defined in the config file; here is what there is and where. */
export const screenEndpoints = [
  endpoint({
    method: "get",
    path: "/dashboards",
    access,
    tag: "Screens",
    summary: "The TV dashboards there are",
    response: pageOf(dashboard),
    run: async (_input, { deps }) => ({
      data: (await readBoards(deps.store.db)).map((board) => ({ ...board, path: `/tv/${board.id}` })),
      next_cursor: null,
    }),
  }),
  endpoint({
    method: "get",
    path: "/dashboards/{id}",
    access,
    tag: "Screens",
    summary: "One TV dashboard's definition",
    params: { id: z.string() },
    response: dashboard,
    run: async ({ params }, { deps }) => {
      const board = (await readBoards(deps.store.db)).find(({ id }) => id === params.id);
      if (board === undefined) throw notFound("There is no dashboard with this id.");
      return { ...board, path: `/tv/${board.id}` };
    },
  }),
  endpoint({
    method: "get",
    path: "/feeds",
    access,
    tag: "Screens",
    summary: "The feeds there are, in Geckoboard's custom-widget formats",
    response: pageOf(feed),
    run: async (_input, { deps }) => {
      const catalogue = await readCatalogue(deps.store.db);
      const data = (await readFeeds(deps.store.db)).map((definition) => ({
        id: definition.id,
        title: feedTitle(definition, catalogue),
        widget: definition.widget,
        metric: definition.metric,
        path: `/feeds/${definition.id}`,
      }));
      return { data, next_cursor: null };
    },
  }),
];
