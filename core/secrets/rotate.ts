import { sql } from "kysely";
import type { Tx } from "../store/db.ts";
import { credentialsOf, destinationKeyOf, endpointSecretOf, inboundSecretOf, type Secrets } from "./index.ts";

/** Every column that holds a sealed text, and what its text belongs to. A new one is added here, or a rotation would lose it. */
const SEALED_COLUMNS = [
  { table: "connections", column: "credentials", belongsTo: credentialsOf },
  { table: "connections", column: "inbound_secret", belongsTo: inboundSecretOf },
  { table: "webhook_endpoints", column: "secret", belongsTo: endpointSecretOf },
] as const;

/**
 * Seals every stored secret anew, in the caller's transaction: either all are under the new key, or none is.
 *
 * @param from opens with the old key; `to` seals with the new one.
 * @returns how many secrets were sealed anew.
 * @throws TributaryError of {@link Secrets.open}; nothing was changed then.
 */
export async function rotateSecrets(tx: Tx, from: Secrets, to: Secrets): Promise<number> {
  let count = 0;
  for (const place of SEALED_COLUMNS) count += await reseal(tx, place, from, to);
  return count + (await resealSettings(tx, from, to));
}

/** Destinations keep their API key in their section of `settings`. */
async function resealSettings(tx: Tx, from: Secrets, to: Secrets): Promise<number> {
  const { rows } = await sql<{ section: string; sealed: string }>`
    select section, value ->> 'api_key' as sealed from settings where value ? 'api_key' order by section for no key update
  `.execute(tx);
  for (const { section, sealed } of rows) {
    const belongsTo = destinationKeyOf(section);
    const resealed = to.seal(from.open(sealed, belongsTo), belongsTo);
    await sql`update settings set value = jsonb_set(value, '{api_key}', to_jsonb(${resealed}::text)) where section = ${section}`.execute(
      tx,
    );
  }
  return rows.length;
}

async function reseal(tx: Tx, place: (typeof SEALED_COLUMNS)[number], from: Secrets, to: Secrets): Promise<number> {
  const table = sql.table(place.table);
  const column = sql.ref(place.column);
  // Locked, so that a token refreshed meanwhile is not overwritten by its predecessor.
  const { rows } = await sql<{ id: string; sealed: string }>`
    select id::text as id, ${column} as sealed from ${table} where ${column} is not null order by id for no key update
  `.execute(tx);
  for (const { id, sealed } of rows) {
    const belongsTo = place.belongsTo(id);
    const resealed = to.seal(from.open(sealed, belongsTo), belongsTo);
    await sql`update ${table} set ${column} = ${resealed} where id::text = ${id}`.execute(tx);
  }
  return rows.length;
}
