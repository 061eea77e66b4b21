import { readEvents } from "./events.ts";

/** The big numbers of a board as its tiles show them, by the tiles' titles. */
export type Board = { readonly [title: string]: string };

/** A TV that is looked at: what its event stream has shown since it was switched on. */
export type Tv = {
  /** Oldest first, with when each came (`performance.now()`). */
  readonly boards: readonly { readonly atMs: number; readonly numbers: Board }[];
  /** The markup of each celebration. */
  readonly wins: readonly string[];
  /** @throws when nothing has come yet, or the stream has ended. */
  latest(): Board;
  switchOff(): Promise<void>;
};

/** @param url of the screen's page, with its key. */
export async function switchOnTv(url: string): Promise<Tv> {
  const address = new URL(url);
  address.pathname += "/events";
  const off = new AbortController();
  const response = await fetch(address, { signal: off.signal });
  if (response.status !== 200) throw new Error(`the TV's stream answers ${response.status}`);
  const boards: { atMs: number; numbers: Board }[] = [];
  const wins: string[] = [];
  let hasEnded = false;

  async function watch(): Promise<void> {
    try {
      for await (const { name, data } of readEvents(response)) {
        const atMs = performance.now();
        if (name === "board") boards.push({ atMs, numbers: numbersOf((JSON.parse(data) as BoardEvent).tiles) });
        if (name === "won") wins.push((JSON.parse(data) as WonEvent).markup);
      }
    } catch (error) {
      if (!off.signal.aborted) throw error;
    } finally {
      hasEnded = true;
    }
  }

  const watching = watch();
  // Whoever asks for the latest board hears of it.
  watching.catch(() => undefined);
  return {
    boards,
    wins,
    latest() {
      const last = boards.at(-1);
      if (hasEnded || last === undefined) throw new Error(`the TV ${hasEnded ? "was cut off" : "shows nothing yet"}`);
      return last.numbers;
    },
    async switchOff() {
      off.abort();
      await watching;
    },
  };
}

type BoardEvent = { readonly tiles: readonly string[] };
type WonEvent = { readonly markup: string };

function numbersOf(tiles: readonly string[]): Board {
  const numbers = tiles.flatMap((tile) => {
    const title = /<h2 class="tile-title">([^<]*)/.exec(tile)?.[1];
    const number = /<text data-flash[^>]*>([^<]*)<\/text>/.exec(tile)?.[1];
    return title === undefined || number === undefined ? [] : [[title, number] as const];
  });
  return Object.fromEntries(numbers);
}
