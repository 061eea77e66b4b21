import { Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import type { Database } from "../schema/tables.ts";
import { guard, parseJson, parseText } from "./client.ts";

export type Db = Kysely<Database>;
export type Tx = Transaction<Database>;

/** What to connect to: the pool's own options of node-postgres, or a connection string. */
export type DatabaseTarget =
  | { readonly connectionString: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    };

/** A database as the product holds it: Kysely for queries, the pool for COPY and LISTEN. */
export type Store = {
  readonly db: Db;
  readonly pool: pg.Pool;
  /** Where it is, for messages: the folder of an embedded one, the host of another. Null: nobody said. */
  readonly place: string | null;
  /** A connection beside the pool, not yet connected: for what is held for long (a lock, LISTEN). */
  newClient(): pg.Client;
  close(): Promise<void>;
};

/** bigint and numeric come as text; a number that would not be exact is refused rather than rounded. */
function exactNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new RangeError(`${text} does not fit a JavaScript number`);
  return value;
}

/** `text[]`, which node-postgres has no name for. */
const TEXT_ARRAY = 1009;
const DATE_ARRAY = 1182;

const readArray = pg.types.getTypeParser(TEXT_ARRAY as number) as (text: string) => (string | null)[];

function parseTexts(text: string): unknown {
  return readArray(text).map((value) => (value === null ? null : parseText(value)));
}

const PARSERS = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, exactNumber],
  [pg.types.builtins.NUMERIC, exactNumber],
  // A calendar day has no time zone; node-postgres would make it local midnight.
  [pg.types.builtins.DATE, (text) => text],
  [pg.types.builtins.TEXT, parseText],
  [pg.types.builtins.VARCHAR, parseText],
  [pg.types.builtins.JSON, parseJson],
  [pg.types.builtins.JSONB, parseJson],
  [TEXT_ARRAY, parseTexts],
  // As its days, each as it is.
  [DATE_ARRAY, readArray],
]);

/** Options that make a node-postgres client or pool see our schema with our types. */
export function clientOptions(target: DatabaseTarget): pg.ClientConfig {
  return {
    ...target,
    options: "-c search_path=tributary -c timezone=UTC",
    keepAlive: true,
    application_name: "tributary",
    types: {
      getTypeParser: ((oid: number, format?: "text" | "binary"): unknown =>
        (format !== "binary" && PARSERS.get(oid)) ||
        pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  };
}

/**
 * Opens a pool of at most `max` connections. Nothing is sent until the first query.
 */
export function openStore(
  target: DatabaseTarget,
  options: { readonly max?: number; readonly place?: string; readonly onError?: (error: Error) => void } = {},
): Store {
  const place = options.place ?? null;
  const connection = clientOptions(target);
  class StoreClient extends pg.Client {
    constructor() {
      super(connection);
      guard(this, place);
    }
  }
  const pool = new pg.Pool({ ...connection, max: options.max ?? 10, Client: StoreClient });
  // An idle client that drops must not end the process; the next query gets a new one.
  pool.on("error", (error) => options.onError?.(error));
  // Nor may one that is in use: its query fails with the same error, and that is where it is dealt with.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const close = async (): Promise<void> => {
    await db.destroy();
    // Kysely ends a pool only when it has used it.
    if (!pool.ending) await pool.end();
  };
  return { db, pool, place, newClient: () => new StoreClient(), close };
}
