import { createHash } from "node:crypto";
import type { Board } from "../../../core/metrics/boards.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";
import { assetsVersion } from "../../web/assets.ts";
import type { ServerDeps } from "../../web/deps.ts";
import { createFormat } from "../../web/format.ts";
import { remembering } from "../../web/remembered.ts";
import type { Listener } from "../../../core/store/listener.ts";
import { readBoards } from "./boards.ts";
import { readBoardContent } from "./content.ts";
import { type BoardMarkup, renderBoard } from "./render.ts";
import { type Win, createWinFinder, winMarkup } from "./wins.ts";

/** A board as screens show it. The id tells one state from another, in every process alike. */
export type Snapshot = { readonly id: string; readonly markup: BoardMarkup; readonly assets: string };

type Viewer = {
  readonly show: (snapshot: Snapshot) => void;
  readonly celebrate: (winMarkup: string, id: string) => void;
  /** The board is another one now, or gone. */
  readonly redefined: () => void;
};

export type Screens = {
  /** The board as it is now. */
  read(board: Board): Promise<Snapshot>;
  /** What a screen that connects shows first: many that do so together are given one reading. */
  readFirst(board: Board): Promise<Snapshot>;
  /** Tells of every new state of the board and of every deal that is won, until it is stopped. */
  watch(board: Board, screen: Viewer): Promise<() => void>;
  stop(): void;
};

/** Changes that come together are shown together. */
const GATHER_MS = 250;
/** Screens that connect within this time are given one reading, unless something changes meanwhile. */
const TOGETHER_MS = 1_000;
/** Time goes on also when nothing changes: days end, sources grow old. */
const LOOK_AGAIN_MS = 15_000;

type Watched = {
  readonly board: Board;
  readonly viewers: Set<Viewer>;
  shownId: string | null;
  /** A look is under way; another is wanted after it. */
  isLooking: boolean;
  isWanted: boolean;
};

/**
 * Keeps every board that somebody looks at up to date, with one evaluation for all screens of this process. Nobody looks: nothing
 * is asked.
 */
export function createScreens(deps: ServerDeps, listener: Listener): Screens {
  const watched = new Map<string, Watched>();
  const wins = createWinFinder(deps);
  let gather: NodeJS.Timeout | null = null;

  const reading = new Map<string, Promise<Snapshot>>();
  /** Who asks at one time is given one reading. */
  const read = (board: Board): Promise<Snapshot> => {
    const key = JSON.stringify(board);
    const running = reading.get(key);
    if (running !== undefined) return running;
    const begun = readNow(board).finally(() => reading.delete(key));
    reading.set(key, begun);
    return begun;
  };

  // It hears a signal before the screens do: what they then ask for is new.
  const first = remembering<Snapshot>(listener, { forMs: TOGETHER_MS, isKept: () => true });

  const readNow = async (board: Board): Promise<Snapshot> => {
    const workspace = await readWorkspace(deps.store.db);
    const markup = renderBoard(await readBoardContent(deps, board, workspace), createFormat(workspace));
    const id = createHash("sha256").update(JSON.stringify(markup)).digest("base64url").slice(0, 22);
    // A screen that has another version of the page, or another definition of the board, loads itself anew.
    const definition = createHash("sha256").update(JSON.stringify(board)).digest("base64url").slice(0, 10);
    return { id, markup, assets: `${assetsVersion()}.${definition}` };
  };

  const look = async (entry: Watched): Promise<void> => {
    if (entry.isLooking) {
      entry.isWanted = true;
      return;
    }
    entry.isLooking = true;
    try {
      const snapshot = await read(entry.board);
      if (snapshot.id !== entry.shownId) {
        entry.shownId = snapshot.id;
        for (const viewer of entry.viewers) viewer.show(snapshot);
      }
    } catch (error) {
      // Screens keep what they have; its age shows.
      deps.log.error({ err: error, board: entry.board.id }, "A board could not be read.");
    } finally {
      entry.isLooking = false;
    }
    if (entry.isWanted) {
      entry.isWanted = false;
      await look(entry);
    }
  };

  const lookAtAll = (): void => {
    for (const entry of watched.values()) void look(entry);
  };

  const celebrateNews = async (): Promise<void> => {
    if (watched.size === 0) return;
    let news: readonly Win[];
    try {
      news = await wins.takeNew();
    } catch (error) {
      deps.log.error({ err: error }, "Won deals could not be read.");
      return;
    }
    if (news.length === 0) return;
    const format = createFormat(await readWorkspace(deps.store.db));
    for (const win of news) {
      const markup = winMarkup(win, format).markup;
      for (const { viewers } of watched.values()) for (const viewer of viewers) viewer.celebrate(markup, win.eventId);
    }
  };

  /** Those who watch a board by a definition that is not in force any more are let go. */
  const leaveOld = async (): Promise<void> => {
    if (watched.size === 0) return;
    try {
      const inForce = new Set((await readBoards(deps.store.db)).map((board) => JSON.stringify(board)));
      for (const [key, { viewers }] of watched) if (!inForce.has(key)) for (const viewer of viewers) viewer.redefined();
    } catch (error) {
      // They go on with what they have.
      deps.log.error({ err: error }, "The dashboards could not be read.");
    }
  };

  const unsubscribe = listener.subscribe((signal) => {
    // Who sets something up changes no number by it, but maybe what is shown.
    if (signal.kind === "notice" && signal.channel === "setup") {
      void leaveOld();
      return;
    }
    if (signal.kind === "resync" || signal.channel === "outbox") void celebrateNews();
    gather ??= setTimeout(() => {
      gather = null;
      lookAtAll();
    }, GATHER_MS);
  });
  const interval = setInterval(lookAtAll, LOOK_AGAIN_MS);
  interval.unref();

  return {
    read,
    readFirst: async (board) => first.get(JSON.stringify(board), deps.clock.now(), async () => readNow(board)),
    watch: async (board, screen) => {
      // Another definition under the same id is another board.
      const key = JSON.stringify(board);
      let entry = watched.get(key);
      if (entry === undefined) {
        entry = { board, viewers: new Set(), shownId: null, isLooking: false, isWanted: false };
        watched.set(key, entry);
      }
      const { viewers } = entry;
      viewers.add(screen);
      // Nobody looked until now: what was won meanwhile is not news.
      if (watched.size === 1 && viewers.size === 1) {
        await wins.skipOld().catch((err: unknown) => deps.log.error({ err }, "Won deals could not be read."));
      }
      return () => {
        viewers.delete(screen);
        if (viewers.size === 0) watched.delete(key);
      };
    },
    stop: () => {
      unsubscribe();
      clearInterval(interval);
      if (gather !== null) clearTimeout(gather);
      watched.clear();
    },
  };
}
