/**
 * Close writes times in two ways: core objects with an offset, events, pipelines and outcomes without one, meaning UTC.
 * `new Date()` would read the second kind in the machine's own time zone. developer.close.com, "Events".
 *
 * @returns null when the text is no time.
 */
export function closeInstant(text: string | null | undefined): Date | null {
  if (text === null || text === undefined || text === "") return null;
  const hasOffset = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text);
  const isDayOnly = text.length === 10;
  const instant = new Date(hasOffset || isDayOnly ? text : `${text}Z`);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** As filters take it, with its offset said: what a naive filter value means is unverified. */
export function filterTime(instant: Date): string {
  return instant.toISOString().replace("Z", "+00:00");
}
