import type { Faults } from "../../_simulator/faults.ts";
import type { SimRequest } from "../../_simulator/server.ts";
import { gongId } from "./format.ts";
import type { GongStore, SimCall } from "./store.ts";

/** How far below now a late call is dated: it took place then, and has only now been analysed. */
const LATE_BY_MS = 6 * 3_600_000;

/** Changes the calls just before they are listed, as people do while somebody reads: one is deleted, one gets another title, one comes late. */
export function disturb(
  request: SimRequest,
  { store, faults, now }: { readonly store: GongStore; readonly faults: Faults; readonly now: Date },
): void {
  if (request.path !== "/v2/calls/extensive") return;
  const name = `${request.method} ${request.path}`;
  const isGone = faults.strikes("deleteWhilePaging", name);
  const isEdited = faults.strikes("editWhilePaging", name);
  const isLate = faults.strikes("late", name);
  const calls = [...store.calls.values()];
  const last = calls.at(-1);
  if (last === undefined) return;
  if (isGone) store.calls.delete(faults.random.pick(calls).id);
  if (isEdited) store.editCall(faults.random.pick(calls).id, { title: `Renamed at ${now.toISOString()}` });
  if (isLate) addLike(store, last, gongId(`late ${store.calls.size} ${now.toISOString()}`), now.getTime() - LATE_BY_MS);
}

/** A further call, like another one in all but its id and time. */
export function addLike(store: GongStore, like: SimCall, id: string, atMs: number): SimCall {
  const at = new Date(atMs).toISOString().replace("Z", "+00:00");
  const call = { ...like, id, listedMs: atMs, visibleMs: 0, day: at.slice(0, 10) };
  store.calls.set(id, call);
  store.editCall(id, { id, started: at, scheduled: at, url: `https://us-12345.app.gong.io/call?id=${id}` });
  return store.calls.get(id) ?? call;
}
