import { TributaryError } from "../base/errors.ts";
import type { ActivityType } from "../schema/canonical.ts";
import type { IdentityEntity } from "../schema/tables/identity.ts";
import { attributeActivities, attributionsConcerned } from "../store/identity/attribution.ts";
import type { Copy } from "../store/copy.ts";
import type { Tx } from "../store/db.ts";
import { touchesConcerned } from "../store/identity/duplicates.ts";
import {
  connectorOf,
  findMatches,
  findNamed,
  forgetKeys,
  hasOtherConnections,
  type IdentityRow,
  type Key,
  lockIdentities,
  rowsOfEntity,
} from "../store/identity/identities.ts";
import { deleteConnection } from "../store/setup/delete-connection.ts";
import { leftBy } from "../store/identity/left-by.ts";
import {
  forgetLinks,
  insertManualLink,
  linkedRows,
  replaceLinks,
  undoLinksOfPair,
} from "../store/identity/identity-links.ts";
import { regroup, RELATED_ENTITIES } from "./components.ts";
import { markDuplicates } from "./duplicates.ts";
import { applyNames } from "./named.ts";
import { applyRepsConfig } from "./reps.ts";
import { evidenceOf, isLinkable, linksOf, namedLinksOf } from "./rules.ts";
import { storeKeys, type Who } from "./who-keys.ts";

/**
 * Relate: rows of different tools that are the same rep, person, company, team or pipeline become one (`merged_into`), with the rule and its evidence kept
 * in identity_links, and reversible. From who is one follows which touches are one (`duplicate_of`) and which deal a touch without one is
 * attributed to (`attributed_deal_id`). Each is worked out from what is stored now, so that it does not matter what arrived first.
 */

/** An activity that came in. */
export type Touch = {
  readonly id: string;
  readonly type: ActivityType;
  readonly hasKeys: boolean;
  /** Whether its source names a deal, and whether anybody whose deal it could be. */
  readonly needsDeal: boolean;
};

export type RelateInput = {
  readonly connectionId: string;
  readonly who: readonly Who[];
  /** Rows of reps, people and companies that are no more. */
  readonly removed: readonly { readonly entity: IdentityEntity; readonly id: string }[];
  readonly touches: readonly Touch[];
  readonly removedTouches: readonly string[];
  /** Deals that came in, are no more, or whose history came out different. */
  readonly deals: readonly string[];
  /** Records that the source no longer has. */
  readonly deletedRecordIds: readonly string[];
  /** Whether pipelines came in that were not there: the connection keeps deals. */
  readonly hasNewPipelines: boolean;
  readonly now: Date;
};

/** Runs in the transaction of the facts. @returns how many rows were changed. */
export async function relate(tx: Tx, copy: Copy, input: RelateInput): Promise<number> {
  const isAlone = !(await hasOtherConnections(tx, input.connectionId));
  if (!isAlone && concernsOthers(input)) await lockIdentities(tx);
  const regrouped = await relateWho(tx, copy, input, isAlone);
  return regrouped.rows + (await relateTouches(tx, input, regrouped, isAlone));
}

function concernsOthers({ who, removed, touches, deals, deletedRecordIds, removedTouches }: RelateInput): boolean {
  return [who, removed, touches, deals, deletedRecordIds, removedTouches].some((list) => list.length > 0);
}

/** Rows that are one with others than before, or that touches may be recognised by in another way. `rows`: how many of the former. */
type Regrouped = {
  readonly rows: number;
  readonly people: readonly string[];
  readonly companies: readonly string[];
  readonly reps: readonly string[];
};

const NOBODY: Regrouped = { rows: 0, people: [], companies: [], reps: [] };

async function relateWho(tx: Tx, copy: Copy, input: RelateInput, isAlone: boolean): Promise<Regrouped> {
  if (input.who.length === 0 && input.removed.length === 0) return NOBODY;
  const removed = input.removed.map((row) => row.id);
  const forgotten = await forgetKeys(tx, removed);
  const seeds = new Set(await forgetLinks(tx, removed));
  const { now, added, gone } = await storeKeys(tx, copy, input);
  if (!isAlone) {
    const own = new Set(input.who.map((row) => row.id));
    const keys = await withNames(tx, input.connectionId, [...now, ...gone, ...forgotten]);
    for (const id of await linkByKeys(tx, keys)) seeds.add(id);
    // Also without a change of links: the row itself may have been made anew.
    for (const id of await linkedRows(tx, [...own])) seeds.add(id);
  }
  const grouped = await regroupAll(tx, [...seeds]);
  let named = 0;
  for (const entity of ["team", "pipeline"] as const)
    if (input.who.some((row) => row.entity === entity)) named += await applyNames(tx, entity);
  const people = [...grouped.people, ...renumbered([...added, ...gone, ...forgotten])];
  const regrouped = { ...grouped, rows: grouped.rows + named, people };
  if (!input.who.some((row) => row.entity === "rep")) return regrouped;
  const { rows, reps } = await applyRepsConfig(tx, input.now);
  return { ...regrouped, rows: regrouped.rows + rows, reps: [...regrouped.reps, ...reps] };
}

/** People of whom a telephone number came or went: their calls may be others' or no longer be, also where they are not one with anybody. */
function renumbered(changed: readonly IdentityRow[]): readonly string[] {
  return changed.filter((key) => key.entity === "person" && key.type === "phone").map((key) => key.entityId);
}

/** The keys by which others may be linked, with those by which other tools would name the rows. */
async function withNames(tx: Tx, connectionId: string, keys: readonly Key[]): Promise<Key[]> {
  const connector = await connectorOf(tx, connectionId);
  const named = keys.flatMap((key): Key[] =>
    key.type === "vendor_id"
      ? [`${connector}:${key.value}`, `*:${key.value}`].map((value) => ({
          entity: key.entity,
          type: "other_id",
          value,
        }))
      : [],
  );
  return [...keys, ...named].filter(isLinkable);
}

/** Brings the links that follow from the keys to what is stored now. @returns the rows whose links may be others. */
async function linkByKeys(tx: Tx, keys: readonly Key[]): Promise<readonly string[]> {
  const links = [...linksOf(await findMatches(tx, keys)), ...namedLinksOf(await findNamed(tx, keys))];
  const evidences = keys.map((key) => ({ entity: key.entity, evidence: evidenceOf(key) }));
  const left = await replaceLinks(tx, evidences, links);
  return [...left, ...links.flatMap((link) => [link.fromId, link.intoId])];
}

async function regroupAll(tx: Tx, seeds: readonly string[]): Promise<Regrouped> {
  if (seeds.length === 0) return NOBODY;
  const changed: { [entity in IdentityEntity]?: string[] } = {};
  for (const entity of RELATED_ENTITIES)
    changed[entity] = await regroup(tx, entity, await rowsOfEntity(tx, entity, seeds));
  const { person: people = [], company: companies = [], rep: reps = [] } = changed;
  const rows = Object.values(changed).reduce((sum, ids) => sum + ids.length, 0);
  return { rows, people, companies, reps };
}

/** Types that two tools tell of. */
const SHARED_TYPES: readonly ActivityType[] = ["call", "meeting", "email"];

async function relateTouches(tx: Tx, input: RelateInput, regrouped: Regrouped, isAlone: boolean): Promise<number> {
  const { touches, deletedRecordIds, connectionId } = input;
  const doubles = touches.filter((one) => one.hasKeys || (!isAlone && SHARED_TYPES.includes(one.type)));
  const concerned = await touchesConcerned(tx, {
    deletedRecordIds,
    removedIds: input.removedTouches,
    people: isAlone ? [] : regrouped.people,
    reps: isAlone ? [] : regrouped.reps,
    winningConnection: input.hasNewPipelines && !isAlone ? connectionId : null,
  });
  const marked = await markDuplicates(tx, [...new Set([...doubles.map((one) => one.id), ...concerned])]);
  const lonely = await attributionsConcerned(tx, {
    people: [...regrouped.people, ...input.who.filter((row) => row.entity === "person").map((row) => row.id)],
    companies: regrouped.companies,
    deals: input.deals,
    deletedRecordIds,
  });
  const needing = touches.filter((one) => one.needsDeal).map((one) => one.id);
  return marked + (await attribute(tx, [...new Set([...needing, ...lonely])]));
}

/** So many are attributed by one statement. */
const CHUNK = 5_000;

async function attribute(tx: Tx, ids: readonly string[]): Promise<number> {
  let changed = 0;
  for (let at = 0; at < ids.length; at += CHUNK) changed += await attributeActivities(tx, ids.slice(at, at + CHUNK));
  return changed;
}

/** What follows for touches when rows became or ceased to be one. */
async function relateAgain(tx: Tx, regrouped: Regrouped): Promise<void> {
  const { people, reps, companies } = regrouped;
  const change = { deletedRecordIds: [], removedIds: [], people, reps, winningConnection: null };
  await markDuplicates(tx, await touchesConcerned(tx, change));
  await attribute(tx, await attributionsConcerned(tx, { people, companies, deals: [], deletedRecordIds: [] }));
}

/**
 * Makes two rows one because somebody says so; it holds until somebody says otherwise.
 *
 * @returns the number of the link.
 * @throws TributaryError `identity.no_such_row`, `identity.same_row`
 */
export async function linkManually(
  tx: Tx,
  link: { readonly entity: IdentityEntity; readonly fromId: string; readonly intoId: string; readonly by: string },
): Promise<number> {
  const { entity, fromId, intoId, by } = link;
  if (fromId === intoId)
    throw new TributaryError({
      code: "identity.same_row",
      kind: "config",
      message: "A row cannot be made one with itself.",
      mend: "Name two different rows.",
    });
  await lockIdentities(tx);
  const found = await rowsOfEntity(tx, entity, [fromId, intoId]);
  const missing = [fromId, intoId].find((id) => !found.includes(id));
  if (missing !== undefined)
    throw new TributaryError({
      code: "identity.no_such_row",
      kind: "config",
      message: `There is no ${entity} ${missing}.`,
      mend: `Look up the ids of both rows in the list of identities; both have to be a ${entity}.`,
    });
  const id = await insertManualLink(tx, { entity, fromId, intoId, evidence: `manual:${by}` });
  await relateAgain(tx, await regroupAll(tx, [fromId, intoId]));
  return id;
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
  await relateAgain(tx, await regroupAll(tx, [pair.fromId, pair.intoId]));
}

/** Brings teams or pipelines to what the config says of them. */
export async function relateNames(tx: Tx, entity: "team" | "pipeline"): Promise<void> {
  await lockIdentities(tx);
  await applyNames(tx, entity);
}

/** Brings the reps, and what they did, to what the config says. */
export async function relateReps(tx: Tx, now: Date): Promise<void> {
  await lockIdentities(tx);
  const { reps } = await applyRepsConfig(tx, now);
  await relateAgain(tx, { ...NOBODY, reps });
}

/**
 * Removes an account with everything that was pulled from it. What had been one with its rows, a double of its touches or attributed to its
 * deals is related anew to what is left.
 *
 * @returns false when there is no such connection.
 */
export async function removeConnection(tx: Tx, connectionId: string): Promise<boolean> {
  await lockIdentities(tx);
  const left = await leftBy(tx, connectionId);
  if (!(await deleteConnection(tx, connectionId))) return false;
  const seeds = await linkByKeys(tx, left.keys.filter(isLinkable));
  await regroupAll(tx, [...new Set([...left.rows, ...seeds])]);
  await markDuplicates(tx, left.doubles);
  const { rows: people } = left;
  const concerned = await attributionsConcerned(tx, { people, companies: people, deals: [], deletedRecordIds: [] });
  await attribute(tx, [...new Set([...left.attributed, ...concerned])]);
  return true;
}
