import { seconds, type Fields } from "./format.ts";

export const KINDS = [
  "user",
  "organization",
  "group",
  "membership",
  "ticket",
  "event",
  "rating",
  "survey",
  "call",
] as const;
export type Kind = (typeof KINDS)[number];

export type Row = Fields & { readonly id: number | string };

/** A row and when the exports last saw it change, which is not always its `updated_at`. */
export type Stored = { readonly row: Row; readonly changedS: number };

export type StoreChange = {
  readonly kind: Kind;
  readonly row: Row;
  readonly before: Row | null;
  readonly at: Date;
};

/** A Zendesk account in memory. */
export type ZendeskStore = {
  get(kind: Kind, id: number | string): Row | undefined;
  all(kind: Kind): readonly Row[];
  /** As the exports order them: by when they last changed, then by id. */
  changed(kind: Kind): readonly Stored[];
  put(kind: Kind, row: Row, at: Date): void;
  /** Sets `updated_at` as well, unless the patch does. */
  patch(kind: Kind, id: number | string, patch: Fields, at: Date): Row;
  /** Without a trace; only what is listed whole, or an account's rows of tests, goes like this. */
  drop(kind: Kind, id: number | string): void;
  onChange(listener: (change: StoreChange) => void): void;
};

export function createStore(): ZendeskStore {
  const shelves = new Map<Kind, Map<number | string, Stored>>(KINDS.map((kind) => [kind, new Map()]));
  const sorted = new Map<Kind, readonly Stored[]>();
  const listeners: ((change: StoreChange) => void)[] = [];

  function shelf(kind: Kind): Map<number | string, Stored> {
    const found = shelves.get(kind);
    if (found === undefined) throw new RangeError(`no shelf for ${kind}`);
    return found;
  }

  function put(kind: Kind, row: Row, at: Date): void {
    const before = shelf(kind).get(row.id)?.row ?? null;
    shelf(kind).set(row.id, { row, changedS: seconds(at) });
    sorted.delete(kind);
    for (const listener of listeners) listener({ kind, row, before, at });
  }

  return {
    put,
    get: (kind, id) => shelf(kind).get(id)?.row,
    all: (kind) => [...shelf(kind).values()].map(({ row }) => row),
    changed(kind) {
      const known = sorted.get(kind);
      if (known !== undefined) return known;
      const list = [...shelf(kind).values()].toSorted((a, b) => a.changedS - b.changedS || compareIds(a.row, b.row));
      sorted.set(kind, list);
      return list;
    },
    patch(kind, id, patch, at) {
      const before = shelf(kind).get(id)?.row;
      if (before === undefined) throw new RangeError(`no ${kind} ${id}`);
      const after = { ...before, updated_at: `${at.toISOString().slice(0, 19)}Z`, ...patch };
      put(kind, after, at);
      return after;
    },
    drop(kind, id) {
      shelf(kind).delete(id);
      sorted.delete(kind);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

export function compareIds(a: Row, b: Row): number {
  return typeof a.id === "number" && typeof b.id === "number" ? a.id - b.id : String(a.id) < String(b.id) ? -1 : 1;
}
