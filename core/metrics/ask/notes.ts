import { en, type Words } from "../../base/words/index.ts";
import type { MetricAnswer } from "../engine/query.ts";

/** What keeps an answer from being whole, as whoever shows it needs it. */
type Incomplete = Pick<MetricAnswer, "exceptions" | "sources" | "all_time_is_working">;

/** How counts are written. */
type Write = (count: number) => string;

const plain: Write = (count) => new Intl.NumberFormat("en").format(count);

/** What is missing from an answer or odd in it: a short sentence each, what its sources lack first, how it counts time last. Empty: it is whole. */
export function notesOf(answer: Incomplete, words: Words = en, write: Write = plain): string[] {
  return [
    ...answer.sources.flatMap((source) => {
      const about = reasonText(source, words, write);
      return about === null ? [] : [`${source.title} ${about}`];
    }),
    ...leftOut(answer, words, write),
    ...(answer.all_time_is_working === true ? [words.allTimeIsWorking] : []),
  ];
}

/** What is left out of the amount or the number. */
export function leftOut({ exceptions }: Pick<Incomplete, "exceptions">, words: Words, write: Write): string[] {
  return exceptions.map(
    ({ reason, count }) => words.leftOut[reason]?.(count, write(count)) ?? words.leftOutOtherwise(write(count), reason),
  );
}

/** Why a source is not current, to stand after its name; null: it is, or it has ended and will tell no more. */
export function reasonText(
  source: Pick<MetricAnswer["sources"][number], "reason" | "refused" | "held_deletions">,
  words: Words,
  write: Write,
): string | null {
  switch (source.reason) {
    case null:
      return null;
    case "held":
      return words.sources.held(write(source.held_deletions));
    case "refused":
      return words.sources.refused(write(source.refused));
    default:
      return words.sources[source.reason];
  }
}
