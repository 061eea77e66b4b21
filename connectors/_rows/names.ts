/** Most texts: nothing in them needs a second look. */
const PLAIN = /^[\t\n\r\x20-\x7e]*$/;
/** What is not seen and says nothing: control characters, soft hyphens, zero-width spaces, byte-order marks, marks of direction. */
const INVISIBLE =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
const SPACES = /[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g;
/** Spaces in a row, and tabs: on a screen one space. */
const GAPS = / {2,}| *\t[ \t]*/g;
/** Joiners mean something in emoji and in scripts that join letters; elsewhere they are left-overs of copying. */
const STRAY_JOINERS =
  /(?<![\p{Lo}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])[\u200c\u200d]|[\u200c\u200d]+$/gu;

/**
 * A text as two people who see it would compare it: without what is invisible, with one kind of space and one at a time, letters in their composed
 * form (NFC), nothing around it. Upper and lower case stay apart.
 */
export function tidyText(text: string): string {
  const trimmed = text.trim();
  if (PLAIN.test(trimmed)) return withoutGaps(trimmed);
  const seen = trimmed.normalize("NFC").replace(INVISIBLE, "").replace(SPACES, " ").replace(STRAY_JOINERS, "");
  return withoutGaps(seen.trim());
}

function withoutGaps(text: string): string {
  return text.includes("  ") || text.includes("\t") ? text.replace(GAPS, " ") : text;
}

/** The name of a column as it is compared: one that goes over several lines of its cell may be written in one. */
export function columnName(text: string): string {
  return tidyText(text).replace(/\s*[\r\n]\s*/g, " ");
}

/** `a, b or c`. */
export function andList(words: readonly string[], word: "and" | "or"): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${word} ${last}`;
}

/** Without halves of characters, which no text in UTF-8 can hold. */
export function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, "\ufffd");
}
