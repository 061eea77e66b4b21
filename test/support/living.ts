import type { Chat, Company, CompanyChange, Ticket } from "../../connectors/_simulator/company/model.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { silentLog } from "../../core/base/log.ts";
import type { AnyConnector } from "../../core/connector/define.ts";
import { unlimited } from "../../core/connector/limits.ts";
import { acceptDelivery, takeInbound } from "../../core/land/inbound.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { type PullOutcome, runPull } from "../../core/land/run.ts";
import {
  createSecrets,
  credentialsOf,
  generateSecretKey,
  inboundSecretOf,
  parseSecretKey,
} from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { createPullDeps } from "../../workers/pull.ts";
import type { testClock } from "./engine.ts";
import type { Receiver } from "./receiver.ts";

type TestClock = ReturnType<typeof testClock>;

/** A tool's simulator, as far as it hears of life and tells of it. */
type Tool = { change(change: CompanyChange): void; readonly webhooks: { settled(): Promise<void> } };

/** A tick of life every two seconds of the clock, each with its deliveries before the next. */
export type Life = {
  /** Lives on until that happens to a ticket. The ticket. */
  ticket(happens: Happens<Ticket>): Promise<Ticket>;
  chat(happens: Happens<Chat>): Promise<Chat>;
};

type Happens<T> = (now: T, before: T) => boolean;

const MOST_TICKS = 20_000;

export function startLife(company: Company, clock: TestClock, tool: Tool): Life {
  const life = company.live({ clock });
  life.onChange((change) => tool.change(change));

  async function until<T>(found: (change: CompanyChange) => T | null): Promise<T> {
    for (let nth = 0; nth < MOST_TICKS; nth += 1) {
      clock.advance(2000);
      const [one] = life.tick().flatMap((change) => found(change) ?? []);
      await tool.webhooks.settled();
      if (one !== undefined) return one;
    }
    throw new RangeError("It does not happen.");
  }

  return {
    ticket: (happens) =>
      until((change) =>
        change.type === "ticket.updated" && happens(change.ticket, change.previous) ? change.ticket : null,
      ),
    chat: (happens) =>
      until((change) => (change.type === "chat.updated" && happens(change.chat, change.previous) ? change.chat : null)),
  };
}

/** A connection to a simulated tool in a hub, with all that a pull and a webhook pass through but the queue. */
export type Connected = {
  pull(...streams: readonly string[]): Promise<void>;
  /** Takes in what has been delivered since the last time. Returns the bodies. */
  takeIn(): Promise<readonly string[]>;
};

export async function connected(
  store: Store,
  connector: AnyConnector,
  connection: {
    readonly id: string;
    readonly settings: JsonObject;
    readonly credentials: JsonObject;
    readonly clock: TestClock;
    /** Where the tool's deliveries arrive, and what they are signed with; null: it has no webhook here. */
    readonly webhook: { readonly receiver: Receiver; readonly secret: string } | null;
  },
): Promise<Connected> {
  const { id, clock, webhook } = connection;
  const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
  const made = { store, secrets, clock, log: silentLog, connectors: [connector], allowPrivateNetworks: true };
  const deps: PullDeps = { ...createPullDeps(made), limiterOf: () => unlimited };
  const { signal } = new AbortController();
  await store.db
    .insertInto("connections")
    .values({
      id,
      connector: connector.key,
      title: id,
      settings: JSON.stringify(connection.settings),
      credentials: secrets.seal(JSON.stringify(connection.credentials), credentialsOf(id)),
      inbound_token: `token-of-${id}`,
      inbound_secret: webhook === null ? null : secrets.seal(webhook.secret, inboundSecretOf(id)),
    })
    .execute();
  let arrived: string[] = [];
  if (webhook !== null) {
    webhook.receiver.beforeAnswer = async ({ headers, body }) => {
      // A vendor may look first whether somebody is there.
      if (body === "") return;
      const sent = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
      await acceptDelivery(deps, id, { headers: Object.fromEntries(sent), body: Buffer.from(body) });
      arrived.push(body);
    };
  }
  return {
    async pull(...streams) {
      for (const stream of streams)
        succeeded(
          await runPull(deps, { connectionId: id, stream, kind: "pull", trigger: "schedule", since: null }, signal),
        );
    },
    async takeIn() {
      succeeded(await takeInbound(deps, id, signal));
      const bodies = arrived;
      arrived = [];
      return bodies;
    },
  };
}

function succeeded(outcome: PullOutcome): void {
  if (outcome.kind === "busy") throw new Error("busy");
  if (outcome.error !== null) throw outcome.error;
}

/** What a hub has of a conversation, and the e-mail address of its rep. */
type ConversationRow = {
  readonly status: string | null;
  readonly started_at: Date;
  readonly first_response_at: Date | null;
  readonly closed_at: Date | null;
  readonly email: string | null;
};

export async function conversationRow(
  store: Store,
  connectionId: string,
  externalId: string,
): Promise<ConversationRow | undefined> {
  return store.db
    .selectFrom("conversations")
    .leftJoin("reps", "reps.id", "conversations.rep_id")
    .select(["status", "started_at", "first_response_at", "closed_at", "reps.email"])
    .where("conversations.connection_id", "=", connectionId)
    .where("conversations.external_id", "=", externalId)
    .executeTakeFirst();
}
