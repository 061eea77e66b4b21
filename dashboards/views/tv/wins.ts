import { sql } from "kysely";
import type { ServerDeps } from "../../web/deps.ts";
import type { Format } from "../../web/format.ts";
import { type Html, html } from "../../web/html.ts";

/** A deal that has just been won. */
export type Win = {
  readonly eventId: string;
  readonly deal: string | null;
  readonly rep: string | null;
  /** In main units of the workspace's currency; null without a value or a rate. */
  readonly value: number | null;
};

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

  // Value and owner are those of the deal's history, as on the boards: the move into won may arrive before the deal itself does.
  const read = async (): Promise<(Win & { readonly id: number })[]> => {
    const { rows } = await sql<{
      id: number;
      event_id: string;
      deal: string | null;
      rep: string | null;
      value: number | null;
    }>`
      select o.id, o.event_id, d.name as deal, coalesce(r.name, r.email) as rep,
        workspace_minor(c.annual_minor, c.currency, current_date) / power(10, minor_digits((select currency from workspace))) as value
      from outbox o
      left join deals d on d.id = substring(o.entity_key from '[0-9a-f]{8}-[0-9a-f-]{27}')::uuid
      left join lateral (
        select x.annual_minor, x.currency, x.rep_id from deal_changes x where x.deal_id = d.id order by x.ordinal desc limit 1
      ) c on true
      left join reps own on own.id = c.rep_id
      left join reps r on r.id = coalesce(own.merged_into, own.id)
      where o.type = 'deal.won' and o.id > ${(highest ?? 0) - LATE_IDS}
      order by o.id desc
      limit 200
    `.execute(deps.store.db);
    return rows.map(({ event_id, ...row }) => ({ ...row, eventId: event_id })).toReversed();
  };

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
  return html`<p class="won-word">Won!</p>
    <p class="won-deal">${win.deal ?? "A deal"}</p>
    ${win.value === null ? null : html`<p class="won-value">${format.full(win.value, "money")}</p>`}
    ${win.rep === null ? null : html`<p class="won-rep">${win.rep}</p>`}`;
}
