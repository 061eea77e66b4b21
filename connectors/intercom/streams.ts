import type { JsonObject } from "../../core/base/json.ts";
import type { DeletionPolicy, Page, Stream } from "../../core/connector/define.ts";
import type { IntercomClient } from "./client.ts";
import { pullCompanies } from "./companies.ts";
import { pullContacts } from "./contacts.ts";
import { pullConversations } from "./conversations.ts";
import { idOf, updatedAt } from "./fields.ts";
import * as normalise from "./normalise.ts";
import type { IntercomSettings } from "./settings.ts";

type IntercomStream = Stream<IntercomSettings, IntercomClient>;

/** A short list that is read whole each time. */
function wholeList(list: {
  readonly title: string;
  readonly read: (client: IntercomClient) => Promise<readonly JsonObject[]>;
  readonly normalise: IntercomStream["normalise"];
  readonly deletions: DeletionPolicy;
}): IntercomStream {
  return {
    title: list.title,
    externalId: idOf,
    sourceTime: () => null,
    deletions: list.deletions,
    normalise: list.normalise,
    async *pull({ client, startedAt }): AsyncGenerator<Page> {
      yield { records: await list.read(client), checkpoint: { readAt: startedAt.toISOString() } };
    },
  };
}

export const intercomStreams: { readonly [stream: string]: IntercomStream } = {
  admins: wholeList({
    title: "Admins",
    read: (client) => client.admins(),
    normalise: normalise.repFacts,
    // Whoever has left is no longer listed, and keeps the conversations that were theirs.
    deletions: "never",
  }),
  teams: wholeList({
    title: "Teams",
    read: (client) => client.teams(),
    normalise: normalise.teamFacts,
    deletions: "absence",
  }),
  companies: {
    title: "Companies",
    externalId: idOf,
    sourceTime: updatedAt,
    deletions: "absence",
    normalise: normalise.companyFacts,
    pull: pullCompanies,
  },
  contacts: {
    title: "Contacts",
    externalId: idOf,
    sourceTime: updatedAt,
    // A webhook tells, or a full pull misses it: a search does not.
    deletions: "elsewhere",
    normalise: normalise.personFacts,
    pull: pullContacts,
  },
  conversations: {
    title: "Conversations with their parts",
    gives: ["conversation", "activity"],
    externalId: idOf,
    sourceTime: updatedAt,
    deletions: "elsewhere",
    normalise: normalise.conversationFacts,
    pull: pullConversations,
  },
};
