/**
 * Two things stand in JavaScript strings that no PostgreSQL text can hold, and that no UTF-8 can carry: NUL, and half of a surrogate pair.
 * Sources send both (a broken export, a message cut in the middle of an emoji). This is the one place that writes them otherwise: as the
 * {@link MARK} and the four hexadecimal digits of what stood there, so `A<NUL>B` is `A␛0000B`. The mark itself is written so, too: what comes
 * back is always, to the letter, what came.
 */
const MARK = "\u241b"; // SYMBOL FOR ESCAPE: visible, and in hardly any text.

/** Whether a text stays as it is. */
function isPlain(text: string): boolean {
  return !text.includes("\0") && !text.includes(MARK) && text.isWellFormed();
}

function marked(character: string): string {
  return MARK + character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
}

/** A text as it can be stored; {@link fromStorable} gives it back. */
export function toStorable(text: string): string {
  // With the flag `u`, a whole pair is one character, and no surrogate.
  return isPlain(text) ? text : text.replace(/[\0\u241b]|\p{Surrogate}/gu, marked);
}

export function fromStorable(text: string): string {
  if (!text.includes(MARK)) return text;
  return text.replace(/\u241b([0-9A-F]{4})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** What `JSON.stringify` gave, as it can be stored: as `json`, as `jsonb` and as text. Doing it twice changes nothing. */
export function toStorableJson(json: string): string {
  if (!json.includes("\\u0000") && !json.includes("\\ud") && !json.includes(MARK)) return json;
  // JSON.stringify writes NUL and lone surrogates as escapes, in small letters. Other escapes are passed over as a whole, so that the
  // second of two backslashes begins none.
  return json.replace(/\\(?:u(0000|d[89a-f][0-9a-f]{2})|[^])|\u241b/g, (match, digits: string | undefined) => {
    if (match === MARK) return "\\u241b241B";
    return digits === undefined ? match : `\\u241b${digits.toUpperCase()}`;
  });
}

/** What {@link toStorableJson} gave, also after `jsonb` has written it anew. */
export function fromStorableJson(json: string): string {
  if (!json.includes(MARK) && !json.includes("\\u241b")) return json;
  return json.replace(/(?:\\u241b|\u241b)([0-9A-F]{4})|\\[^]/g, (match, digits: string | undefined) =>
    digits === undefined ? match : `\\u${digits}`,
  );
}

/** Control characters but tab and line feed: nothing to look at, and a terminal obeys some. */
// eslint-disable-next-line no-control-regex -- they are what it looks for
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f]|\p{Surrogate}/gu;

/** A text for people's eyes: what cannot be shown stands there as {@link toStorable} would write it. Texts that hold none stay as they are. */
export function toVisible(text: string): string {
  return text.replace(UNSEEN, marked);
}
