import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { nearest } from "../base/nearest.ts";
import type { Catalogue } from "./catalogue.ts";
import { board, type Board, tile } from "./boards.ts";
import { type Feed, feed } from "./feeds.ts";
import { FEED_SHOWING, TILE_SHOWING, unusedSettings } from "./showing.ts";
import { fieldSchemas } from "../base/schema-parts.ts";

/** Dashboards and feeds as people write them, and what is wrong with them beyond their schema. */

export type Written = { readonly [setting: string]: unknown };

/** Without what is as it would be anyway. */
function withoutDefaults(schema: z.ZodObject, value: object): Written {
  const fields = fieldSchemas(schema);
  return Object.fromEntries(
    Object.entries(value).filter(([name, one]) => {
      const absent = fields[name]?.safeParse(undefined);
      return absent?.success !== true || !isDeepStrictEqual(absent.data, one);
    }),
  );
}

export function writtenBoard(one: Board): Written {
  return { ...withoutDefaults(board, one), tiles: one.tiles.map((each) => withoutDefaults(tile, each)) };
}

export function writtenFeed(one: Feed): Written {
  return withoutDefaults(feed, one);
}

/**
 * What of a dashboard would not count or names what there is not, a line each.
 *
 * @param boards the ids of all dashboards there will be.
 */
export function problemsOfBoard(one: Board, catalogue: Catalogue, boards: readonly string[]): readonly string[] {
  const { rotate } = one;
  return [
    ...one.tiles.flatMap((each, index) =>
      problems(withoutDefaults(tile, each), catalogue, {
        name: `view: ${each.view}`,
        showing: TILE_SHOWING[each.view],
      }).map((problem) => `tile ${index + 1}: ${problem}`),
    ),
    ...(rotate === undefined || boards.includes(rotate.to)
      ? []
      : [`rotate: there is no dashboard "${rotate.to}"; there are ${boards.join(", ")}`]),
  ];
}

/** The same of a feed. */
export function problemsOfFeed(one: Feed, catalogue: Catalogue): readonly string[] {
  return problems(writtenFeed(one), catalogue, { name: `widget: ${one.widget}`, showing: FEED_SHOWING[one.widget] });
}

function problems(
  written: Written,
  catalogue: Catalogue,
  how: NonNullable<Parameters<typeof unusedSettings>[2]>,
): readonly string[] {
  const ids = catalogue.metrics.map(({ id }) => id);
  const unknown = ["metric", "of"].flatMap((setting) => {
    const id = written[setting];
    if (typeof id !== "string" || ids.includes(id)) return [];
    const guess = nearest(id, ids);
    return [`there is no KPI "${id}"${guess === null ? "" : `; did you mean "${guess}"?`}`];
  });
  const metric = typeof written["metric"] === "string" ? catalogue.find(written["metric"]) : null;
  return [
    ...unknown,
    ...unusedSettings(written, metric, how).map(({ setting, because }) =>
      setting === "metric" ? because : `${setting} ${because}`,
    ),
  ];
}
