import { TributaryError } from "../base/errors.ts";
import type { IdentityEntity } from "../schema/tables.ts";
import type { Copy } from "../store/copy.ts";
import type { Tx } from "../store/db.ts";
import {
  deleteIdentities,
  dropStaleLinks,
  ENTITY_TABLES,
  findMatches,
  forgetEntities,
  hasOtherConnections,
  type IdentityRow,
  insertIdentities,
  insertLinks,
  insertManualLink,
  lockIdentities,
  readIdentities,
  undoLinksOfPair,
} from "../store/identities.ts";
import { regroup, RELATED_ENTITIES } from "./components.ts";
import { markDuplicates } from "./duplicates.ts";
import { domainKey, emailKey, phoneKey } from "./keys.ts";
import { applyRepsConfig } from "./reps.ts";
import { linksOf, RULES } from "./rules.ts";

/**
 * Relate: rows of different tools that are the same rep, person or company become one (`merged_into`), with the rule and its evidence kept
 * in identity_links, and reversible.
 */

/** A row that came in, with what it may be recognised by as its source writes it. */
export type Who = {
  readonly entity: Extract<IdentityEntity, "rep" | "person" | "company">;
  readonly id: string;
  readonly externalId: string;
  /** Only named by another record: says nothing where the row has been told of already. */
  readonly isMention: boolean;
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  readonly domains: readonly string[];
};

export type RelateInput = {
  readonly connectionId: string;
  readonly who: readonly Who[];
  /** Rows of reps, people and companies that are no more. */
  readonly removed: readonly { readonly entity: IdentityEntity; readonly id: string }[];
  /** Activities that came in and have match keys. */
  readonly activityIds: readonly string[];
  readonly now: Date;
};

/** Runs in the transaction of the facts. @returns how many rows were changed. */
export async function relate(tx: Tx, copy: Copy, input: RelateInput): Promise<number> {
  const doubles = await markDuplicates(tx, input.activityIds);
  if (input.who.length === 0 && input.removed.length === 0) return doubles;
  await lockIdentities(tx);
  const left = await forgetEntities(
    tx,
    input.removed.map((row) => row.id),
  );
  const { keys, changed } = await storeKeys(tx, copy, input);
  const seeds = new Set(left);
  for (const id of changed.length === 0 ? [] : await dropStaleLinks(tx, changed)) seeds.add(id);
  if (await hasOtherConnections(tx, input.connectionId)) {
    const linkable = keys.filter((key) => RULES.some((rule) => rule.entity === key.entity && rule.key === key.type));
    const links = linksOf(await findMatches(tx, linkable));
    await insertLinks(tx, links);
    // Known ones, too: the row itself may have been made anew.
    for (const link of links) seeds.add(link.fromId).add(link.intoId);
  }
  let merged = 0;
  if (seeds.size > 0)
    for (const entity of RELATED_ENTITIES) merged += await regroup(tx, entity, await ofEntity(tx, entity, [...seeds]));
  if (input.who.some((row) => row.entity === "rep")) merged += await applyRepsConfig(tx, input.now);
  return doubles + merged;
}

async function ofEntity(tx: Tx, entity: IdentityEntity, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.selectFrom(ENTITY_TABLES[entity]).select("id").where("id", "in", ids).execute();
  return rows.map((row) => row.id);
}

/** Brings the stored keys of the rows to what came in. `changed`: rows that had keys before and have others now. */
async function storeKeys(
  tx: Tx,
  copy: Copy,
  { connectionId, who }: RelateInput,
): Promise<{ readonly keys: readonly IdentityRow[]; readonly changed: readonly string[] }> {
  const ids = [...new Set(who.map((row) => row.id))];
  if (ids.length === 0) return { keys: [], changed: [] };
  const stored = new Map<string, IdentityRow[]>();
  for (const row of await readIdentities(tx, ids)) {
    const rows = stored.get(row.entityId);
    if (rows === undefined) stored.set(row.entityId, [row]);
    else rows.push(row);
  }
  // The last record's word holds, and a mention's only where there is no other.
  const told = new Map<string, Who>();
  for (const row of who) if (!row.isMention || (!told.has(row.id) && !stored.has(row.id))) told.set(row.id, row);
  const keys: IdentityRow[] = [];
  const added: IdentityRow[] = [];
  const gone: IdentityRow[] = [];
  for (const row of told.values()) {
    const now = keysOf(connectionId, row);
    const before = stored.get(row.id) ?? [];
    keys.push(...now);
    added.push(...now.filter((key) => !before.some((old) => isSameKey(old, key))));
    gone.push(...before.filter((old) => old.type !== "manual" && !now.some((key) => isSameKey(old, key))));
  }
  await deleteIdentities(tx, gone);
  await insertIdentities(copy, connectionId, added);
  return { keys, changed: [...new Set(gone.map((row) => row.entityId))] };
}

function isSameKey(a: IdentityRow, b: IdentityRow): boolean {
  return a.type === b.type && a.value === b.value;
}

function keysOf(connectionId: string, who: Who): IdentityRow[] {
  const rows = new Map<string, IdentityRow>();
  const add = (type: IdentityRow["type"], value: string | null): void => {
    if (value !== null) rows.set(`${type}|${value}`, { entity: who.entity, entityId: who.id, type, value });
  };
  add("vendor_id", `${connectionId}:${who.externalId}`);
  for (const email of who.emails) add("email", emailKey(email));
  for (const phone of who.phones) add("phone", phoneKey(phone));
  for (const domain of who.domains) add("domain", domainKey(domain));
  return [...rows.values()];
}

/** Makes two rows one because somebody says so; it holds until somebody says otherwise. */
export async function linkManually(
  tx: Tx,
  link: { readonly entity: IdentityEntity; readonly fromId: string; readonly intoId: string; readonly by: string },
): Promise<void> {
  await lockIdentities(tx);
  await insertManualLink(tx, {
    entity: link.entity,
    fromId: link.fromId,
    intoId: link.intoId,
    evidence: `manual:${link.by}`,
  });
  await regroup(tx, link.entity, [link.fromId, link.intoId]);
}

/**
 * Takes the two rows of a link apart, for good: no rule makes them one again.
 *
 * @throws TributaryError `identity.no_such_link`
 */
export async function undoLink(tx: Tx, linkId: number, by: string, now: Date): Promise<void> {
  await lockIdentities(tx);
  const pair = await undoLinksOfPair(tx, linkId, by, now);
  if (pair === null)
    throw new TributaryError({
      code: "identity.no_such_link",
      kind: "config",
      message: `There is no identity link ${linkId}.`,
      mend: "Look up the link's number in the list of identity links.",
    });
  await regroup(tx, pair.entity, [pair.fromId, pair.intoId]);
}

export { applyRepsConfig } from "./reps.ts";
