import { TributaryError } from "../base/errors.ts";
import type { Db, Tx } from "../store/db.ts";
import { touchSettings } from "../store/facts/kept-answers.ts";
import { type Entry, madeSection, readEntries, writeSettings } from "../store/setup/settings.ts";
import { takeTurn } from "../store/turns.ts";
import { type Actor, noted } from "./verb.ts";

/**
 * Lists that a config file can have and that people make one by one as well: dashboards, feeds, own KPIs, goals. What a file lists is the
 * file's, and changed there. The rest stands beside it: applying a file takes nothing of it away.
 */
export type EntrySection = "dashboards" | "feeds" | "metrics" | "goals";

/**
 * Makes one, or changes the one of its id.
 *
 * @param check what is wrong with the whole list, as it would then be; throws.
 * @throws TributaryError `setup.owned_by_file`
 */
export async function putEntry(
  db: Db,
  actor: Actor,
  section: EntrySection,
  entry: Entry,
  check: (tx: Tx, all: readonly Entry[]) => Promise<void>,
): Promise<"create" | "update"> {
  return noted<"create" | "update">(
    db,
    (did) => ({ actor, action: `section.${did}`, target: `${section}/${entry.id}` }),
    async (tx) => {
      const { file, made } = await readForChange(tx, section, entry.id);
      const others = made.filter(({ id }) => id !== entry.id);
      await check(tx, [...others, ...(file ?? []), entry]);
      // In the place that it had.
      const next =
        others.length === made.length ? [...made, entry] : made.map((one) => (one.id === entry.id ? entry : one));
      await write(tx, section, next);
      return others.length === made.length ? "create" : "update";
    },
  );
}

/** @throws TributaryError `setup.owned_by_file`, `setup.unknown_entry` */
export async function removeEntry(db: Db, actor: Actor, section: EntrySection, id: string): Promise<void> {
  await noted(db, { actor, action: "section.remove", target: `${section}/${id}` }, async (tx) => {
    const { made } = await readForChange(tx, section, id);
    const next = made.filter((one) => one.id !== id);
    if (next.length === made.length) throw unknownEntry(section, id);
    await write(tx, section, next);
  });
}

async function readForChange(
  tx: Tx,
  section: EntrySection,
  id: string,
): Promise<Awaited<ReturnType<typeof readEntries>>> {
  await takeTurn(tx, "entries");
  const entries = await readEntries(tx, section);
  if (entries.file?.some((one) => one.id === id) === true) throw ownedByFile(`"${id}" of \`${section}\``);
  return entries;
}

async function write(tx: Tx, section: EntrySection, entries: readonly Entry[]): Promise<void> {
  await writeSettings(tx, madeSection(section), entries.length === 0 ? null : entries);
  await touchSettings(tx);
}

/** @param what begins a sentence. */
export function ownedByFile(what: string): TributaryError {
  return new TributaryError({
    code: "setup.owned_by_file",
    kind: "config",
    message: `${what} stands in the config file.`,
    mend: "Change it there and apply the file, or take another id.",
  });
}

function unknownEntry(section: string, id: string): TributaryError {
  return new TributaryError({
    code: "setup.unknown_entry",
    kind: "config",
    message: `Nobody has made "${id}" of \`${section}\` in the console or by the API.`,
    mend: "Take an id of the list. What is there from the start cannot be taken away.",
  });
}
