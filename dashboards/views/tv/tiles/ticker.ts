import { listTouches } from "../../../../core/store/identity/touches.ts";
import { listWins } from "../../../../core/store/outbox/events.ts";
import type { Tile } from "../../../../core/metrics/boards.ts";
import type { Format } from "../../../web/format.ts";
import { type Html, html } from "../../../web/html.ts";
import type { TileMoment } from "./moment.ts";

export type TickerItem = {
  readonly at: Date;
  readonly kind: "won" | "meeting" | "call";
  readonly what: string | null;
  readonly rep: string | null;
  /** Of a win, in main units of the workspace's currency. */
  readonly value: number | null;
};
export type TickerBody = { readonly view: "ticker"; readonly items: readonly TickerItem[]; readonly now: Date };

/** Touches are looked through for meetings and calls; what is looked through is bounded, since most of a busy day are messages. */
const LOOKED_THROUGH = 200;

/** The latest wins, meetings and calls, newest first. What is dated ahead has not happened yet. */
export async function readTicker({ db, now }: TileMoment, tile: Tile): Promise<TickerBody> {
  const before = { at: now, id: "ffffffff-ffff-ffff-ffff-ffffffffffff" };
  const [wins, touches] = await Promise.all([
    listWins(db, 0),
    listTouches(db, { doubles: false, person: null, deal: null, before, limit: LOOKED_THROUGH }),
  ]);
  const items: TickerItem[] = [
    ...wins.map(({ occurredAt, deal, rep, value }) => ({
      at: occurredAt,
      kind: "won" as const,
      what: deal,
      rep,
      value,
    })),
    ...touches.flatMap(({ type, occurredAt, person, rep }) =>
      type === "meeting" || type === "call"
        ? [{ at: occurredAt, kind: type, what: person?.name ?? null, rep: rep?.name ?? null, value: null } as const]
        : [],
    ),
  ];
  return {
    view: "ticker",
    now,
    items: items.toSorted((left, right) => right.at.getTime() - left.at.getTime()).slice(0, tile.limit),
  };
}

export function renderTicker({ items, now }: TickerBody, format: Format): Html {
  if (items.length === 0) return html`<p class="note">${format.words.tiles.nothingYet}</p>`;
  return html`<ol class="ticker">
    ${items.map(
      ({ at, kind, what, rep, value }) =>
        html`<li class="ticker-${kind}">
          <time datetime="${at.toISOString()}">${format.clock(at, now)}</time>
          <strong>${format.words.tiles.happened[kind]}</strong>
          <span class="ticker-what"
            >${what ?? rep ?? "–"}${value === null ? null : ` · ${format.short(value, "money")}`}</span
          >
          <span class="ticker-rep">${what === null ? null : rep}</span>
        </li>`,
    )}
  </ol>`;
}
