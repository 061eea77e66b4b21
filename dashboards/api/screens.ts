import { z } from "zod";
import { feed as feedSchema } from "../../core/metrics/feeds.ts";
import { evaluateMetric, readCatalogue } from "../../core/metrics/index.ts";
import { feedTitle, readFeeds } from "../views/feeds/definitions.ts";
import { readData } from "../views/feeds/index.ts";
import { widgetOf } from "../views/feeds/widgets.ts";
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
  endpoint({
    method: "post",
    path: "/feeds/preview",
    access,
    tag: "Screens",
    summary: "What a feed of this definition would answer now; nothing is kept",
    body: feedSchema.omit({ id: true }),
    response: z
      .object({
        document: z.json().describe("As the widget's format has it"),
        notes: z.array(z.string()).describe("What is missing from the number; empty: it is whole"),
        fresh_as_of: z.string().nullable(),
      })
      .meta({ id: "FeedPreview" }),
    run: async ({ body }, { deps }) => {
      const definition = { ...body, id: "preview" };
      const data = await readData(deps, definition, evaluateMetric);
      return {
        // What is sent to pollers, so plain JSON.
        document: JSON.parse(JSON.stringify(widgetOf(definition, data))) as z.output<ReturnType<typeof z.json>>,
        notes: [...data.answer.notes],
        fresh_as_of: data.answer.fresh_as_of,
      };
    },
  }),
];
