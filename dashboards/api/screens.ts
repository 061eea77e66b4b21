import { z } from "zod";
import { board as boardSchema, tile } from "../../core/metrics/boards.ts";
import { feed as feedSchema } from "../../core/metrics/feeds.ts";
import { evaluateMetric, readCatalogue } from "../../core/metrics/index.ts";
import { FEED_SHOWING, TILE_SHOWING } from "../../core/metrics/showing.ts";
import { writtenBoard, writtenFeed } from "../../core/metrics/written.ts";
import { removeEntry } from "../../core/setup/entries.ts";
import { putDashboard, putFeed } from "../../core/setup/screens.ts";
import { actorOf } from "../auth/principal.ts";
import { feedTitle, readOwnedFeeds } from "../views/feeds/definitions.ts";
import { readData } from "../views/feeds/index.ts";
import { widgetOf } from "../views/feeds/widgets.ts";
import { readOwnedBoards } from "../views/tv/boards.ts";
import { previewPage } from "../views/tv/page.ts";
import { notFound } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";
import { owner, sectionYaml, yaml } from "./written.ts";

const access = { kind: "api", scope: "read" } as const;
const write = { kind: "api", scope: "write" } as const;
const tag = "Screens";
const id = boardSchema.shape.id;

const path = z.string();
const dashboard = z
  .object({
    ...boardSchema.omit({ tiles: true }).shape,
    tiles: z.array(z.record(z.string(), z.unknown())),
    owner,
    path,
  })
  .meta({ id: "Dashboard" });
const wholeDashboard = z.object({ ...boardSchema.shape, owner, path, yaml }).meta({ id: "DashboardDefinition" });
const feed = z
  .object({ id: z.string(), title: z.string(), widget: z.string(), metric: z.string(), owner, path })
  .meta({ id: "Feed" });
const wholeFeed = z.object({ ...feedSchema.shape, owner, path, yaml }).meta({ id: "FeedDefinition" });
const showings = z
  .object({
    schema: z.record(z.string(), z.unknown()).describe("Every setting, as JSON Schema"),
    views: z.record(
      z.string(),
      z.object({
        uses: z.array(z.string()).describe("The settings that count, besides those of all"),
        shows: z
          .enum(["one", "rows", "steps", "ranking", "other"])
          .describe("One number, a row for each value, the steps of a ratio, a ranking; or no KPI of one's choice"),
      }),
    ),
  })
  .meta({ id: "Showings" });

/** Dashboards and feeds: those there from the start, those of the config file, and those made here. */
export const screenEndpoints = [
  endpoint({
    method: "get",
    path: "/dashboards",
    access,
    tag,
    summary: "The TV dashboards there are",
    query: shortListQuery,
    response: pageOf(dashboard),
    run: async ({ query }, { deps }) =>
      shortPage(
        await readOwnedBoards(deps.store.db),
        query,
        ({ board }) => board.id,
        ({ board, owner }) => ({ ...board, owner, path: `/tv/${board.id}` }),
      ),
  }),
  endpoint({
    method: "get",
    path: "/dashboards/{id}",
    access,
    tag,
    summary: "One TV dashboard's definition",
    params: { id: z.string() },
    response: wholeDashboard,
    run: async ({ params }, call) => shownBoard(params.id, call),
  }),
  endpoint({
    method: "put",
    path: "/dashboards/{id}",
    access: write,
    tag,
    summary: "Make a TV dashboard, or change one that no config file has; screens that show it follow at once",
    params: { id },
    body: boardSchema.omit({ id: true }),
    response: wholeDashboard,
    run: async ({ params, body }, call) => {
      await putDashboard(call.deps.store.db, actorOf(call.principal), { ...body, id: params.id });
      return shownBoard(params.id, call);
    },
  }),
  endpoint({
    method: "delete",
    path: "/dashboards/{id}",
    access: write,
    tag,
    summary: "Take away a TV dashboard that was made here; a ready one of its id is there again",
    params: { id },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal }) => {
      await removeEntry(deps.store.db, actorOf(principal), "dashboards", params.id);
    },
  }),
  endpoint({
    method: "post",
    path: "/dashboards/preview",
    access,
    tag,
    summary: "What a TV would show by this definition now; nothing is kept",
    body: boardSchema.omit({ id: true }),
    response: z.object({ page: z.string().describe("A page of HTML without scripts") }),
    run: async ({ body }, { deps }) => ({ page: await previewPage(deps, { ...body, id: "preview" }) }),
  }),
  endpoint({
    method: "get",
    path: "/tile-views",
    access,
    tag,
    summary: "What tiles can show, and the settings of each",
    response: showings,
    run: () => Promise.resolve(showingsOf(tile, TILE_SHOWING)),
  }),
  endpoint({
    method: "get",
    path: "/feeds",
    access,
    tag,
    summary: "The feeds there are, in Geckoboard's custom-widget formats",
    query: shortListQuery,
    response: pageOf(feed),
    run: async ({ query }, { deps }) => {
      const catalogue = await readCatalogue(deps.store.db);
      return shortPage(
        await readOwnedFeeds(deps.store.db),
        query,
        (one) => one.feed.id,
        ({ feed: definition, owner }) => ({
          id: definition.id,
          title: feedTitle(definition, catalogue),
          widget: definition.widget,
          metric: definition.metric,
          owner,
          path: `/feeds/${definition.id}`,
        }),
      );
    },
  }),
  endpoint({
    method: "get",
    path: "/feeds/{id}",
    access,
    tag,
    summary: "One feed's definition",
    params: { id: z.string() },
    response: wholeFeed,
    run: async ({ params }, call) => shownFeed(params.id, call),
  }),
  endpoint({
    method: "put",
    path: "/feeds/{id}",
    access: write,
    tag,
    summary: "Make a feed, or change one that no config file has",
    params: { id },
    body: feedSchema.omit({ id: true }),
    response: wholeFeed,
    run: async ({ params, body }, call) => {
      await putFeed(call.deps.store.db, actorOf(call.principal), { ...body, id: params.id });
      return shownFeed(params.id, call);
    },
  }),
  endpoint({
    method: "delete",
    path: "/feeds/{id}",
    access: write,
    tag,
    summary: "Take away a feed that was made here; whoever polls it is answered 404, or the ready one of its id",
    params: { id },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal }) => {
      await removeEntry(deps.store.db, actorOf(principal), "feeds", params.id);
    },
  }),
  endpoint({
    method: "get",
    path: "/feed-widgets",
    access,
    tag,
    summary: "The widgets that feeds can be read by, and the settings of each",
    response: showings,
    run: () => Promise.resolve(showingsOf(feedSchema, FEED_SHOWING)),
  }),
  endpoint({
    method: "post",
    path: "/feeds/preview",
    access,
    tag,
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

async function shownBoard(wanted: string, { deps }: Call): Promise<z.input<typeof wholeDashboard>> {
  const found = (await readOwnedBoards(deps.store.db)).find(({ board }) => board.id === wanted);
  if (found === undefined) throw notFound("There is no dashboard with this id.");
  const { board, owner } = found;
  return { ...board, owner, path: `/tv/${board.id}`, yaml: sectionYaml("dashboards", [writtenBoard(board)]) };
}

async function shownFeed(wanted: string, { deps }: Call): Promise<z.input<typeof wholeFeed>> {
  const found = (await readOwnedFeeds(deps.store.db)).find((one) => one.feed.id === wanted);
  if (found === undefined) throw notFound("There is no feed with this id.");
  const { feed: definition, owner } = found;
  return {
    ...definition,
    owner,
    path: `/feeds/${definition.id}`,
    yaml: sectionYaml("feeds", [writtenFeed(definition)]),
  };
}

function showingsOf(
  schema: z.ZodType,
  showing: {
    readonly [view: string]: {
      readonly uses: readonly string[];
      readonly shows: z.input<typeof showings>["views"][string]["shows"];
    };
  },
): z.input<typeof showings> {
  return {
    schema: z.toJSONSchema(schema, { io: "input" }),
    views: Object.fromEntries(
      Object.entries(showing).map(([view, { uses, shows }]) => [view, { uses: [...uses], shows }]),
    ),
  };
}
