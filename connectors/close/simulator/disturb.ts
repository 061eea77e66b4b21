import type { Faults } from "../../_simulator/faults.ts";
import type { SimRequest } from "../../_simulator/server.ts";
import type { BulkCalls } from "./bulk.ts";
import { closeId, coreTime } from "./format.ts";
import { LISTS } from "./lists.ts";
import * as objects from "./objects.ts";
import type { CloseStore } from "./store.ts";

/** How far below everything read so far a late row is dated. */
const LATE_BY_MS = 6 * 3_600_000;

/**
 * Changes a list just before it is answered, as people do while it is read: a row goes, a row is edited, a row arrives late with a date
 * of the past. Each leaves its event in the log.
 */
export function disturb(
  request: SimRequest,
  context: { readonly store: CloseStore; readonly faults: Faults; readonly bulk: BulkCalls | null; readonly now: Date },
): void {
  const path = /^\/api\/v1\/(.*?)\/?$/.exec(request.path)?.[1];
  const list = LISTS.find((one) => one.path === path);
  if (list === undefined || request.method !== "GET") return;
  const { store, faults, bulk, now } = context;
  const name = `${request.method} ${request.path}`;
  if (faults.strikes("late", name) && list.kind === "call" && bulk === null) addLate(context);
  const isGone = faults.strikes("deleteWhilePaging", name);
  const isEdited = faults.strikes("editWhilePaging", name);
  if (list.kind === "call" && bulk !== null) return disturbBulk(isGone, isEdited, { ...context, bulk });
  const rows = store.newestFirst(list.kind);
  if (rows.length === 0) return;
  if (isGone) store.remove(list.kind, faults.random.pick(rows).id, { at: now });
  const left = store.newestFirst(list.kind);
  if (isEdited && left.length > 0) {
    const { id } = faults.random.pick(left);
    store.update(list.kind, id, { note: `edited ${now.toISOString()}` }, { at: now });
  }
}

function addLate({ store, now }: { readonly store: CloseStore; readonly now: Date }): void {
  const at = new Date(now.getTime() - LATE_BY_MS);
  const id = closeId("acti", `late ${store.count("call")} ${now.toISOString()}`);
  const row = objects.call({ id, organization_id: store.setup.organizationId, at, date_updated: coreTime(now) });
  store.create("call", row, { at: now });
}

function disturbBulk(
  isGone: boolean,
  isEdited: boolean,
  {
    store,
    faults,
    bulk,
    now,
  }: { readonly store: CloseStore; readonly faults: Faults; readonly bulk: BulkCalls; readonly now: Date },
): void {
  const objectType = objects.OBJECT_TYPES.call;
  const any = (): number => faults.random.int(0, bulk.count - 1);
  const last = isGone ? bulk.remove(any()) : null;
  if (last !== null)
    store.tell({ objectType, object: last, action: "deleted", data: null, previous: last }, { at: now });
  const edit = isEdited ? bulk.edit(any(), faults.random.int(1, 900), now) : null;
  if (edit === null) return;
  const previous = { duration: edit.before["duration"], date_updated: edit.before["date_updated"] };
  store.tell({ objectType, object: edit.after, action: "updated", data: edit.after, previous }, { at: now });
}
