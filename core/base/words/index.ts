import { en } from "./en.ts";
import { fr } from "./fr.ts";
import type { Words } from "./words.ts";

export type { Words } from "./words.ts";
export { en };

const LANGUAGES: readonly Words[] = [en, fr];

/**
 * The words for a locale. A language that has none gets English ones, and then only its numbers and clock are its own: a sentence is never half in
 * one language and half in another.
 */
export function wordsFor(locale: string): Words {
  const language = locale.toLowerCase().split(/[-_]/)[0];
  return LANGUAGES.find((words) => words.language === language) ?? en;
}
