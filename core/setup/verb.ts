import type { JsonObject } from "../base/json.ts";
import type { EngineDeps } from "../land/engine.ts";
import type { PullRequest } from "../land/start.ts";
import { announce } from "../store/channels.ts";
import type { Db, Tx } from "../store/db.ts";
import { writeAudit } from "../store/setup/audit.ts";

/**
 * The verbs of people: what an admin can do to a hub, by whichever way (command line, API, console, config file, a vendor's sign-in page).
 * Each checks, does, and notes who did it, in one transaction. Nothing else writes set-up or the audit log.
 */

/** Who does it: `user:anna@example.com`, `key:Zapier`, `cli`, `demo`. */
export type Actor = string;

/** What can be done. An audit row has one of these as its action, and what it was done to (an id, a name) as its target. */
export type Action =
  | `connection.${"create" | "update" | "remove" | "pause" | "resume" | "test" | "sync" | "replay" | "reconcile" | "webhook" | "authorise"}`
  | `workspace.${"create" | "update"}`
  | `exchange_rates.${"create" | "update"}`
  | `section.${"create" | "update" | "remove"}`
  | `${string}.${ReceiverVerb}`
  | `api_key.${"create" | "revoke"}`
  | `app.${"create" | "remove" | "authorise" | "revoke"}`
  | `user.${"create" | "set_password" | "set_role" | "remove"}`
  | `identity.${"link" | "undo"}`
  | `upload.${"keep" | "remove"}`
  | "review.make"
  | `review_action.${"add" | "update"}`
  | `review_pick.${"add" | "remove"}`
  | `review_note.${"add" | "bring"}`
  | `conclusion.${"record" | "remove" | "test"}`
  | "person.erase"
  | "secrets.rotate"
  | "sign_in"
  | "sign_out";

/** What is done to a receiver of events, under the noun that its destination gives it: `webhook.pause`. */
export type ReceiverVerb = "create" | "update" | "remove" | "delete" | "pause" | "resume" | "replay" | "test";

export type Note = {
  readonly actor: Actor;
  readonly action: Action;
  readonly target: string;
  /** Never a secret: which fields changed, not what to. Absent: nothing to add. */
  readonly details?: JsonObject;
};

/**
 * Does the work and notes it, both or neither. Within a transaction of the caller (several verbs at once, as a config file has them) it is
 * part of that.
 *
 * @param note or what it is once the work is done: the id of what was made.
 */
export async function noted<T>(db: Db, note: Note | ((done: T) => Note), work: (tx: Tx) => Promise<T>): Promise<T> {
  const both = async (tx: Tx): Promise<T> => {
    const done = await work(tx);
    const entry = typeof note === "function" ? note(done) : note;
    await writeAudit(tx, { details: {}, ...entry });
    // What a process remembers of the set-up it forgets.
    await announce(tx, "setup");
    return done;
  };
  // Kysely's own mark of a transaction.
  return db.isTransaction ? both(db as Tx) : db.transaction().execute(both);
}

/** What the verbs that set something in motion need. Queue and address are handed in: core knows neither. */
export type SetupDeps = EngineDeps & {
  /** Asks for a pull; returns at once. */
  readonly requestPull: (request: PullRequest) => Promise<void>;
  /** Asks for what was posted to a connection to be taken in; returns at once. */
  readonly requestInbound: (connectionId: string) => Promise<void>;
  /** Asks for the KPIs to be measured anew; returns at once. */
  readonly requestMeasure: () => Promise<void>;
  /** Asks for facts to be made anew of all that a changed setting has put back, without a pull; returns at once. */
  readonly requestRebuild: () => Promise<void>;
  /** Where a connection's vendor reaches the hub; null where the hub does not know its own address. */
  readonly inboundAddress: ((connectionId: string, token: string) => string) | null;
};
