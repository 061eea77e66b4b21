import { hash } from "node:crypto";
import type { PushContext } from "../../../core/destination/define.ts";
import { DATE, type Pattern, PERCENT, timeCell } from "./cells.ts";
import { quoted, type SheetsClient, type StructureRequest } from "./client.ts";
import type { Memory } from "./memory.ts";
import { freeSheetId, made, shown, tabTaken } from "./push.ts";
import type { SheetsSettings } from "./settings.ts";
import {
  emptyTemplate,
  readTemplate,
  TEMPLATE_COLUMNS,
  TEMPLATE_ROWS,
  templateLook,
  templateWrites,
} from "./template.ts";

/** A forecast takes a second to work out; with the same inputs it is so often. */
const AGAIN_MS = 15 * 60_000;

/** What is remembered of the template: what its inputs were, and when its results were written. */
type Written = { readonly inputs: string; readonly atMs: number };

/** What marks and memories of templates begin with; no tab's name has a slash. */
export const FORECAST = "forecast";

/**
 * Reads what people have written into the forecast template, tells the hub, and writes beside it what the hub makes of it. Cells for inputs are written
 * once, when the tab is made.
 *
 * @returns whether something was written.
 * @throws TributaryError `sheets.tab_taken`
 */
export async function pushForecast(
  context: PushContext<SheetsSettings>,
  client: SheetsClient,
  { id, tab, name }: { readonly id: string; readonly tab: string; readonly name: string },
  memory: Memory,
): Promise<boolean> {
  // Written below, and nowhere else.
  const last = memory.get(name) as Written | null;
  const own = `${FORECAST}/${tab}`;
  const { timeZone, currency } = await context.workspace();
  const there = await client.tabs(id);
  const found = there.find(({ mark }) => mark === own) ?? null;
  if (found === null) {
    if (there.some(({ title }) => title.toLowerCase() === tab.toLowerCase())) throw tabTaken(id, tab);
    const sheetId = freeSheetId(id, own, new Set(there.map((one) => one.sheetId)));
    await client.change(id, look(sheetId, tab, own));
  }
  const title = found?.title ?? tab;
  const range = `${quoted(title)}!A1:F${Math.min(TEMPLATE_ROWS, found?.rows ?? TEMPLATE_ROWS)}`;
  let [rows = []] = await client.read(id, [range]);
  // New, or cut off before it was filled.
  if (rows.length === 0) {
    rows = emptyTemplate(currency);
    await client.write(
      id,
      rows.flatMap((cells, row) => (cells.length === 0 ? [] : [{ title, row, column: 0, cells: [cells] }])),
    );
  }
  const read = readTemplate(title, rows);
  const inputs = hash("sha256", JSON.stringify([read.inputs, read.problems, read.statuses]), "base64url");
  const now = context.clock.now();
  const isKnown = last !== null && last.inputs === inputs && now.getTime() - last.atMs < AGAIN_MS;
  if (isKnown) return false;
  await context.plan({ inputs: read.inputs, cells: read.cells, problems: read.problems });
  const writes = templateWrites(read, await context.forecast(), timeCell(now, timeZone));
  await client.write(
    id,
    writes.map((one) => ({ title, ...one })),
  );
  await memory.set([[name, { inputs, atMs: now.getTime() } satisfies Written]]);
  return true;
}

const PATTERNS: { readonly [kind in "day" | "percent"]: Pattern } = { day: DATE, percent: PERCENT };

function look(sheetId: number, tab: string, own: string): StructureRequest[] {
  const grid = { rowCount: TEMPLATE_ROWS, columnCount: TEMPLATE_COLUMNS, frozenRowCount: 3 };
  return [
    ...made(sheetId, tab, grid, own),
    shown(
      sheetId,
      { startRowIndex: 1, endRowIndex: 2, startColumnIndex: 1, endColumnIndex: 2 },
      { type: "DATE_TIME", pattern: "yyyy-mm-dd hh:mm" },
    ),
    ...templateLook().map(({ kind, row, rows, column, columns }) =>
      shown(
        sheetId,
        { startRowIndex: row, endRowIndex: row + rows, startColumnIndex: column, endColumnIndex: column + columns },
        PATTERNS[kind],
      ),
    ),
  ];
}
