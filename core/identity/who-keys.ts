import type { OtherId } from "../schema/facts.ts";
import type { IdentityEntity } from "../schema/tables/identity.ts";
import type { Copy } from "../store/copy.ts";
import type { Tx } from "../store/db.ts";
import {
  deleteIdentities,
  type IdentityRow,
  insertIdentities,
  mentionedOnly,
  readIdentities,
} from "../store/identity/identities.ts";
import { domainKey, emailKey, nameKey, otherIdKey, phoneKey } from "./keys.ts";

/** A row that came in, with what it may be recognised by as its source writes it. */
export type Who = {
  readonly entity: IdentityEntity;
  readonly id: string;
  readonly externalId: string;
  /** Only named by another record: says nothing where the row's own record has told of it. */
  readonly isMention: boolean;
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  readonly domains: readonly string[];
  readonly otherIds: readonly OtherId[];
  /** Only of what is known by its name: teams and pipelines. */
  readonly names: readonly string[];
};

/**
 * Brings the stored keys of the rows to what came in. `now`: what they are recognised by, of which `added` is new; `gone`: what they no
 * longer are recognised by.
 */
export async function storeKeys(
  tx: Tx,
  copy: Copy,
  { connectionId, who }: { readonly connectionId: string; readonly who: readonly Who[] },
): Promise<{
  readonly now: readonly IdentityRow[];
  readonly added: readonly IdentityRow[];
  readonly gone: readonly IdentityRow[];
}> {
  const ids = [...new Set(who.map((row) => row.id))];
  if (ids.length === 0) return { now: [], added: [], gone: [] };
  const stored = new Map<string, IdentityRow[]>();
  for (const row of await readIdentities(tx, ids)) {
    const rows = stored.get(row.entityId);
    if (rows === undefined) stored.set(row.entityId, [row]);
    else rows.push(row);
  }
  const keys: IdentityRow[] = [];
  const added: IdentityRow[] = [];
  const gone: IdentityRow[] = [];
  for (const [id, now] of await toldKeys(tx, who, stored)) {
    const before = stored.get(id) ?? [];
    keys.push(...now);
    added.push(...now.filter((key) => !before.some((old) => isSameKey(old, key))));
    gone.push(...before.filter((old) => old.type !== "manual" && !now.some((key) => isSameKey(old, key))));
  }
  await deleteIdentities(tx, gone);
  await insertIdentities(copy, connectionId, added);
  return { now: keys, added, gone };
}

/** A record's own word holds, and the last one's. Of a row that is only mentioned every mention counts, whichever came first. */
async function toldKeys(
  tx: Tx,
  who: readonly Who[],
  stored: ReadonlyMap<string, readonly IdentityRow[]>,
): Promise<Map<string, readonly IdentityRow[]>> {
  const told = new Map<string, readonly IdentityRow[]>();
  for (const row of who) if (!row.isMention) told.set(row.id, keysOf(row));
  const mentions = who.filter((row) => row.isMention && !told.has(row.id));
  const known = mentions.map((row) => row.id).filter((id) => stored.has(id));
  const unowned = new Set(await mentionedOnly(tx, known));
  for (const row of mentions) {
    const before = stored.get(row.id);
    if (before !== undefined && !unowned.has(row.id)) continue;
    const others = told.get(row.id) ?? before?.filter((key) => key.type !== "manual") ?? [];
    const news = keysOf(row).filter((key) => !others.some((other) => isSameKey(other, key)));
    told.set(row.id, [...others, ...news]);
  }
  return told;
}

function isSameKey(a: IdentityRow, b: IdentityRow): boolean {
  return a.type === b.type && a.value === b.value;
}

function keysOf(who: Who): IdentityRow[] {
  const rows = new Map<string, IdentityRow>();
  const add = (type: IdentityRow["type"], value: string | null): void => {
    if (value !== null) rows.set(`${type}|${value}`, { entity: who.entity, entityId: who.id, type, value });
  };
  add("vendor_id", who.externalId);
  for (const email of who.emails) add("email", emailKey(email));
  for (const phone of who.phones) add("phone", phoneKey(phone));
  for (const domain of who.domains) add("domain", domainKey(domain));
  for (const id of who.otherIds) add("other_id", otherIdKey(id));
  for (const name of who.names) add("name", nameKey(name) || null);
  return [...rows.values()];
}
