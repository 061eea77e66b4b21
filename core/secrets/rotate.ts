import { sql } from "kysely";
import type { AnyDestination } from "../destination/define.ts";
import { sectionSecretOf } from "../destination/settings.ts";
import type { Tx } from "../store/db.ts";
import { type FieldPath, mapSecrets } from "./declared.ts";
import { credentialsOf, endpointSecretOf, inboundSecretOf, type Secrets } from "./index.ts";

/**
 * Every column that holds a sealed text, and what its text belongs to. A new one is added here, or a rotation would lose it.
 * Destinations say themselves which of their settings are secret.
 */
const SEALED_COLUMNS = [
  { table: "connections", column: "credentials", belongsTo: credentialsOf },
  { table: "connections", column: "inbound_secret", belongsTo: inboundSecretOf },
] as const;

/**
 * Seals every stored secret anew, in the caller's transaction: either all are under the new key, or none is.
 *
 * @param rotation `from` opens with the old key; `to` seals with the new one. `destinations`: their settings hold the secrets that they declare.
 * @returns how many secrets were sealed anew.
 * @throws TributaryError of {@link Secrets.open}; nothing was changed then.
 */
export async function rotateSecrets(tx: Tx, rotation: Rotation): Promise<number> {
  let count = 0;
  for (const place of SEALED_COLUMNS) count += await reseal(tx, place, rotation);
  for (const destination of rotation.destinations) count += await resealDestination(tx, destination, rotation);
  return count;
}

export type Rotation = {
  readonly from: Secrets;
  readonly to: Secrets;
  readonly destinations: readonly Pick<AnyDestination, "key" | "settings">[];
};

/** What a destination declares as secret, in its section of `settings` or in its receivers' rows. */
async function resealDestination(
  tx: Tx,
  { key, settings }: Rotation["destinations"][number],
  { from, to }: Rotation,
): Promise<number> {
  let count = 0;
  const resealed = (value: object, belongsTo: (path: FieldPath) => string): string =>
    JSON.stringify(
      mapSecrets(settings, value, (text, path) => {
        count += 1;
        return to.seal(from.open(text, belongsTo(path)), belongsTo(path));
      }),
    );
  const sections = await sql<{ value: object }>`
    select value from settings where section = ${key} for no key update`.execute(tx);
  for (const { value } of sections.rows)
    await sql`update settings set value = ${resealed(value, sectionSecretOf(key))}::jsonb where section = ${key}`.execute(
      tx,
    );
  const receivers = await sql<{ id: string; settings: object }>`
    select id, settings from webhook_endpoints where destination = ${key} order by id for no key update`.execute(tx);
  for (const { id, settings: value } of receivers.rows)
    await sql`update webhook_endpoints set settings = ${resealed(value, () => endpointSecretOf(id))}::jsonb where id = ${id}`.execute(
      tx,
    );
  return count;
}

async function reseal(tx: Tx, place: (typeof SEALED_COLUMNS)[number], { from, to }: Rotation): Promise<number> {
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
