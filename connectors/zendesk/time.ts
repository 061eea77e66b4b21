/**
 * The last minute is held back by every export, and asking for it is refused: "Too recent start_time. Use a start_time older than 60
 * seconds". developer.zendesk.com, "Using the Incremental Exports API".
 */
const HELD_BACK_MS = 61_000;

/** Unix seconds, as exports and ratings take times in queries. */
export function epochS(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}

/** The latest second that an export may be asked from. */
export function newestStart(now: Date): number {
  return epochS(new Date(now.getTime() - HELD_BACK_MS));
}

/**
 * A time of a body: ISO 8601 in UTC, to the second; webhooks and the objects around them carry up to nine digits.
 *
 * @returns null when the text is no time.
 */
export function zendeskInstant(value: unknown): Date | null {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}T/.test(value)) return null;
  const instant = new Date(value.replace(/(\.\d{3})\d+/, "$1"));
  return Number.isNaN(instant.getTime()) ? null : instant;
}
