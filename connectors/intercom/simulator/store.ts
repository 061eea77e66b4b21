/** A record as Intercom gives it. */
export type IntercomObject = { readonly [field: string]: unknown; readonly id: string };

/** With `updated_at` in Unix seconds. */
export type DatedObject = IntercomObject & { readonly updated_at: number };

/** An Intercom workspace in memory. */
export type IntercomStore = {
  readonly admins: Map<string, IntercomObject>;
  readonly teams: Map<string, IntercomObject>;
  readonly companies: Map<string, DatedObject>;
  readonly contacts: Map<string, DatedObject>;
  /** Without their parts, as a search gives them. */
  readonly conversations: Map<string, DatedObject>;
  /** By conversation, oldest first. */
  readonly parts: Map<string, readonly IntercomObject[]>;
};

export function createStore(): IntercomStore {
  return {
    admins: new Map(),
    teams: new Map(),
    companies: new Map(),
    contacts: new Map(),
    conversations: new Map(),
    parts: new Map(),
  };
}

const MOST_PARTS = 500;

/** A conversation as it is asked for by id: with the newest of its parts. */
export function wholeConversation(store: IntercomStore, id: string): DatedObject | null {
  const conversation = store.conversations.get(id);
  if (conversation === undefined) return null;
  const parts = store.parts.get(id) ?? [];
  const newest = {
    type: "conversation_part.list",
    conversation_parts: parts.slice(-MOST_PARTS),
    total_count: parts.length,
  };
  return { ...conversation, conversation_parts: newest };
}
