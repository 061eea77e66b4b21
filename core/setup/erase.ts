import { randomBytes } from "node:crypto";
import { TributaryError } from "../base/errors.ts";
import {
  emailText,
  erasedJson,
  erasedText,
  isFullName,
  isTellingId,
  knownBy,
  markOf,
  nameText,
  phoneText,
  speaksOf,
  type Subject,
} from "../base/erasing.ts";
import { INBOUND } from "../land/inbound.ts";
import { streamLockName } from "../land/run.ts";
import { recordText } from "../land/screen.ts";
import type { Db, Store, Tx } from "../store/db.ts";
import { lockFacts } from "../store/facts/facts-marks.ts";
import {
  deleteFactsOf,
  deletePeople,
  type ErasedPerson,
  holdStreams,
  insertErasure,
  isColleague,
  personRows,
  readErasures,
  recordsAbout,
  sharedNames,
  sharedRecords,
  streamsOf,
  type Swept,
  sweepPerson,
} from "../store/erasure.ts";
import type { Clock } from "../base/clock.ts";
import { type Actor, noted } from "./verb.ts";

export type Erased = {
  /** Under which the audit log has it; the address stands nowhere. */
  readonly id: string;
  /** How many rows of people they were. */
  readonly people: number;
  /** Rows that were changed or deleted, by table. */
  readonly tables: { readonly [table: string]: number };
};

/** How long pulls that are under way are waited for. */
const PATIENCE_MS = 60_000;

/**
 * Forgets a person: takes them out of everything that is stored (raw records, facts and their past, events, logs, kept answers), and keeps marks of
 * them by which what sources send again is recognised. Touches and deals go on counting, as nobody's. Pulls wait meanwhile.
 *
 * @param isDryRun says what would go, and changes nothing.
 * @throws TributaryError `erase.not_an_address`, `erase.colleague`, `erase.busy`
 */
export async function erasePerson(
  deps: { readonly store: Store; readonly clock: Clock },
  actor: Actor,
  address: string,
  { isDryRun = false }: { readonly isDryRun?: boolean } = {},
): Promise<Erased> {
  const email = emailText(address.trim());
  if (!/^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/.test(email)) throw notAnAddress();
  const { db } = deps.store;
  if (await isColleague(db, email)) throw colleague();
  const work = (tx: Tx): Promise<Erased> => erase(tx, email, deps.clock.now());
  if (isDryRun) return dryRun(db, work);
  const note = (done: Erased) =>
    ({
      actor,
      action: "person.erase",
      target: done.id,
      details: { people: done.people, tables: done.tables },
    }) as const;
  return noted<Erased>(db, note, work).catch(waited);
}

async function dryRun(db: Db, work: (tx: Tx) => Promise<Erased>): Promise<Erased> {
  const tx = await db.startTransaction().execute();
  try {
    return await work(tx).catch(waited);
  } finally {
    await tx.rollback().execute();
  }
}

async function erase(tx: Tx, email: string, now: Date): Promise<Erased> {
  const streams = await streamsOf(tx);
  const names = new Set([
    ...streams.map(({ connectionId, stream }) => streamLockName(connectionId, stream)),
    ...streams.map(({ connectionId }) => streamLockName(connectionId, INBOUND)),
  ]);
  await holdStreams(tx, [...names].toSorted(), PATIENCE_MS);
  for (const id of [...new Set(streams.map(({ connectionId }) => connectionId))].toSorted()) await lockFacts(tx, id);
  const people = await personRows(tx, email);
  const subject = subjectOf(email, people);
  const salt = (await readErasures(tx))?.salt ?? randomBytes(32);
  const swept = await sweep(tx, subject, people, salt);
  const marks = [
    ...subject.emails.map((text) => markOf(salt, "email", text)),
    ...subject.names.map((text) => markOf(salt, "name", text)),
    ...subject.phones.flatMap((text) => phoneText(text) ?? []).map((text) => markOf(salt, "phone", text)),
    ...subject.ids.map((text) => markOf(salt, "id", text)),
    ...swept.gone.map((one) => markOf(salt, "record", recordText(one.connectionId, one.stream, one.externalId))),
  ];
  const id = await insertErasure(tx, { at: now, salt, marks });
  return {
    id,
    people: people.length,
    tables: swept.tables,
  };
}

function subjectOf(email: string, people: readonly ErasedPerson[]): Subject {
  const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
  return {
    emails: unique([email, ...people.flatMap((one) => one.emails.map(emailText))]),
    names: unique(people.flatMap(({ name }) => (name !== null && isFullName(name) ? [nameText(name)] : []))),
    phones: unique(people.flatMap((one) => one.phones)),
    ids: unique(people.map(({ externalId }) => externalId).filter((id) => isTellingId(id) && !id.includes("@"))),
  };
}

async function sweep(tx: Tx, subject: Subject, people: readonly ErasedPerson[], salt: Buffer): Promise<Swept> {
  const ids = people.map(({ id }) => id);
  const records = people.map(({ recordId }) => recordId);
  const shared = await sharedRecords(tx, records, ids);
  const own = new Set(records.filter((id) => !shared.has(id)));
  const about = new Set([...(await recordsAbout(tx, ids)), ...records]);
  const others = await sharedNames(tx, subject.names, ids);
  const known = knownBy(subject, salt);
  // Where nobody else is called so, the name is theirs wherever it stands.
  const everywhere = knownBy({ ...subject, names: subject.names.filter((name) => !others.has(name)) }, salt);
  const named = (text: string): boolean => subject.emails.includes(emailText(text));
  const ownRecords = new Set(own);
  const rows = await deletePeople(tx, ids);
  const swept = await sweepPerson(tx, {
    needles: [
      ...subject.emails,
      ...subject.emails.map((text) => encodeURIComponent(text).toLowerCase()),
      ...subject.names,
      ...subject.names.map((text) => JSON.stringify(text).slice(1, -1)),
      ...subject.phones.map((text) => text.toLowerCase()),
      ...subject.ids.map((text) => text.toLowerCase()),
    ],
    isAbout: (row, recordId) => (recordId !== null && about.has(recordId)) || speaksOf(known, row),
    json: (value, isAbout) => erasedJson(isAbout ? known : everywhere, value, true),
    text: (value, isAbout) => erasedText(isAbout ? known : everywhere, value, true),
    isOwn: (recordId, externalId) => {
      // A record that is named by the address would go on naming it.
      const isTheirs =
        own.has(recordId) || named(externalId) || subject.emails.some((one) => externalId.toLowerCase().includes(one));
      if (isTheirs) ownRecords.add(recordId);
      return isTheirs;
    },
  });
  const deleted = rows + (await deleteFactsOf(tx, [...ownRecords]));
  return { ...swept, tables: deleted === 0 ? swept.tables : { ...swept.tables, "rows of their own": deleted } };
}

/** PostgreSQL's lock_not_available. */
function waited(error: unknown): never {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const cause =
    error instanceof Error && error.cause instanceof Error && "code" in error.cause ? error.cause.code : null;
  if (code !== "55P03" && cause !== "55P03") throw error;
  throw new TributaryError({
    code: "erase.busy",
    kind: "transient",
    message: "Pulls are under way that do not end; nothing was erased.",
    mend: "Wait until they are through (`tributary connections`), or pause the connection, and ask again.",
    cause: error,
  });
}

function notAnAddress(): TributaryError {
  return new TributaryError({
    code: "erase.not_an_address",
    kind: "config",
    message: "That is no e-mail address.",
    mend: "Give one address by which the person is known, such as jo@example.com.",
  });
}

function colleague(): TributaryError {
  return new TributaryError({
    code: "erase.colleague",
    kind: "config",
    message: "That is the address of a rep, or of somebody who signs in here.",
    mend: "A rep's deals and touches are counted by rep: rename them in the tool that they come from. `tributary users` removes who signs in.",
  });
}
