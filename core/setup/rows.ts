import { createHash, randomUUID } from "node:crypto";
import { TributaryError } from "../base/errors.ts";
import { type EntityKind, entityId } from "../base/ids.ts";
import { fieldOf, type JsonObject, listOf } from "../base/json.ts";
import type { EngineDeps } from "../land/engine.ts";
import { acceptRow } from "../land/inbound.ts";
import { type Connection, listConnections } from "../store/setup/connections.ts";
import type { Actor, SetupDeps } from "./verb.ts";

/**
 * Rows that come by the hub's own API. They go the way of every record: kept as they came, landed raw under a connection that takes such rows,
 * and made facts of by a job. Who sent one is kept with its delivery.
 */

/** What can be written, and what becomes of it. A change is of its deal. */
export const ROW_TABLES = {
  activities: "activity",
  deals: "deal",
  deal_changes: "deal",
  people: "person",
  spend: "spend",
  goals: "goal",
} as const satisfies { readonly [table: string]: EntityKind };
export type RowTable = keyof typeof ROW_TABLES;

export type PostedRow = {
  readonly table: RowTable;
  /** Null: the only connection that takes such rows. */
  readonly connection: string | null;
  /** The row's own id: sent again, it replaces itself. */
  readonly id: string;
  /** The id of what it tells of: a change's deal; else its own. */
  readonly of: string;
  /** What it says, under the names of the shared schema; without the id. */
  readonly fields: JsonObject;
};

/** Where a row was kept, and the id under which it will be found. */
export type KeptRow = { readonly connection: string; readonly id: string; readonly record: string };

/**
 * Keeps a row, and asks for it to be taken in. It is counted seconds later.
 *
 * @throws TributaryError `rows.no_connection`, `rows.which_connection`, `rows.refused`
 */
export async function postRow(deps: SetupDeps, actor: Actor, posted: PostedRow): Promise<KeptRow> {
  const { table, id, of, fields } = posted;
  const connection = await takerOf(deps, table, posted.connection);
  const { status, answer } = await acceptRow(deps, connection, { table, row: { ...fields, id } }, actor);
  if (status === "refused") throw refused(answer);
  await deps.requestInbound(connection.id);
  return { connection: connection.id, id, record: entityId(ROW_TABLES[table], connection.id, of) };
}

/**
 * The id of a row whose sender gave none: one that is sent again under the same `Idempotency-Key` is the same row, any other is another.
 *
 * @param key null: the request has none.
 */
export function newRowId(caller: string, key: string | null): string {
  if (key === null) return randomUUID();
  return createHash("sha256")
    .update(JSON.stringify([caller, key]))
    .digest("hex")
    .slice(0, 32);
}

/** The connections that take rows of a table, by id. */
async function takersOf(
  deps: Pick<EngineDeps, "store" | "findConnector">,
  table: RowTable,
): Promise<readonly Connection[]> {
  return (await listConnections(deps.store.db)).filter((connection) => {
    const connector = deps.findConnector(connection.connector);
    const rows = connector?.webhook?.rows;
    if (connector === null || rows === undefined) return false;
    const settings = connector.settings.safeParse(connection.settings);
    return settings.success && rows.tables(settings.data).includes(table);
  });
}

async function takerOf(deps: SetupDeps, table: RowTable, named: string | null): Promise<Connection> {
  const takers = await takersOf(deps, table);
  if (named !== null) {
    const found = takers.find((one) => one.id === named);
    if (found !== undefined) return found;
    const others = takers.length === 0 ? "" : ` ${takers.map((one) => one.id).join(", ")} would.`;
    throw noConnection(`There is no connection of that name that takes rows of ${table}.${others}`, table);
  }
  const [only, ...others] = takers;
  if (only === undefined) throw noConnection(`No connection takes rows of ${table}.`, table);
  if (others.length > 0)
    throw new TributaryError({
      code: "rows.which_connection",
      kind: "config",
      message: `Several connections take rows of ${table}: ${takers.map((one) => one.id).join(", ")}.`,
      mend: "Name one of them as `connection`.",
    });
  return only;
}

function noConnection(message: string, table: RowTable): TributaryError {
  return new TributaryError({
    code: "rows.no_connection",
    kind: "config",
    message,
    mend: `Set one up with the connector \`inbound\`, and \`${table}: {}\` among its \`tables\`: docs/into-the-hub.md shows how.`,
  });
}

/** The row's own reasons, so that whoever sent it sees what to correct. */
function refused({ refused: rows }: JsonObject): TributaryError {
  const told = listOf(rows);
  const reasons = told.map((one) => fieldOf(one, "reason")).filter((reason) => typeof reason === "string");
  return new TributaryError({
    code: "rows.refused",
    kind: "config",
    message: `The row cannot be read: ${reasons.join("; ")}.`,
    mend: "Correct what is named, and send it again. Nothing was taken in.",
  });
}
