import type { Json } from "../../core/base/json.ts";
import type { NormaliseContext, NormaliseResult } from "../../core/connector/define.ts";
import { type Reading, readingOf } from "../../core/connector/reading.ts";
import type { RepFact } from "../../core/schema/facts.ts";
import * as records from "./records.ts";
import type { GongSettings } from "./settings.ts";

export type Normaliser = (record: Json, context: NormaliseContext<GongSettings>) => NormaliseResult;

export const reading: Reading<GongSettings> = readingOf({ code: "gong.record.unreadable" });

export const repFacts = reading(records.userRecord, (user) => [
  {
    kind: "rep",
    externalId: user.id,
    isMention: false,
    name: [user.firstName, user.lastName].filter(Boolean).join(" ") || null,
    email: user.emailAddress?.toLowerCase() || null,
    phone: user.phoneNumber || null,
    isActive: user.active ?? null,
    // Gong knows managers, not teams.
    team: null,
  },
]);

/** A day of a user is kept for what it says of listening and coaching; what it counts are calls, and those are facts already. */
export const activityFacts = reading(records.activityRecord, (activity) => [
  repMention(activity.userId, null, activity.userEmailAddress),
]);

export const scorecardFacts = reading(records.scorecardRecord, ({ scorecardId, scorecardName }) =>
  scorecardName ? [{ kind: "label", namespace: "scorecard", externalId: scorecardId, name: scorecardName }] : [],
);

/** Raw records that are kept and are no facts; they are read all the same, so that a change of their shape is seen. */
export const reviewFacts = reading(records.reviewRecord, () => []);
export const transcriptFacts = reading(records.transcriptRecord, () => []);

export function repMention(userId: string, name: string | null | undefined, email: string | null | undefined): RepFact {
  return {
    kind: "rep",
    externalId: userId,
    isMention: true,
    name: name || null,
    email: email?.toLowerCase() || null,
    phone: null,
    isActive: null,
    team: null,
  };
}
