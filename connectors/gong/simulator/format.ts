import { createHash } from "node:crypto";

/** An id as Gong makes them, about 19 digits and so beyond 2^53; the same text gives the same id. */
export function gongId(text: string): string {
  const value = createHash("sha256").update(`gong ${text}`).digest().readBigUInt64BE();
  return String(1_000_000_000_000_000_000n + (value % 8_000_000_000_000_000_000n));
}

/** 0 to 1, evenly; the same text gives the same. */
export function shareOf(text: string): number {
  return createHash("sha256").update(`share ${text}`).digest().readUInt32BE() / 2 ** 32;
}

/** With the offset of the company's time zone: `2026-08-28T08:00:00-07:00`. Its first ten characters are the day there. */
export function gongTime(instant: Date, timeZone: string): string {
  const second = new Date(Math.floor(instant.getTime() / 1000) * 1000);
  // `2026-08-28, 08:00:00`, as Swedes write it.
  const wall = new Date(`${clockOf(timeZone).format(second).replace(/,? /, "T")}Z`);
  const offsetMin = Math.round((wall.getTime() - second.getTime()) / 60_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.abs(offsetMin);
  const offset = `${offsetMin < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return wall.toISOString().slice(0, 19) + offset;
}

/** Making one takes longer than a thousand uses of it. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium", hourCycle: "h23" });
  clocks.set(timeZone, clock);
  return clock;
}
