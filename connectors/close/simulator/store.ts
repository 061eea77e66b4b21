import { closeId, coreTime, naiveTime } from "./format.ts";
import { OBJECT_TYPES, type CloseObject, type Fields, type Kind } from "./objects.ts";

export type CloseEvent = CloseObject & {
  readonly object_type: string;
  readonly object_id: string;
  readonly action: string;
  readonly date_created: string;
  readonly date_updated: string;
};

/** What an account holds besides its dated objects: who works there and how it is set up. */
export type Setup = {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly startedAt: Date;
  readonly currency: string;
  users: CloseObject[];
  /** Memberships of people who have left. */
  formerMemberships: CloseObject[];
  groups: CloseObject[];
  pipelines: CloseObject[];
  leadStatuses: CloseObject[];
  outcomes: CloseObject[];
  /** By the object they belong to: lead, contact, opportunity, activity, shared. */
  customFields: { readonly [object: string]: CloseObject[] };
  customActivityTypes: CloseObject[];
};

export type Change = {
  readonly at: Date;
  readonly userId?: string | null;
  /** Instead of created, updated, deleted; several when the log tells several. */
  readonly actions?: readonly string[];
  readonly meta?: Fields;
  /** Whether the log stays silent: what is there from the beginning. */
  readonly isSilent?: boolean;
};

/** A Close account in memory: objects by kind, and the event log of everything that changes. */
export type CloseStore = {
  readonly setup: Setup;
  get(kind: Kind, id: string): CloseObject | undefined;
  all(kind: Kind): Iterable<CloseObject>;
  count(kind: Kind): number;
  /** Newest `date_created` first, as lists come; of the same time the later added first. */
  newestFirst(kind: Kind): readonly CloseObject[];
  create(kind: Kind, object: CloseObject, change: Change): void;
  /** Sets `date_updated` unless the patch does. */
  update(kind: Kind, id: string, patch: Fields, change: Change): CloseObject;
  remove(kind: Kind, id: string, change: Change): void;
  /** Tells something that changes nothing here (the log of bulk rows). */
  tell(event: Omit<NewEvent, "at">, change: Change): void;
  /** Oldest `date_updated` first. */
  readonly events: readonly CloseEvent[];
  onEvent(listener: (event: CloseEvent) => void): void;
  /** Updates of one object within so many milliseconds become one event; 0: never. */
  consolidateMs: number;
};

type NewEvent = {
  readonly objectType: string;
  readonly object: CloseObject;
  readonly action: string;
  readonly data: Fields | null;
  readonly previous: Fields | null;
  readonly at: Date;
};

export function createStore(setup: Setup): CloseStore {
  const objects = new Map<Kind, Map<string, CloseObject>>();
  const sorted = new Map<Kind, readonly CloseObject[]>();
  const events: CloseEvent[] = [];
  const listeners: ((event: CloseEvent) => void)[] = [];
  let eventCount = 0;

  function shelf(kind: Kind): Map<string, CloseObject> {
    const found = objects.get(kind) ?? new Map<string, CloseObject>();
    objects.set(kind, found);
    return found;
  }

  function put(kind: Kind, object: CloseObject): void {
    shelf(kind).set(object.id, object);
    sorted.delete(kind);
  }

  function log({ objectType, object, action, data, previous, at }: NewEvent, change: Change): void {
    if (change.isSilent === true) return;
    const merged = action === "updated" ? takeConsolidated(object.id, at) : null;
    eventCount += 1;
    const event: CloseEvent = {
      id: merged?.id ?? closeId("ev", String(eventCount)),
      object_type: objectType,
      object_id: object.id,
      lead_id: objectType === "lead" ? object.id : (object["lead_id"] ?? null),
      action,
      changed_fields: action === "deleted" ? [] : changedFields(previous, merged),
      data,
      previous_data: { ...previous, ...(merged?.["previous_data"] as Fields | undefined) },
      meta: { request_method: "PUT", request_path: `/api/v1/${objectType}/`, ...change.meta },
      user_id: change.userId ?? null,
      api_key_id: null,
      oauth_client_id: null,
      oauth_scope: null,
      request_id: closeId("req", String(eventCount)),
      organization_id: setup.organizationId,
      date_created: merged?.date_created ?? naiveTime(at),
      date_updated: naiveTime(at),
    };
    orders.set(event, eventCount);
    insertByTime(events, event);
    for (const listener of listeners) listener(event);
  }

  /** The object's last event when it was an update a moment ago: the new one takes its place. */
  function takeConsolidated(id: string, at: Date): CloseEvent | null {
    if (store.consolidateMs === 0) return null;
    const index = events.findLastIndex((event) => event.object_id === id);
    const last = events[index];
    if (last?.action !== "updated" || at.getTime() - Date.parse(`${last.date_updated}Z`) > store.consolidateMs)
      return null;
    events.splice(index, 1);
    return last;
  }

  const store: CloseStore = {
    setup,
    events,
    consolidateMs: 0,
    get: (kind, id) => shelf(kind).get(id),
    all: (kind) => shelf(kind).values(),
    count: (kind) => shelf(kind).size,
    newestFirst(kind) {
      const known = sorted.get(kind);
      if (known !== undefined) return known;
      const list = [...shelf(kind).values()].toReversed();
      list.sort((a, b) => timeOf(b, "date_created") - timeOf(a, "date_created"));
      sorted.set(kind, list);
      return list;
    },
    create(kind, object, change) {
      put(kind, object);
      for (const action of change.actions ?? ["created"]) {
        log({ objectType: OBJECT_TYPES[kind], object, action, data: object, previous: null, at: change.at }, change);
      }
    },
    update(kind, id, patch, change) {
      const before = shelf(kind).get(id);
      if (before === undefined) throw new RangeError(`no ${kind} ${id}`);
      const after = { ...before, date_updated: coreTime(change.at), ...patch };
      put(kind, after);
      const previous = Object.fromEntries(
        Object.keys(after)
          .filter((field) => !Object.is(before[field], after[field as keyof typeof after]))
          .map((field) => [field, before[field] ?? null]),
      );
      for (const action of change.actions ?? ["updated"]) {
        log({ objectType: OBJECT_TYPES[kind], object: after, action, data: after, previous, at: change.at }, change);
      }
      return after;
    },
    remove(kind, id, change) {
      const object = shelf(kind).get(id);
      if (object === undefined) return;
      shelf(kind).delete(id);
      sorted.delete(kind);
      log(
        { objectType: OBJECT_TYPES[kind], object, action: "deleted", data: null, previous: object, at: change.at },
        change,
      );
    },
    tell: (event, change) => log({ ...event, at: change.at }, change),
    onEvent: (listener) => void listeners.push(listener),
  };
  return store;
}

function changedFields(previous: Fields | null, merged: CloseEvent | null): readonly string[] {
  const fields = [
    ...Object.keys(previous ?? {}),
    ...((merged?.["changed_fields"] as readonly string[] | undefined) ?? []),
  ];
  return [...new Set(fields)].toSorted();
}

const orders = new WeakMap<CloseEvent, number>();

/** The log's own order among events of one time. */
export function orderOf(event: CloseEvent): number {
  return orders.get(event) ?? 0;
}

/** Nearly always at the end: history is told in order, and life goes on in order. */
function insertByTime(events: CloseEvent[], event: CloseEvent): void {
  let at = events.length;
  while (at > 0 && (events[at - 1]?.date_updated ?? "") > event.date_updated) at -= 1;
  events.splice(at, 0, event);
}

const times = new WeakMap<CloseObject, Map<string, number>>();

/** A time of an object in milliseconds, read once; 0 where it has none. */
export function timeOf(object: CloseObject, field: string): number {
  const known = times.get(object) ?? new Map<string, number>();
  times.set(object, known);
  const found = known.get(field);
  if (found !== undefined) return found;
  const text = object[field];
  const time = typeof text === "string" ? Date.parse(text) : 0;
  known.set(field, time);
  return time;
}
