import { TributaryError } from "../base/errors.ts";
import type { Board } from "../metrics/boards.ts";
import { readCatalogue } from "../metrics/catalogue.ts";
import type { Feed } from "../metrics/feeds.ts";
import { DEFAULT_BOARDS } from "../metrics/ready-boards.ts";
import { problemsOfBoard, problemsOfFeed, writtenBoard, writtenFeed } from "../metrics/written.ts";
import type { Db } from "../store/db.ts";
import { putEntry } from "./entries.ts";
import type { Actor } from "./verb.ts";

/** What people do to dashboards and feeds that no config file has. To take one away: `removeEntry`. */

/**
 * Makes a dashboard or changes it. One that has the id of a ready one takes its place.
 *
 * @throws TributaryError `dashboard.bad_definition`, and what {@link putEntry} refuses
 */
export async function putDashboard(db: Db, actor: Actor, board: Board): Promise<void> {
  await putEntry(db, actor, "dashboards", { ...writtenBoard(board), id: board.id }, async (tx, all) => {
    const ids = [...new Set([...DEFAULT_BOARDS, ...all].map(({ id }) => id))];
    const problems = problemsOfBoard(board, await readCatalogue(tx), ids);
    if (problems.length > 0) throw refused("dashboard.bad_definition", "dashboard", problems);
  });
}

/** Makes a feed or changes it. @throws TributaryError `feed.bad_definition`, and what {@link putEntry} refuses */
export async function putFeed(db: Db, actor: Actor, feed: Feed): Promise<void> {
  await putEntry(db, actor, "feeds", { ...writtenFeed(feed), id: feed.id }, async (tx) => {
    const problems = problemsOfFeed(feed, await readCatalogue(tx));
    if (problems.length > 0) throw refused("feed.bad_definition", "feed", problems);
  });
}

function refused(code: string, what: string, problems: readonly string[]): TributaryError {
  return new TributaryError({
    code,
    kind: "config",
    message: `The ${what} is not right: ${problems.join("; ")}.`,
    mend: "Correct what is named; nothing was changed.",
  });
}
