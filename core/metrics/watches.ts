import type { Db } from "../store/db.ts";
import { readEntries, readList } from "../store/setup/settings.ts";
import { findTributaryError } from "../base/errors.ts";
import { type Catalogue, readCatalogue } from "./catalogue.ts";
import { numbersOf, type Question } from "./ask/question.ts";
import { dashboardsSection, questionsOfTile, type Board } from "./boards.ts";
import { feedsSection, questionsOfFeed } from "./feeds.ts";
import { SALES_FLOOR } from "./ready-boards.ts";

/**
 * What somebody looks at, and what is therefore kept up to date in the metrics store: the tiles of the dashboards (the sales floor's
 * where none are configured), the feeds, what destinations ask, and the sales floor when somebody is subscribed to `kpi.updated`. Each once. Of
 * the other ready dashboards, the first who looks has them computed.
 */
export async function readWatches(db: Db, asked: readonly Question[]): Promise<Question[]> {
  const { file, made } = await readEntries(db, "dashboards");
  const dashboards = dashboardsSection.safeParse([...made, ...(file ?? [])]);
  const feeds = feedsSection.safeParse(await readList(db, "feeds"));
  const boards: Board[] = [...(dashboards.data ?? [])];
  const isStandIn = file === null || !dashboards.success || (await isSubscribed(db));
  if (isStandIn && boards.every(({ id }) => id !== SALES_FLOOR.id)) boards.push(SALES_FLOOR);
  const shown = [
    ...boards.flatMap((board) => board.tiles.flatMap(questionsOfTile)),
    ...(feeds.data ?? []).flatMap((feed) => {
      const { main, series } = questionsOfFeed(feed);
      // A line is all that its feed shows.
      return series === null ? [main] : feed.widget === "line" ? [series] : [main, series];
    }),
    ...asked,
  ];
  const catalogue = await readCatalogue(db);
  const watches = shown.map((asked): Question => ({ ...numbersIfKnown(asked, catalogue), compare: null }));
  return [...new Map(watches.map((watch) => [JSON.stringify(watch), watch])).values()];
}

/** A KPI that there is not stays as it was written: who measures says so. */
function numbersIfKnown(asked: Question, catalogue: Catalogue): Question {
  try {
    return numbersOf(asked, catalogue);
  } catch (error) {
    if (findTributaryError(error)?.kind !== "config") throw error;
    return asked;
  }
}

async function isSubscribed(db: Db): Promise<boolean> {
  const endpoint = await db
    .selectFrom("webhook_endpoints")
    .select("id")
    .where("state", "=", "active")
    .where(
      (eb) => eb.val("kpi.updated"),
      "=",
      (eb) => eb.fn.any("event_types"),
    )
    .executeTakeFirst();
  return endpoint !== undefined;
}
