import { expect, it } from "vitest";
import { type NewestFirst, readNewestFirst } from "./newest-first.ts";

type Row = { readonly id: string; readonly at: Date };

const STARTED_AT = new Date("2026-11-24T12:00:00Z");
const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 24, 11, minute));
const ROWS: readonly Row[] = [
  { id: "c", at: at(30) },
  { id: "b", at: at(20) },
  { id: "a", at: at(10) },
];

/** A page of one row each; the cursor is the row's place. */
function listOf(refuses: (cursor: string, asked: number) => boolean): NewestFirst<Row> & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    idOf: (row) => row.id,
    timeOf: (row) => row.at,
    overlapMs: 60_000,
    page(cursor) {
      asked.push(cursor ?? "top");
      if (cursor !== null && refuses(cursor, asked.length)) return Promise.resolve("cursor_refused" as const);
      const place = Number(cursor ?? 0);
      return Promise.resolve({ rows: ROWS.slice(place, place + 1), next: place < 2 ? String(place + 1) : null });
    },
  };
}

async function idsOf(list: NewestFirst<Row>): Promise<string> {
  const ids: string[] = [];
  const context = { checkpoint: null, since: null, startedAt: STARTED_AT };
  for await (const { rows } of readNewestFirst(list, context)) ids.push(...rows.map((row) => row.id));
  return ids.join("");
}

it("begins at the top again when a cursor has ended, and gives nothing twice", async () => {
  const list = listOf((cursor, asked) => cursor === "1" && asked === 2);
  expect(await idsOf(list)).toBe("cba");
  expect(list.asked.slice(0, 5)).toEqual(["top", "1", "top", "1", "2"]);
});

it("ends with an error when the vendor refuses one new cursor after another", async () => {
  const list = listOf(() => true);
  await expect(idsOf(list)).rejects.toMatchObject({ code: "land.cursor_refused", kind: "contract" });
  // The top and its cursor, six times over.
  expect(list.asked).toHaveLength(12);
});
