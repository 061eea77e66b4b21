/** A record as Drift gives it. */
export type DriftObject = { readonly [field: string]: unknown };

export type DriftConversation = DriftObject & { readonly id: number; readonly updatedAt: number };

/** A Drift organization in memory. */
export type DriftStore = {
  readonly orgId: number;
  readonly users: Map<number, DriftObject>;
  readonly contacts: Map<number, DriftObject>;
  readonly accounts: Map<string, DriftObject>;
  readonly meetings: Map<string, DriftObject>;
  readonly conversations: Map<number, DriftConversation>;
  readonly messages: Map<number, readonly DriftObject[]>;
  /** Latest change first, as the list comes; of the same time the larger id first. */
  latestFirst(): readonly DriftConversation[];
  putConversation(conversation: DriftConversation, messages?: readonly DriftObject[]): void;
  removeConversation(id: number): void;
};

export function createStore(orgId: number): DriftStore {
  let sorted: readonly DriftConversation[] | null = null;
  const conversations = new Map<number, DriftConversation>();
  const messages = new Map<number, readonly DriftObject[]>();
  return {
    orgId,
    users: new Map(),
    contacts: new Map(),
    accounts: new Map(),
    meetings: new Map(),
    conversations,
    messages,
    latestFirst() {
      sorted ??= [...conversations.values()].toSorted((a, b) => b.updatedAt - a.updatedAt || b.id - a.id);
      return sorted;
    },
    putConversation(conversation, said) {
      conversations.set(conversation.id, conversation);
      if (said !== undefined) messages.set(conversation.id, said);
      sorted = null;
    },
    removeConversation(id) {
      conversations.delete(id);
      messages.delete(id);
      sorted = null;
    },
  };
}
