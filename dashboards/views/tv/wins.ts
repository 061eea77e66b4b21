import { listWins, type WonDeal } from "../../../core/store/outbox/events.ts";
import type { ServerDeps } from "../../web/deps.ts";
import type { Format } from "../../web/format.ts";
import { type Html, html } from "../../web/html.ts";

/** A deal that has just been won. */
export type Win = Omit<WonDeal, "id">;

export type WinFinder = {
  /** Whatever has been won up to now was celebrated, or nobody was there. */
  skipOld(): Promise<void>;
  /** What was won since, oldest first; each once. */
  takeNew(): Promise<readonly Win[]>;
};

/** Ids are given out before they are committed, so a lower one can appear after a higher; so far back it is looked again. */
const LATE_IDS = 1_000;
/** More at once is an import, not a party. */
const MOST_AT_ONCE = 3;

export function createWinFinder(deps: ServerDeps): WinFinder {
  let highest: number | null = null;
  const seen = new Set<number>();

  const read = async (): Promise<readonly WonDeal[]> => listWins(deps.store.db, (highest ?? 0) - LATE_IDS);

  const remember = (rows: readonly { readonly id: number }[]): void => {
    for (const { id } of rows) {
      seen.add(id);
      highest = Math.max(highest ?? 0, id);
    }
    highest ??= 0;
    for (const id of seen) if (id < highest - LATE_IDS) seen.delete(id);
  };

  return {
    skipOld: async () => remember(await read()),
    takeNew: async () => {
      const isFirstLook = highest === null;
      const rows = (await read()).filter(({ id }) => !seen.has(id));
      remember(rows);
      return isFirstLook ? [] : rows.slice(-MOST_AT_ONCE);
    },
  };
}

export function winMarkup(win: Win, format: Format): Html {
  return html`<div class="win">
    <p class="won-word">${format.words.won}</p>
    <p class="won-deal">${win.deal ?? format.words.aDeal}</p>
    ${win.value === null ? null : html`<p class="won-value">${format.full(win.value, "money")}</p>`}
    ${win.rep === null ? null : html`<p class="won-rep"><span class="initials" aria-hidden="true">${initials(win.rep)}</span>${win.rep}</p>`}
  </div>`;
}

/** Of first and last name: `Ana María Ruiz`, `AR`. */
function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => Array.from(word ?? "")[0] ?? "",
  );
  return letters.join("").toUpperCase();
}
