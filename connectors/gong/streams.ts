import { isObject, type Json, type JsonObject, listOf } from "../../core/base/json.ts";
import { addDays, type Day, dayOf } from "../../core/base/time.ts";
import type { Page, Stream } from "../../core/connector/define.ts";
import type { Measured } from "../../core/schema/canonical.ts";
import { type GongClient, idAt } from "./client.ts";
import { type DayList, type GongPull, pullDays } from "./days.ts";
import * as normalise from "./normalise.ts";
import { callFacts } from "./normalise-calls.ts";
import type { GongSettings } from "./settings.ts";

type GongStream = Stream<GongSettings, GongClient>;

const BEGINNING = "2000-01-01";
/** Activity by day goes back two years: a row for each user and day, of which the older ones serve nobody. */
const ACTIVITY_DAYS = 730;

/** A list that is read by days (see days.ts). What a full pull does not list is gone as well. */
function dayStream(
  list: DayList & {
    readonly title: string;
    readonly gives?: readonly Measured[];
    readonly normalise: normalise.Normaliser;
  },
): GongStream {
  return {
    title: list.title,
    gives: list.gives ?? [],
    externalId: (record) => list.idOf(record as JsonObject), // Pages hold objects only: the client reads them so.
    // Gong does not say when anything was changed.
    sourceTime: () => null,
    deletions: "elsewhere",
    normalise: list.normalise,
    pull: (context) => pullDays(list, context),
  };
}

/** A short list that is read whole each time; what is no longer listed is gone. */
function wholeList(list: {
  readonly title: string;
  readonly id: string;
  readonly read: (client: GongClient) => Promise<readonly Json[]>;
  readonly normalise: normalise.Normaliser;
}): GongStream {
  return {
    title: list.title,
    externalId: (record) => idAt(record, list.id),
    sourceTime: () => null,
    deletions: "absence",
    normalise: list.normalise,
    async *pull({ client, startedAt }: GongPull): AsyncGenerator<Page> {
      const records = await list.read(client);
      const progress = { done: records.length, total: records.length };
      yield { records, checkpoint: { readAt: startedAt.toISOString() }, progress };
    },
  };
}

/** Deactivated users stay in the list. */
async function readUsers(client: GongClient): Promise<readonly Json[]> {
  const users: Json[] = [];
  let cursor: string | null = null;
  do {
    const page = await client.users(cursor);
    users.push(...page.rows);
    // The same cursor again would be the same page again.
    cursor = page.cursor === cursor ? null : page.cursor;
  } while (cursor !== null);
  return users;
}

/** Today is included, and so are its web conferences that began before their time. */
const throughToday = (startedAt: Date): Day => addDays(dayOf(startedAt, "utc"), 1);

/** A day that is over in the company's time zone, whichever that is: `toDate` may not lie ahead there. 12 hours west is the last to see it. */
const beforeToday = (startedAt: Date): Day => dayOf(startedAt, "Etc/GMT+12");

/** Bounds are plain days, in a time zone that nobody names; a review of today is not listed before the end of the day after. */
const beyondTomorrow = (startedAt: Date): Day => addDays(dayOf(startedAt, "utc"), 2);

export const gongStreams: { readonly [stream: string]: GongStream } = {
  users: wholeList({ title: "Users", id: "id", read: readUsers, normalise: normalise.repFacts }),
  calls: dayStream({
    title: "Calls and meetings",
    gives: ["activity"],
    read: (client, days, cursor) => client.calls(days, cursor),
    idOf: (call) => idAt(call, "metaData", "id"),
    beginsOn: () => BEGINNING,
    endsOn: throughToday,
    longestSpanDays: 365,
    normalise: callFacts,
  }),
  user_activity: dayStream({
    title: "Users' activity by day",
    read: (client, days, cursor) => client.activity(days, cursor),
    recordsOf: (rows) => rows.flatMap(daysOfUser),
    idOf: (activity) => `${idAt(activity, "userId")}|${idAt(activity, "fromDate")}`,
    beginsOn: (startedAt) => addDays(dayOf(startedAt, "utc"), -ACTIVITY_DAYS),
    endsOn: beforeToday,
    longestSpanDays: 28,
    normalise: normalise.activityFacts,
  }),
  scorecards: wholeList({
    title: "Scorecards",
    id: "scorecardId",
    read: async (client) => (await client.scorecards()).rows,
    normalise: normalise.scorecardFacts,
  }),
  scorecard_reviews: dayStream({
    title: "Scorecards that were filled in",
    read: (client, days, cursor) => client.reviews(days, cursor),
    // Not `scorecardId`: that is the scorecard's own, which all its reviews share.
    idOf: (review) => idAt(review, "answeredScorecardId"),
    beginsOn: () => BEGINNING,
    endsOn: beyondTomorrow,
    longestSpanDays: 365,
    normalise: normalise.reviewFacts,
  }),
  transcripts: {
    ...dayStream({
      title: "Transcripts",
      read: (client, days, cursor) => client.transcripts(days, cursor),
      idOf: (transcript) => idAt(transcript, "callId"),
      beginsOn: () => BEGINNING,
      endsOn: throughToday,
      longestSpanDays: 365,
      normalise: normalise.transcriptFacts,
    }),
    isActive: ({ transcripts }) => transcripts,
  },
};

/** Gong gives a user with all their days; here a day of a user is a record. Days on which nothing was done are none. */
function daysOfUser(user: JsonObject): readonly JsonObject[] {
  const { userDailyActivityStats: days, ...who } = user;
  return listOf(days).flatMap((day) => {
    if (!isObject(day)) return [];
    const isBusy = Object.values(day).some((ids) => listOf(ids).length > 0);
    return isBusy ? [{ ...who, ...day }] : [];
  });
}
