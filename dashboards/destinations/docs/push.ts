import type { PushContext } from "../../../core/destination/define.ts";
import type { DocsClient, GoogleDocument } from "./client.ts";
import type { DocsSettings } from "./settings.ts";
import { fill, insertion } from "./text.ts";

const REVIEW = "tributary.review.";
const POINTS = "tributary.points.";
/** Where people want reviews. */
const PLACE = /^\s*\{\{\s*reviews\s*\}\}\s*$/;

/**
 * Writes the latest review into the document, once, and brings to the next one what people have written below it. What they wrote is never changed: a review
 * that is there is left alone. All of it is one request, made for the document as it was read; the review's mark is in it, so a request that took effect
 * without an answer is not made twice.
 *
 * @returns the ids of the reviews that were written.
 * @throws TributaryError `docs.unknown_placeholder`, `docs.changed_meanwhile`, `google.…`
 */
export async function pushReview(context: PushContext<DocsSettings>, client: DocsClient): Promise<readonly string[]> {
  const { document, template } = context.settings;
  const there = await client.read(document);
  const newest = newestReview(there);
  if (newest !== null) await context.points({ texts: pointsBelow(there, newest), review: newest });
  const review = await context.review();
  if (review === null || there.ranges.some(({ name }) => name === REVIEW + review.id)) return [];
  const lines = template === undefined ? null : (await client.read(template)).paragraphs;
  const { name, locale } = await context.workspace();
  const filled = fill(lines, review.agenda, { name, language: locale });
  const names = { review: REVIEW + review.id, points: POINTS + review.id };
  await client.change(document, there.revision, insertion(filled, placeIn(there), names));
  return [review.id];
}

/** The uppermost: the newest is put above the others. */
function newestReview({ ranges }: GoogleDocument): string | null {
  const reviews = ranges.filter(({ name }) => name.startsWith(REVIEW)).toSorted((a, b) => a.start - b.start);
  return reviews[0]?.name.slice(REVIEW.length) ?? null;
}

/** Each paragraph with something in it, below where people are asked to write, until a heading, another review or the end. */
export function pointsBelow({ paragraphs, ranges }: GoogleDocument, review: string): readonly string[] {
  const place = ranges.find(({ name }) => name === POINTS + review);
  if (place === undefined) return [];
  const others = ranges
    .filter(({ name, start }) => name.startsWith(REVIEW) && start >= place.end)
    .map(({ start }) => start);
  const until = Math.min(Infinity, ...others);
  const points: string[] = [];
  for (const { start, text, style } of paragraphs) {
    if (start < place.end) continue;
    if (start >= until || style !== "NORMAL_TEXT") break;
    if (text.trim() !== "") points.push(text.trim());
  }
  return points;
}

function placeIn({ paragraphs, end }: GoogleDocument): { readonly at: number; readonly isLast: boolean } {
  const marker = paragraphs.find(({ text }) => PLACE.test(text));
  if (marker === undefined) return { at: 1, isLast: false };
  return marker.end >= end ? { at: end - 1, isLast: true } : { at: marker.end, isLast: false };
}
