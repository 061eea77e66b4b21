import { createHash } from "node:crypto";

/**
 * What the apps of automation tools have in common. Each app has a copy of this in its `contract.ts`, with the contract itself: it is published by itself, and
 * may import nothing of the hub.
 */

/** A field of a form. */
export type AppField = {
  readonly key: string;
  readonly label: string;
  readonly type: "string" | "number" | "datetime";
  readonly required: boolean;
  readonly help: string;
  /** One of these; empty: anything. */
  readonly choices: readonly string[];
  /** Several values. */
  readonly isList: boolean;
  /** The list of the hub's to choose from; null: there is none. */
  readonly from: AppList | null;
};

export type AppList = "pipelines" | "kpis" | "reps" | "connections";

/** A field of what comes out, for its sample. Levels are parted by `__`, what stands in each of a list by `[]`: `deal__value__amount`, `ranks[]rep`. */
export type AppOutput = {
  readonly key: string;
  readonly label: string;
  /** Null: the sample has none there. */
  readonly type: "string" | "number" | "boolean" | "datetime" | null;
};

/** A value of a sample: what JSON can be. */
export type AppValue = null | boolean | number | string | readonly AppValue[] | { readonly [key: string]: AppValue };
export type AppRecord = { readonly [key: string]: AppValue };

export type AppTrigger = {
  readonly key: string;
  /** The event's type: `deal.won`. */
  readonly type: string;
  readonly label: string;
  readonly description: string;
  /** What may be filtered by, under the names of a webhook's `filters`. */
  readonly filters: readonly AppField[];
  readonly sample: AppRecord;
  readonly outputs: readonly AppOutput[];
};

export type AppAction = {
  readonly key: string;
  /** Below `/api/v1`, fields in braces. A search asks it with GET, a create posts to it. */
  readonly path: string;
  readonly noun: string;
  readonly label: string;
  readonly description: string;
  readonly fields: readonly AppField[];
  /** What a create says besides its fields. */
  readonly fixed: AppRecord;
  readonly sample: AppRecord;
  readonly outputs: readonly AppOutput[];
};

/** What the hub offers to automation tools. */
export type AppContract = {
  readonly triggers: readonly AppTrigger[];
  readonly searches: readonly AppAction[];
  readonly creates: readonly AppAction[];
};

export type AppRow = { readonly [field: string]: unknown };

/** What should be a text; empty where it is none. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** An event as fields of one level: what and when beside what it carries. A webhook's body and the API's list have one shape, and so have these. */
export function flatEvent({ id, type, timestamp, data }: AppRow): AppRow {
  return { id, event_type: type, occurred_at: timestamp, ...(typeof data === "object" ? data : {}) };
}

/** What somebody filled in of these fields; what is left empty is not said. */
export function filledIn(fields: readonly AppField[], given: AppRow): AppRow {
  return Object.fromEntries(
    fields.flatMap(({ key }) => {
      const value = given[key];
      const isEmpty =
        value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
      return isEmpty ? [] : [[key, value]];
    }),
  );
}

/** Where a search asks: the path with its fields filled in, and the others as its query. Null where nothing is asked for: that would be just anybody. */
export function searchAddress(path: string, said: AppRow): string | null {
  const rest: { [field: string]: unknown } = { ...said };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  if (filled === path && Object.keys(rest).length === 0) return null;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest))
    for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) query.append(name, String(one));
  return `${filled}?${query.toString()}`;
}

/** What a search has found: the rows of a list; of a KPI's answer the number, with what it is and how fresh. */
export function foundIn(answer: AppRow): readonly AppRow[] {
  if (Array.isArray(answer["data"])) return answer["data"] as readonly AppRow[];
  const { metric, unit, currency, from, to, fresh_as_of, notes } = answer;
  const [row] = Array.isArray(answer["rows"]) ? (answer["rows"] as readonly AppRow[]) : [];
  if (row === undefined) return [];
  const { value, numerator, denominator, sample_size } = row;
  const about = {
    id: metric,
    metric,
    unit,
    currency,
    from,
    to,
    value,
    numerator,
    denominator,
    sample_size,
    fresh_as_of,
  };
  return [{ ...about, notes: Array.isArray(notes) ? notes.join(" ") : "" }];
}

/**
 * A row as it is written. One without an id is known by what it says and when, so that a run that is repeated adds nothing; without a time it may be another
 * that looks alike, and the hub makes an id.
 */
export function writtenRow({ path, fixed }: Pick<AppAction, "path" | "fixed">, said: AppRow): AppRow {
  const row: AppRow = { ...said, ...fixed };
  const hasTime = row["occurred_at"] !== undefined || row["changed_at"] !== undefined;
  if (row["id"] !== undefined || !hasTime) return row;
  const parts = Object.entries(row).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const id = createHash("sha256")
    .update(JSON.stringify([path, parts]))
    .digest("hex")
    .slice(0, 32);
  return { ...row, id };
}

/** Whether it is what a hub answers: an object, but for what is removed. Any web server may answer 200. */
export function isAnswer(method: string, body: unknown): body is AppRow {
  return method === "DELETE" || (typeof body === "object" && body !== null && !Array.isArray(body));
}

/** What the hub says is wrong, as a sentence, and what to do; of anything else that it is no hub. */
export function problemText(status: number, body: unknown): string {
  if (status >= 300 && status < 400)
    return "The hub address leads to another one. Connect again with the address where it ends.";
  if (typeof body === "object" && body !== null && "detail" in body) {
    const { detail, mend } = body as AppRow;
    return [detail, mend].filter((one) => typeof one === "string").join(" ");
  }
  return `What is at the hub address answered ${status}, and is no Tributary hub of this version. Check the address.`;
}
