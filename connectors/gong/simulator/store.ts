import type { JsonObject } from "../../../core/base/json.ts";
import type { Day } from "../../../core/base/time.ts";

/** A call as the simulator holds it: the document, and by what it is listed. */
export type SimCall = {
  readonly id: string;
  readonly hostId: string;
  /** When a list's `fromDateTime` and `toDateTime` find it: the scheduled start of a conference, else the start. */
  readonly listedMs: number;
  /** In the company's time zone. */
  readonly day: Day;
  /** Until then Gong is still analysing it: counted, not listed. */
  readonly visibleMs: number;
  /** All of it, without media. */
  readonly document: JsonObject;
};

export type SimReview = { readonly id: string; readonly day: Day; readonly document: JsonObject };

/** What a Gong account holds. Documents are replaced, never changed in place. */
export type GongStore = {
  readonly users: Map<string, JsonObject>;
  readonly calls: Map<string, SimCall>;
  readonly scorecards: Map<string, JsonObject>;
  readonly reviews: Map<string, SimReview>;
  readonly workspace: { readonly id: string; readonly name: string };
  readonly timeZone: string;
  /** Changes fields of a call's `metaData`. */
  editCall(id: string, metaData: JsonObject): void;
  /** Calls that are listed, by when they are. */
  listed(now: Date): readonly SimCall[];
};

export function createStore(workspace: GongStore["workspace"], timeZone: string): GongStore {
  const calls = new Map<string, SimCall>();
  return {
    users: new Map(),
    calls,
    scorecards: new Map(),
    reviews: new Map(),
    workspace,
    timeZone,
    editCall(id, metaData) {
      const call = calls.get(id);
      if (call === undefined) return;
      // Every document has its metaData: translate.ts makes them so.
      const before = call.document["metaData"] as JsonObject;
      calls.set(id, { ...call, document: { ...call.document, metaData: { ...before, ...metaData } } });
    },
    listed: (now) =>
      [...calls.values()]
        .filter((call) => call.visibleMs <= now.getTime())
        .toSorted((a, b) => a.listedMs - b.listedMs || (a.id < b.id ? -1 : 1)),
  };
}
