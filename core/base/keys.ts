/** What TypeScript does not tell of names, since an object may have more fields than its type says. */

/** The names of a literal's fields, in order. For literals of our own: of anything else there may be more than the type knows. */
export function keysOf<T extends object>(literal: T): readonly (keyof T & string)[] {
  return Object.keys(literal) as (keyof T & string)[];
}

/** Whether a literal of our own has a field of that name; what it inherits is none. */
export function isKeyOf<T extends object>(literal: T, name: PropertyKey): name is keyof T {
  return Object.hasOwn(literal, name);
}

/** Whether a text is one of a list. */
export function isOneOf<T extends string>(list: readonly T[], text: string): text is T {
  const texts: readonly string[] = list;
  return texts.includes(text);
}
