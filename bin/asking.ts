import { InvalidArgumentError } from "commander";
import { addDays, isAskable, isDay, startOfDay } from "../core/base/time.ts";
import type { MetricFilter } from "../core/metrics/index.ts";
import { COMPARED_WITH, type ComparedWith } from "../core/metrics/ask/comparison.ts";
import { parseDimensions, parseFilter } from "../core/metrics/ask/question.ts";
import { isOneOf } from "../core/base/keys.ts";

/** How questions are written on the command line, and how their answers read there. */

export function parseDay(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError("It is no day. Write it as YYYY-MM-DD.");
  return text;
}

export function parseAsOf(text: string): string {
  // Without an offset it would be in the time zone of whoever's machine this is.
  const isInstant = /T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!isDay(text) && !isInstant) {
    throw new InvalidArgumentError("Write a day as YYYY-MM-DD, or an instant with its offset: 2026-03-31T18:00:00Z.");
  }
  if (!isAskable(new Date(text))) throw new InvalidArgumentError("Write a time of the years 1900 to 9998.");
  return text;
}

/** A day as of which to answer is over: its last instant in the workspace's time zone. */
export function instantOf(asOf: string | undefined, timeZone: string): Date | null {
  if (asOf === undefined) return null;
  return isDay(asOf) ? new Date(startOfDay(addDays(asOf, 1), timeZone).getTime() - 1) : new Date(asOf);
}

export function collectDimensions(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...parseDimensions(text)];
}

export function collectFilter(text: string, before: readonly MetricFilter[]): readonly MetricFilter[] {
  const filter = parseFilter(text);
  if (filter === null) throw new InvalidArgumentError("Write it as DIM=VALUE.");
  return [...before, filter];
}

export function collectCompared(text: string, before: readonly ComparedWith[]): readonly ComparedWith[] {
  const kinds = parseDimensions(text);
  const known = kinds.filter((kind) => isOneOf(COMPARED_WITH, kind));
  if (known.length < kinds.length) throw new InvalidArgumentError(`Use ${COMPARED_WITH.join(", ")}.`);
  return [...before, ...known];
}

export const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
export const rounded = (value: number | null): string => (value === null ? "–" : String(Math.round(value * 100) / 100));
