import type { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import type { EventFilters } from "../schema/tables/outbox.ts";
import type { ForecastAnswer } from "../forecast/index.ts";
import type { SheetPlan } from "../forecast/plans.ts";
import type { Agenda } from "../review/agenda.ts";
import type { Exported } from "../export/columns.ts";
import type { ExportTable } from "../export/table.ts";
import type { Workspace } from "../store/setup/workspace.ts";
import type { MetricAnswer } from "../metrics/engine/query.ts";
import type { Question } from "../metrics/ask/question.ts";

/**
 * The destination contract: what an output's folder declares, and what the engine does with it. The mirror of a connector.
 *
 * There are two things that a destination can do: receive events as they happen (webhooks, a chat), or be pushed the answers to questions (a
 * dashboard service, a spreadsheet). Either way it holds no state and never touches the database. The engine keeps its settings, seals its
 * secrets, hands events out and asks the questions, retries, limits, records how it went, and shows it.
 */
export type Destination<Settings = unknown> = {
  /** Lower-case, stable: `geckoboard`. The folder's name, and the section of the config file. */
  readonly key: string;
  readonly title: string;
  /** The vendor's own documentation. */
  readonly docs: string;
  /**
   * What people set, keys in snake_case with `.describe()` texts: the section of the config file; where the destination receives events, one
   * entry of the section's list. What is made with `secret()` of core/secrets/declared.ts is sealed at rest, whatever it is called.
   */
  readonly settings: z.ZodType<Settings>;
  /** Every address that its secrets go to. They are checked when they are set up. */
  readonly addresses: (settings: Settings) => readonly string[];
  readonly takes: TakesEvents<Settings> | TakesAnswers<Settings>;
  /** What stands in for the vendor in tests and in the demo. Loaded when it is asked for: no hub carries it. */
  readonly simulator?: () => Promise<StartSimulator>;
};

/** Receives events as they happen. Each entry of its section is a receiver with a queue, a log and a state of its own. */
export type TakesEvents<Settings> = {
  readonly kind: "events";
  /** What a receiver is called in plans and in the audit log: `webhook`. */
  readonly noun: string;
  /** What tells its receivers apart and is shown of them; never a secret. Two of one name are an error. */
  readonly name: (settings: Settings) => string;
  /** The receivers that one entry stands for, each with a queue of its own; absent: one. */
  readonly each?: (settings: Settings) => readonly Settings[];
  readonly subscription: (settings: Settings) => Subscription;
  /** Opens what sends, once for each process. */
  readonly open: (options: SenderOptions) => EventSender<Settings>;
};

/** What a receiver is to get. */
export type Subscription = {
  /** `*` stands for every type. */
  readonly types: readonly string[];
  /** Of these, only what fits. */
  readonly filters: EventFilters;
  /** Whether what happens to one deal arrives in the order in which it happened. */
  readonly isOrdered: boolean;
  /** At most so many a second; null: as many as it takes. */
  readonly perSecond: number | null;
  readonly description: string | null;
};

export type SenderOptions = {
  readonly allowPrivateNetworks: boolean;
  /** A review that was made, for people to read; null: it is not there. */
  readonly review: (id: string) => Promise<ReviewText | null>;
};

/** A review as a letter: `html` is a whole page. */
export type ReviewText = { readonly subject: string; readonly text: string; readonly html: string };

export type EventSender<Settings> = {
  /** Sends one event once. Never throws: whatever happens is the outcome. */
  send(settings: Settings, event: OutgoingEvent): Promise<SendOutcome>;
  close(): void;
};

export type OutgoingEvent = {
  /** The same on every attempt, and when it is sent again by hand. */
  readonly eventId: string;
  readonly type: string;
  /** When it happened. */
  readonly occurredAt: Date;
  readonly data: JsonObject;
  /** Sent again because somebody asked for it. */
  readonly isReplay: boolean;
};

export type SendOutcome = {
  /** Null: there was no answer. */
  readonly statusCode: number | null;
  readonly durationMs: number;
  /** Null: delivered. */
  readonly error: string | null;
  /** How long the receiver asks to be left alone. */
  readonly retryAfterS: number | null;
  /** What else it asks for: `stop` sending it anything, `drop` this one. */
  readonly wish: "stop" | "drop" | null;
  /** What was sent and answered, for the log: bounded, and without secrets. */
  readonly request: JsonObject | null;
  readonly response: JsonObject | null;
};

/** Is pushed the answers to questions, again and again. */
export type TakesAnswers<Settings> = {
  readonly kind: "answers";
  readonly everyS: number;
  /** What it shows: kept up to date in the metrics store, and said by `kpi.updated`. */
  readonly questions: (settings: Settings) => readonly Question[];
  /**
   * Brings it up to date.
   *
   * @returns the names of the parts that were sent; empty when nothing had changed.
   * @throws TributaryError of the first part that could not be sent; those before it are done and remembered.
   */
  readonly push: (context: PushContext<Settings>) => Promise<readonly string[]>;
};

export type PushContext<Settings> = {
  /** With secrets opened. */
  readonly settings: Settings;
  /** @throws TributaryError `kpi.…` */
  readonly ask: (question: Question) => Promise<MetricAnswer>;
  /** A table of the shared schema as it is taken out, and how fresh its sources are (an ISO instant; null: one has not been read yet). */
  readonly table: (name: ExportTable) => Promise<{ readonly exported: Exported; readonly freshAsOf: string | null }>;
  readonly workspace: () => Promise<Workspace>;
  /** The forecast of the whole, as it is planned. Takes a second. */
  readonly forecast: () => Promise<ForecastAnswer>;
  /** Plans that people have written where this destination reads them; null: there are none any more. They hold from now on. */
  readonly plan: (plan: Omit<SheetPlan, "destination"> | null) => Promise<void>;
  /** The pipeline review that was made last; null: none was. */
  readonly review: () => Promise<{ readonly id: string; readonly agenda: Agenda } | null>;
  /** All that people have written for the coming review below one that was made. */
  readonly points: (written: { readonly texts: readonly string[]; readonly review: string }) => Promise<void>;
  /** What was remembered last; empty before the first push. */
  readonly memory: JsonObject;
  /** Kept at once, whatever comes of the rest of the push. */
  readonly remember: (memory: JsonObject) => Promise<void>;
  readonly clock: Clock;
  readonly allowPrivateNetworks: boolean;
  readonly signal: AbortSignal;
};

/** Starts a simulator on a port; 0: any. @param secret what its account's key is made of. */
export type StartSimulator = (options: { readonly port: number; readonly secret: string }) => Promise<Simulator>;

export type Simulator = {
  /** Where it answers. */
  readonly url: string;
  /** What it was sent or holds, for people to look at, the oldest first. */
  readonly received?: () => readonly Received[];
  /** Variables for a config file that sets the destination up: addresses and keys. */
  readonly variables: { readonly [name: string]: string };
  close(): Promise<void>;
};

export type Received = { readonly at: Date | null; readonly what: string; readonly text: string };

/**
 * A destination as the engine holds it. The engine never looks inside settings: it parses them with the destination's own schema and hands
 * them back to the same destination.
 */
export type AnyDestination = Destination;

/** Declares a destination: pins its types while it is written, and erases them for the list. */
export function defineDestination<Settings>(destination: Destination<Settings>): AnyDestination {
  // Sound as long as settings come from `destination.settings`, as the engine does.
  return destination as unknown as AnyDestination;
}
