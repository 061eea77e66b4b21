import { en } from "../../base/words/index.ts";
import type { Db } from "../../store/db.ts";
import { readUnmappedStages, type UnmappedStages } from "../../store/facts/stages.ts";
import { readSourcesOf, type Source } from "../engine/freshness.ts";
import { reasonText } from "./notes.ts";

const count = new Intl.NumberFormat("en");

/**
 * What is wrong with each connection as far as numbers go, by its id, a sentence each with what to do: why it is not current, and which of its
 * stages have no place in a funnel. One with which all is well is not in it.
 */
export async function readTroubles(db: Db, now: Date): Promise<ReadonlyMap<string, readonly string[]>> {
  const [sources, unmapped] = [await readSourcesOf(db, null, now), await readUnmappedStages(db)];
  const troubles = new Map<string, string[]>();
  const add = (id: string, text: string): void => void troubles.set(id, [...(troubles.get(id) ?? []), text]);
  for (const source of sources) {
    // Who has paused it, or been told of its end, knows.
    if (source.reason === "paused" || source.reason === "ended") continue;
    const text = sourceTrouble(source);
    if (text !== null) add(source.connection, text);
  }
  for (const stages of unmapped) add(stages.connectionId, stagesTrouble(stages));
  return troubles;
}

function sourceTrouble(source: Source): string | null {
  const words = reasonText({ ...source, held_deletions: source.heldDeletions }, en, (number) => count.format(number));
  if (words === null) return null;
  return `${source.title} ${words}${source.detail === null ? "." : `: ${source.detail}`}`;
}

const MOST_NAMED = 5;

function stagesTrouble({ names, deals }: UnmappedStages): string {
  const named = names.slice(0, MOST_NAMED).join(", ");
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  return (
    `Stages without a canonical stage: ${named}${more}. ${deals === 1 ? "1 deal has" : `${count.format(deals)} deals have`} been in them, and are in no funnel by canonical stage. ` +
    "Say which is which under `pipelines` in the config file."
  );
}
