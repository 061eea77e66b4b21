import { z } from "zod";
import { fieldOf } from "../../core/base/json.ts";
import type { Page, Stream } from "../../core/connector/define.ts";
import type { DriftClient, DriftPull } from "./client.ts";
import { idOf, idText } from "./fields.ts";
import { partOfContacts, pullConversations, updatedAt } from "./conversations.ts";
import * as normalise from "./normalise.ts";
import type { DriftSettings } from "./settings.ts";

type DriftStream = Stream<DriftSettings, DriftClient>;

const DAY_MS = 86_400_000;
/** Drift tells of booked meetings up to 30 days back. devdocs.drift.com, "Meeting model". */
const MEETINGS_BACK_MS = 30 * DAY_MS;
const MEETINGS_AHEAD_MS = 90 * DAY_MS;

const accountsCheckpoint = z.object({ index: z.string().nullable() });

/** All accounts, every time: they say neither when they changed nor which are gone. */
async function* pullAccounts({ client, checkpoint }: DriftPull): AsyncGenerator<Page> {
  let index: string | null = accountsCheckpoint.nullable().parse(checkpoint)?.index ?? null;
  let isFirst = index === null;
  for (;;) {
    const { rows, next } = await client.accounts(index ?? "0");
    yield { records: rows, checkpoint: { index: next }, ...(isFirst ? { startsListing: true } : {}) };
    if (next === null) return;
    [index, isFirst] = [next, false];
  }
}

const meetingsCheckpoint = z.object({ readAt: z.coerce.date() });

/** Whoever booked outside of a conversation comes with no other stream: asked for when the meeting has changed. */
async function* pullMeetings({ client, checkpoint, startedAt }: DriftPull): AsyncGenerator<Page> {
  const readAt = meetingsCheckpoint.nullable().parse(checkpoint)?.readAt.getTime() ?? 0;
  const from = new Date(startedAt.getTime() - MEETINGS_BACK_MS);
  const meetings = await client.meetings(from, new Date(startedAt.getTime() + MEETINGS_AHEAD_MS));
  const changed = meetings.filter((meeting) => (updatedAt(meeting)?.getTime() ?? Infinity) >= readAt - DAY_MS);
  const bookers = changed.flatMap((meeting) =>
    fieldOf(meeting, "conversationId") === null ? (idText(fieldOf(meeting, "schedulerId")) ?? []) : [],
  );
  const others = bookers.length === 0 ? [] : [await partOfContacts(client, bookers)];
  yield { records: meetings, others, checkpoint: { readAt: startedAt.toISOString() } };
}

export const driftStreams: { readonly [stream: string]: DriftStream } = {
  users: {
    title: "Users",
    externalId: (record) => idOf(record),
    sourceTime: updatedAt,
    // Whoever has left keeps the conversations that were theirs.
    deletions: "never",
    normalise: normalise.repFacts,
    async *pull({ client, startedAt }): AsyncGenerator<Page> {
      yield { records: await client.users(), checkpoint: { readAt: startedAt.toISOString() } };
    },
  },
  accounts: {
    title: "Accounts",
    externalId: (record) => idOf(record, "accountId"),
    sourceTime: () => null,
    deletions: "absence",
    normalise: normalise.companyFacts,
    pull: pullAccounts,
  },
  conversations: {
    title: "Conversations with their messages",
    gives: ["conversation", "activity"],
    externalId: (record) => idOf(record),
    sourceTime: updatedAt,
    // Drift does not tell: one that is gone is met as a 404, or missing from a full pull.
    deletions: "elsewhere",
    normalise: normalise.conversationFacts,
    pull: pullConversations,
  },
  contacts: {
    title: "Contacts (of conversations and meetings)",
    externalId: (record) => idOf(record),
    sourceTime: () => null,
    deletions: "elsewhere",
    normalise: normalise.personFacts,
    // There is no list of contacts: they come with their conversations and meetings.
    async *pull({ startedAt }): AsyncGenerator<Page> {
      await Promise.resolve();
      yield { records: [], checkpoint: { readAt: startedAt.toISOString() } };
    },
  },
  meetings: {
    title: "Booked meetings",
    gives: ["activity"],
    externalId: (record) => idOf(record, "slug"),
    sourceTime: updatedAt,
    deletions: "never",
    normalise: normalise.meetingFacts,
    pull: pullMeetings,
  },
};
