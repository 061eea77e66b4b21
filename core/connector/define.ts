import "../base/wording.ts";
import type { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { TributaryErrorOptions } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Measured } from "../schema/canonical.ts";
import type { Fact } from "../schema/facts.ts";
import type { AuthMethod } from "./auth.ts";
import type { Files } from "./files.ts";
import type { HttpFactory } from "./http.ts";

/**
 * The connector contract: what a tool's folder declares, and what the engine does with it.
 *
 * A connector holds no state and never touches the database. It asks the vendor and hands over pages; the engine schedules, stores,
 * retries, limits, logs and shows progress.
 */
export type Connector<Settings = unknown, Client = unknown> = {
  /** Lower-case, stable: `google-analytics`. The folder's name. */
  readonly key: string;
  readonly title: string;
  /** The vendor's own documentation. */
  readonly docs: string;
  /**
   * Keys in snake_case with `.describe()` texts: the set-up form, `tributary connect` and the config file are made from it. The form folds away
   * what may be left out, but for what has `.meta({ isBasic: true })`.
   */
  readonly settings: z.ZodType<Settings>;
  /**
   * Only for connectors that read local files: makes the paths in valid settings absolute. Called once, before settings are stored;
   * `folder` is where relative paths start (the config file's folder, or the current one on the command line).
   */
  readonly resolvePaths?: (settings: JsonObject, folder: string) => JsonObject;
  /** Only for connectors that read local files: the paths that settings name, without addresses and uploads. */
  readonly localPaths?: (settings: JsonObject) => readonly string[];
  /** The ways to sign in, the recommended one first. */
  readonly auth: readonly AuthMethod[];
  /**
   * Where the credentials go, as origins (`https://api.acme.com`), by these settings; addresses of OAuth methods need not be repeated. Stored
   * credentials are bound to them: a change of settings that leads elsewhere asks for the credentials again.
   */
  readonly sendsCredentialsTo: (settings: Settings) => readonly string[];
  /** Pull this often unless the connection says otherwise. */
  readonly everyS: number;
  /** Makes the vendor's client. Called for each run; must not call the vendor yet. */
  readonly createClient: (context: ClientContext<Settings>) => Client;
  /** Reaches the account and names it. Throws kind `auth` when the credentials are refused. */
  readonly check: (client: Client, settings: Settings) => Promise<CheckResult>;
  /**
   * Only for connectors whose records people map: the first rows of what a draft of settings names, as they are, and what each becomes. A draft
   * that is not finished is taken as far as it goes.
   */
  readonly preview?: (access: PreviewAccess, draft: JsonObject) => Promise<readonly Preview[]>;
  readonly streams: { readonly [stream: string]: Stream<Settings, Client> };
  readonly webhook?: InboundWebhook<Client, Settings>;
  /** Nothing is asked for at a vendor: all records come by the webhook, from whoever has its address. Absent: false. */
  readonly isPushed?: true;
  /** Whatever there is is read each time: there is no day to begin with (`backfill_from`). Absent: false. */
  readonly isReadWhole?: true;
  /** Only of a vendor that has announced the end of its service. */
  readonly end?: VendorEnd;
  /** The vendor's own counts and sums, for `reconcile`. */
  readonly totals?: (client: Client, settings: Settings) => Promise<readonly Total[]>;
};

/**
 * How a service that is being wound down shows that it is gone. A clear answer (410) is an error of kind `ended` and ends the connection at
 * once. The other signs (no such host, somebody else's web page) are met on any bad day as well: they end it when nothing else has come
 * for long. Either way the connection's state becomes `ended`, nothing is pulled any more, and what was pulled stays.
 */
export type VendorEnd = {
  /** Codes of errors that are such a sign. */
  readonly signs: readonly string[];
  /** How long every run of a stream has to have failed, the last one with a sign. */
  readonly afterMs: number;
  /** What is said of it then; its kind is `ended`. */
  readonly error: Pick<TributaryErrorOptions, "code" | "message" | "mend">;
};

export type Stream<Settings = unknown, Client = unknown> = {
  readonly title: string;
  /** The source's own id of a record; unique within connection and stream. */
  readonly externalId: (record: Json) => string;
  /** When the source last changed it. An older version never replaces a newer one. Null: the source does not say. */
  readonly sourceTime: (record: Json) => Date | null;
  /** Pages from a checkpoint on, oldest change first where the vendor can. The last page's checkpoint is where the next pull starts. */
  readonly pull: (context: PullContext<Settings, Client>) => AsyncIterable<Page>;
  /**
   * How the stream learns that a record is gone:
   * - `tombstones`  pages name deleted ids.
   * - `absence`     each pull lists everything; what a completed pull did not list is gone. A pull that gives no page at all has found
   *                 the source unchanged: it takes nothing away.
   * - `elsewhere`   another stream's pages (an event log) name them. Such a log forgets, so a full pull that goes all the way back tells as
   *                 well: what it did not list, and what nothing has brought since it began, is gone. One that lists nothing at all (the
   *                 records come in other streams' pages) takes nothing away.
   * - `never`       the source never takes a record back.
   *
   * Where absence tells, damage may look like deletion: with parts that could not be read, a {@link Page.listingDoubt}, or more than half gone
   * at once, nothing is deleted until a person says that it is meant.
   */
  readonly deletions: DeletionPolicy | ((settings: Settings) => DeletionPolicy);
  /** Whether what is listed was written by hand on purpose (rows in the settings), so that what is missing is meant. Absent: no. */
  readonly listsOnPurpose?: (settings: Settings) => boolean;
  /** Whether every version is kept, because the past of these records matters (deals). */
  readonly keepsVersions?: boolean;
  /**
   * What numbers its records are counted in, with those that its pages bring for other streams. As long as it was not read, these numbers lack
   * what it has, and say so. Absent: in none; it names things, or is kept for its text.
   */
  readonly gives?: readonly Measured[] | ((settings: Settings) => readonly Measured[]);
  /**
   * Whether its records speak of deals by keys that people write. What tells of a deal that the connection does not have, and keys that are one but
   * for upper and lower case, are then named at the end of a pull. When such deals come, what told of them is gone over again.
   */
  readonly keysByHand?: boolean;
  /**
   * Which other records of the stream may speak of the same thing as this one, where several do: of a deal that has a row in each of two files.
   * When one of them changes or goes, what they say together is made anew. Absent: none.
   */
  readonly besides?: (externalId: string, settings: Settings) => readonly string[];
  /** Whether the settings ask for this stream at all; absent: always. */
  readonly isActive?: (settings: Settings) => boolean;
  /** Pure and total: no I/O, no clock, no randomness, and never throws over data. */
  readonly normalise: (record: Json, context: NormaliseContext<Settings>) => NormaliseResult;
};

export type DeletionPolicy = "tombstones" | "absence" | "elsewhere" | "never";

export type ClientContext<Settings> = {
  readonly settings: Settings;
  readonly credentials: CredentialSource;
  /** Makes HTTP clients that obey the shared limits and turn failures into TributaryErrors. */
  readonly http: HttpFactory;
  /** The files that the connection may read. */
  readonly files: Files;
  /** Whether addresses that an admin gave (a file to download) may lead into private networks. */
  readonly allowPrivateNetworks: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** The connection's credentials, as they are now in the store. */
export type CredentialSource = {
  current(): Promise<JsonObject>;
  /**
   * New credentials after the vendor refused `stale`. However many workers ask at once, the vendor is asked once and all get the result.
   *
   * @throws TributaryError kind `auth` when the vendor refuses the refresh as well.
   */
  refresh(stale: JsonObject): Promise<JsonObject>;
};

export type PullContext<Settings, Client> = {
  readonly client: Client;
  readonly settings: Settings;
  /** How the company counts: what holds where a source does not say. */
  readonly workspace: { readonly timeZone: string; readonly currency: string };
  /** What the last landed page said; null on the first pull and on a full refresh. */
  readonly checkpoint: Json;
  /** Do not go further back than this; null: everything. */
  readonly since: Date | null;
  /** When the run started. A checkpoint never moves past it. */
  readonly startedAt: Date;
  readonly signal: AbortSignal;
  /** A line of the run's history that ops people read. */
  readonly log: RunLog;
};

export type RunLog = (level: "info" | "warn" | "error", message: string, data?: JsonObject) => void;

export type Page = {
  readonly records: readonly Json[];
  /** Records of this stream that the source no longer has. */
  readonly deleted?: readonly Deletion[];
  /** What the page says of other streams (an event log, embedded children). */
  readonly others?: readonly StreamPart[];
  /** Where to go on after this page. Landed in the same transaction as the records. */
  readonly checkpoint: Json;
  /** Parts of the page that could not be read as records (a broken line of a file). Listed in the run, the rest lands. */
  readonly problems?: readonly Problem[];
  readonly progress?: { readonly done: number; readonly total: number | null };
  /**
   * Only where what is not listed is gone: this page begins the listing anew (the file has changed since the checkpoint), so
   * what earlier pages listed no longer counts.
   */
  readonly startsListing?: boolean;
  /** Only where what is not listed is gone: why this listing may be damaged, so that nothing is taken for gone by it. */
  readonly listingDoubt?: string;
  /**
   * Streams that have missed something which only reading them from the start brings back (an event log that keeps 30 days was not read
   * for longer). They are marked partial with the reason, and pulled in full next.
   */
  readonly resync?: { readonly streams: readonly string[]; readonly reason: string };
};

export type StreamPart = {
  readonly stream: string;
  readonly records: readonly Json[];
  readonly deleted?: readonly Deletion[];
};

/** The id of a record that is gone; with the time it went by the source's clock, where the source says so. */
export type Deletion = string | { readonly id: string; readonly at: Date };

export type Problem = {
  readonly code: string;
  /** Where: `line 17`, `event ev_6n`. */
  readonly at: string;
  readonly reason: string;
  /** The record it is about, where that much could be read: it is then not taken for gone. */
  readonly externalId?: string;
};

export type NormaliseContext<Settings> = {
  readonly connectionId: string;
  readonly stream: string;
  readonly externalId: string;
  readonly settings: Settings;
  /** The workspace's. */
  readonly timeZone: string;
  readonly currency: string;
};

export type NormaliseResult = {
  readonly facts: readonly Fact[];
  /** What could not be mapped, and why. Nothing is dropped silently. */
  readonly skipped: readonly Problem[];
};

export type PreviewAccess = Pick<ClientContext<unknown>, "files" | "allowPrivateNetworks" | "signal"> & {
  /** The workspace's. */
  readonly timeZone: string;
};

/** The first rows of one file for one table. */
export type Preview = {
  readonly table: string;
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly PreviewRow[];
  /** How the file is read, and what looks odd about it. */
  readonly notes: readonly string[];
  /** What keeps the draft from being settings; empty: it is whole. */
  readonly unfinished: readonly string[];
};

export type PreviewRow = {
  readonly line: number;
  readonly cells: { readonly [column: string]: string };
  /** What it becomes, field by field; null: it is refused, or the draft is not finished. */
  readonly becomes: readonly { readonly field: string; readonly value: string }[] | null;
  /** Why it is refused, or a field of it left out. */
  readonly problems: readonly string[];
};

export type CheckResult = {
  readonly accountId: string;
  readonly accountName: string;
  /** Each permission that is missing, with what will be missing for it. */
  readonly missingPermissions: readonly string[];
  readonly warnings: readonly string[];
  /** What was found and how it is read, line by line, where that is worth a look (a file's encoding, its first rows). */
  readonly details?: readonly string[];
};

export type InboundWebhook<Client = unknown, Settings = unknown> = {
  /**
   * Proves that the vendor sent it. Throws kind `auth` otherwise. Constant time where a secret is compared.
   *
   * @param secret what the vendor signs with; null only where `takesUnsigned`: the hard-to-guess address is all the proof there is.
   */
  readonly verify: (request: InboundRequest, secret: string | null, now: Date) => void;
  /** Whether the vendor has deliveries without a signature. Absent: without a secret nothing is taken in. */
  readonly takesUnsigned?: true;
  /** The delivery as it is stored until it is taken in, where the vendor sends the secret itself along. Absent: as it came. */
  readonly withoutSecret?: (request: InboundRequest) => InboundRequest;
  /** The same delivery gives the same key. */
  readonly dedupeKey: (request: InboundRequest) => string;
  /**
   * What the delivery says, as parts of streams. A job does this, not the request that brought it: where a delivery only names a record,
   * it is fetched here. A `transient`, `rate_limited` or `auth` error leaves the delivery waiting for the next run, for an hour at most;
   * after any other it is listed with the run and left behind: the next pull brings what it was about.
   */
  readonly parts: (request: InboundRequest, client: Client) => readonly StreamPart[] | Promise<readonly StreamPart[]>;
  /**
   * Reads the delivery while its sender waits, where the sender is to be told of each record. Absent: it is only kept, and read by a job.
   *
   * @throws TributaryError kind `config` where the delivery as a whole cannot be read.
   */
  readonly receive?: (request: InboundRequest, context: ReceiveContext<Settings>) => Received;
  /** What the hub's own API takes for the connection: rows of the shared schema, under its own names. Absent: nothing. */
  readonly rows?: {
    /** The tables of which the connection takes rows. */
    readonly tables: (settings: Settings) => readonly string[];
    /** As {@link InboundWebhook.receive}, of one row of a table that it takes. */
    readonly receive: (
      posted: { readonly table: string; readonly row: JsonObject },
      context: ReceiveContext<Settings>,
    ) => Received;
  };
  /** Subscribes at the vendor and returns the signing secret. Absent: the admin does it by hand and pastes the secret. */
  readonly subscribe?: (client: Client, url: string) => Promise<{ readonly secret: string }>;
};

/** What stands between a delivery and its records: the connection's settings, and how the company counts. */
export type ReceiveContext<Settings> = {
  readonly settings: Settings;
  readonly timeZone: string;
  readonly currency: string;
  readonly now: Date;
};

export type Received = {
  /** What is kept, to be taken in by {@link InboundWebhook.parts}; null: no record of it can be read. */
  readonly kept: InboundRequest | null;
  /** What the sender is told. */
  readonly answer: JsonObject;
};

export type InboundRequest = {
  /** What follows the token in the address; absent: nothing. */
  readonly path?: string;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
};

/** One number that the vendor states about itself, and how to count ours from the raw records. */
export type Total = {
  /** `opportunities`, `won value (one-time)`. */
  readonly name: string;
  readonly theirs: number;
  readonly ours: {
    readonly stream: string;
    /** Sums this numeric field of the payload; absent: counts records. */
    readonly sum?: string;
    /** Only records whose payload has these values (compared as text). */
    readonly where?: { readonly [field: string]: string };
  };
  /** Why the two may differ, in words, where the vendor counts differently. */
  readonly note?: string;
};

/**
 * A connector as the engine holds it. The engine never looks inside settings or client: it parses settings with the connector's own
 * schema and hands them back to the same connector.
 */
export type AnyConnector = Connector<unknown, unknown>;

/** Declares a connector: pins its types while it is written, and erases them for the list. */
export function defineConnector<Settings, Client>(connector: Connector<Settings, Client>): AnyConnector {
  // Sound as long as settings come from `connector.settings` and the client from `connector.createClient`, as the engine does.
  return connector as unknown as AnyConnector;
}

/** Declares a stream apart from its connector, with the same types. */
export function defineStream<Settings, Client>(stream: Stream<Settings, Client>): Stream<Settings, Client> {
  return stream;
}
