import { addDays, isDay } from "../../base/time.ts";
import type { Range } from "./period.ts";

/** Days as people write a period: `2026`, `2026-Q2`, `2026-04`, `2026-04-15` or `2026-04-01..2026-04-15`. Null: it is none of these. */
export function parsePeriod(text: string): Range | null {
  const [from, to] = text.split("..");
  if (to !== undefined) return from !== undefined && isDay(from) && isDay(to) && from <= to ? { from, to } : null;
  if (isDay(text)) return { from: text, to: text };
  const [, year, , quarter, month] = /^(\d{4})(-Q([1-4])|-(\d{2}))?$/.exec(text) ?? [];
  if (year === undefined) return null;
  const first = quarter === undefined ? Number(month ?? 1) : Number(quarter) * 3 - 2;
  const months = quarter !== undefined ? 3 : month !== undefined ? 1 : 12;
  if (first < 1 || first > 12) return null;
  const start = `${year}-${String(first).padStart(2, "0")}-01`;
  const next =
    first + months > 12
      ? `${String(Number(year) + 1).padStart(4, "0")}-01-01`
      : `${year}-${String(first + months).padStart(2, "0")}-01`;
  return isDay(start) && isDay(next) ? { from: start, to: addDays(next, -1) } : null;
}
