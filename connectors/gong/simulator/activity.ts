import type { JsonObject } from "../../../core/base/json.ts";
import { addDays, type Day, daysBetween } from "../../../core/base/time.ts";
import { idAt } from "../client.ts";
import type { GongStore } from "./store.ts";

/** What a day of a user is made of; each is a list of calls' ids. gong-rs (made from Gong's own description), DailyActivityWithDates. */
const LISTS = [
  "callsAsHost",
  "callsAttended",
  "callsGaveFeedback",
  "callsRequestedFeedback",
  "callsReceivedFeedback",
  "ownCallsListenedTo",
  "othersCallsListenedTo",
  "callsSharedInternally",
  "callsSharedExternally",
  "callsScorecardsFilled",
  "callsScorecardsReceived",
  "callsCommentsGiven",
  "callsCommentsReceived",
  "callsMarkedAsFeedbackGiven",
  "callsMarkedAsFeedbackReceived",
] as const;
type List = (typeof LISTS)[number];

/** Users with something in the range, each with every day of it. */
export function activityOf(
  store: GongStore,
  now: Date,
  from: Day,
  to: Day,
): readonly { readonly id: string; readonly document: JsonObject }[] {
  const done = new Map<string, string[]>();
  /** A user who is gone has done what they have done. */
  const busy = new Set<string>();

  function note(userId: string, day: Day, list: List, callId: string): void {
    if (day < from || day >= to) return;
    const key = `${userId} ${day} ${list}`;
    done.set(key, [...(done.get(key) ?? []), callId]);
    busy.add(userId);
  }

  for (const call of store.listed(now)) note(call.hostId, call.day, "callsAsHost", call.id);
  for (const { day, document } of store.reviews.values()) {
    const callId = idAt(document, "callId");
    for (const list of ["callsScorecardsFilled", "othersCallsListenedTo"] as const) {
      note(idAt(document, "reviewerUserId"), day, list, callId);
    }
    note(idAt(document, "reviewedUserId"), day, "callsScorecardsReceived", callId);
  }
  const days = Array.from({ length: Math.max(0, daysBetween(from, to)) }, (_, nth) => addDays(from, nth));
  return [...busy].toSorted().map((id) => ({
    id,
    document: {
      userId: id,
      userEmailAddress: store.users.get(id)?.["emailAddress"] ?? null,
      userDailyActivityStats: days.map((day) => ({
        ...Object.fromEntries(LISTS.map((list) => [list, done.get(`${id} ${day} ${list}`) ?? []])),
        fromDate: day,
        toDate: addDays(day, 1),
      })),
    },
  }));
}
