/** What a listing has found: how many records it does not list, of how many, and how many of those are the same as new ones but for the id. */
export type Unlisted = { readonly gone: number; readonly before: number; readonly twins: number };

/**
 * Why what a listing does not list may be damage at the source (a broken file, half an answer) rather than deletion; null where nothing speaks
 * for that. Pure.
 *
 * @param doubt what was seen of the listing itself: parts that could not be read, an end that is missing.
 */
export function damage({ gone, before, twins }: Unlisted, doubt: string | null): string | null {
  if (gone === 0) return null;
  if (doubt !== null) return doubt;
  if (gone * 2 > before) return "that is more than half of them at once";
  return twins === 0 ? null : `${twins} of them are the same as new ones but for the id (a damaged id?)`;
}
