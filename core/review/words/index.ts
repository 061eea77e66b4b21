import { en } from "./en.ts";
import { fr } from "./fr.ts";
import type { ReviewWords } from "./words.ts";

export type { ReviewWords } from "./words.ts";

/** In which languages a review can be written. */
export const REVIEW_LANGUAGES = ["en", "fr"] as const;
const WORDS: readonly ReviewWords[] = [en, fr];

/** @param locale BCP 47. A language that has no words gets English ones. */
export function reviewWords(locale: string): ReviewWords {
  const language = locale.toLowerCase().split(/[-_]/)[0];
  return WORDS.find((words) => words.language === language) ?? en;
}
