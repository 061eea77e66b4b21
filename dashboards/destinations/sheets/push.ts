import { createHash, hash } from "node:crypto";
import { TributaryError } from "../../../core/base/errors.ts";
import type { PushContext } from "../../../core/destination/define.ts";
import { type Cell, type Pattern, timeCell } from "./cells.ts";
import {
  columnName,
  MARK,
  quoted,
  type SheetsClient,
  type StructureRequest,
  type TabThere,
  type Write,
} from "./client.ts";
import {
  cellsOf,
  type Content,
  grown,
  HEAD_ROWS,
  kpiContent,
  STAMP_PATTERN,
  STAMP_ROWS,
  tableContent,
  widthOf,
} from "./content.ts";
import type { Memory } from "./memory.ts";
import { questionOf, type SheetsSettings, type SpreadsheetConfig, type TabConfig } from "./settings.ts";

/** What is remembered of a tab: hashes of what was written last, how far it reaches, and when it was stamped. */
type Written = {
  readonly content: string;
  readonly look: string;
  readonly rows: number;
  readonly columns: number;
  readonly stampedMs: number;
};

/** Numbers that stay the same are stamped anew so often: their age is seen, and the quota (60 writes a minute) lasts. */
const STAMP_MS = 5 * 60_000;

/**
 * Brings the configured tabs up to date. A push that is repeated, or was cut between any two requests, leaves the same sheet: each write goes to a fixed
 * place, and what a tab may hold beyond its content is remembered before it is written.
 *
 * @returns the tabs that were written, as `spreadsheet/tab`.
 * @throws TributaryError of the first spreadsheet that could not be written; those before it are done and remembered.
 */
export async function pushSheets(
  context: PushContext<SheetsSettings>,
  client: SheetsClient,
  memory: Memory,
): Promise<string[]> {
  const pushed: string[] = [];
  for (const spreadsheet of context.settings.spreadsheets)
    pushed.push(...(await pushOne(context, client, spreadsheet, memory)));
  return pushed;
}

async function pushOne(
  context: PushContext<SheetsSettings>,
  client: SheetsClient,
  { id, tabs }: SpreadsheetConfig,
  memory: Memory,
): Promise<readonly string[]> {
  const now = context.clock.now();
  const { timeZone } = await context.workspace();
  const wanted: Wanted[] = [];
  for (const config of tabs) {
    const content = await contentOf(context, config);
    const name = `${id}/${config.tab}`;
    // Written below, and nowhere else.
    const last = memory.get(name) as Written | null;
    const digests = {
      content: digest([content.columns, content.rows, content.span, content.leftOut]),
      look: digest(content.columns),
    };
    const isNew = last?.content !== digests.content;
    if (isNew || now.getTime() - last.stampedMs >= STAMP_MS)
      wanted.push({ name, config, content, digests, last, isNew });
  }
  if (wanted.length === 0) return [];
  const there = await client.tabs(id);
  const taken = new Set(there.map(({ sheetId }) => sheetId));
  const plans = wanted.map((one) => planOf(one, id, there, taken));
  const histories = plans.filter(({ config, isWhole, isMade }) => config.append && isWhole && !isMade);
  const held = await client.read(
    id,
    histories.map(({ title }) => `${quoted(title)}!A${HEAD_ROWS}:ZZ`).filter(() => true),
  );
  const rowsOf = new Map(histories.map((plan, at) => [plan, historyOf(plan, held[at] ?? [])]));
  const writes: Write[] = [];
  const requests: StructureRequest[] = [];
  const before: [string, Written][] = [];
  const after: [string, Written][] = [];
  const stamp = timeCell(now, timeZone);
  for (const plan of plans) {
    const { name, content, digests, title } = plan;
    const rows = rowsOf.get(plan) ?? content.rows;
    const cells = cellsOf(content, rows, stamp, timeZone);
    const reach = { rows: cells.length, columns: widthOf(content) };
    if (plan.isWhole) requests.push(...structureOf(plan, reach));
    writes.push({
      title,
      row: 0,
      column: 0,
      cells: plan.isWhole ? cells : cells.slice(0, HEAD_ROWS - 1).map((line) => line.slice(0, 2)),
    });
    const known = plan.last ?? { ...digests, rows: plan.rows, columns: reach.columns, stampedMs: 0 };
    before.push([
      name,
      {
        ...known,
        content: "",
        rows: Math.max(known.rows, reach.rows),
        columns: Math.max(known.columns, reach.columns),
      },
    ]);
    after.push([
      name,
      { ...digests, ...(plan.isWhole ? reach : known), content: digests.content, stampedMs: now.getTime() },
    ]);
  }
  // From here on a tab may hold either; whoever comes next knows how far it reaches.
  if (requests.length > 0) await memory.set(before);
  if (requests.length > 0) await client.change(id, requests);
  await client.write(id, writes);
  await memory.set(after);
  return plans.filter(({ isWhole }) => isWhole).map(({ name }) => name);
}

type Wanted = {
  readonly name: string;
  readonly config: TabConfig;
  readonly content: Content;
  readonly digests: Pick<Written, "content" | "look">;
  readonly last: Written | null;
  readonly isNew: boolean;
};

type Plan = Wanted & {
  readonly sheetId: number;
  /** What it is called now. */
  readonly title: string;
  /** It is not there yet. */
  readonly isMade: boolean;
  /** All of it is written, not only its stamp. */
  readonly isWhole: boolean;
  /** The grid as it is. */
  readonly rows: number;
  readonly columns: number;
};

/** @throws TributaryError `sheets.tab_taken` */
function planOf(wanted: Wanted, spreadsheet: string, there: readonly TabThere[], taken: Set<number>): Plan {
  const { tab } = wanted.config;
  const preferred = sheetIdOf(spreadsheet, tab);
  const own = there.filter(({ mark }) => mark === tab);
  // A copy that somebody made of it may have the mark too.
  const found = own.find(({ sheetId }) => sheetId === preferred) ?? own[0];
  if (found !== undefined) {
    const { sheetId, title, rows, columns } = found;
    return { ...wanted, sheetId, title, isMade: false, isWhole: wanted.isNew, rows, columns };
  }
  if (there.some(({ title }) => title.toLowerCase() === tab.toLowerCase())) throw tabTaken(spreadsheet, tab);
  const sheetId = freeSheetId(spreadsheet, tab, taken);
  taken.add(sheetId);
  return { ...wanted, last: null, sheetId, title: tab, isMade: true, isWhole: true, rows: 0, columns: 0 };
}

/** The same for the same tab, so that a request which took effect and was not answered is not made twice. */
function sheetIdOf(spreadsheet: string, tab: string): number {
  return createHash("sha256").update(`${spreadsheet}/${tab}`).digest().readUInt32BE(0) % 2 ** 31;
}

export function freeSheetId(spreadsheet: string, tab: string, taken: ReadonlySet<number>): number {
  let sheetId = sheetIdOf(spreadsheet, tab);
  while (taken.has(sheetId)) sheetId = (sheetId + 1) % 2 ** 31;
  return sheetId;
}

const FIRST_ROWS = 200;
const FIRST_COLUMNS = 12;

type Reach = { readonly rows: number; readonly columns: number };

/** The tab itself, its grid and its formats; and away with what it held beyond what it is to hold. A grid only grows: formulas of others point into it. */
function structureOf(plan: Plan, reach: Reach): StructureRequest[] {
  const { sheetId, title, content, last, digests, isMade } = plan;
  const grid = isMade
    ? { rows: Math.max(FIRST_ROWS, reach.rows), columns: Math.max(FIRST_COLUMNS, reach.columns) }
    : { rows: Math.max(plan.rows, reach.rows), columns: Math.max(plan.columns, reach.columns) };
  const gridProperties = { rowCount: grid.rows, columnCount: grid.columns };
  const requests: StructureRequest[] = [];
  if (isMade) requests.push(...made(sheetId, title, { ...gridProperties, frozenRowCount: HEAD_ROWS }, plan.config.tab));
  else if (grid.rows > plan.rows || grid.columns > plan.columns)
    requests.push({
      updateSheetProperties: {
        properties: { sheetId, gridProperties },
        fields: "gridProperties.rowCount,gridProperties.columnCount",
      },
    });
  if (isMade || last?.look !== digests.look) {
    requests.push(
      shown(sheetId, { startRowIndex: 0 }, null),
      shown(
        sheetId,
        { startRowIndex: STAMP_ROWS.from, endRowIndex: STAMP_ROWS.to, startColumnIndex: 1, endColumnIndex: 2 },
        STAMP_PATTERN,
      ),
      ...content.columns.flatMap(({ pattern }, at) =>
        pattern === null
          ? []
          : [shown(sheetId, { startRowIndex: HEAD_ROWS, startColumnIndex: at, endColumnIndex: at + 1 }, pattern)],
      ),
    );
  }
  if (!isMade) {
    const old = {
      rows: Math.min(grid.rows, last?.rows ?? plan.rows),
      columns: Math.min(grid.columns, last?.columns ?? reach.columns),
    };
    if (old.rows > reach.rows)
      requests.push(
        emptied(sheetId, {
          startRowIndex: reach.rows,
          endRowIndex: old.rows,
          startColumnIndex: 0,
          endColumnIndex: Math.max(old.columns, reach.columns),
        }),
      );
    if (old.columns > reach.columns)
      requests.push(
        emptied(sheetId, {
          startRowIndex: 0,
          endRowIndex: reach.rows,
          startColumnIndex: reach.columns,
          endColumnIndex: old.columns,
        }),
      );
  }
  return requests;
}

/** A tab that is the hub's from its first moment on: both at once or neither. */
export function made(sheetId: number, title: string, gridProperties: object, mark: string): StructureRequest[] {
  return [
    { addSheet: { properties: { sheetId, title, gridProperties } } },
    {
      createDeveloperMetadata: {
        developerMetadata: { metadataKey: MARK, metadataValue: mark, location: { sheetId }, visibility: "DOCUMENT" },
      },
    },
  ];
}

type Range = {
  readonly startRowIndex: number;
  readonly endRowIndex?: number;
  readonly startColumnIndex?: number;
  readonly endColumnIndex?: number;
};

export function shown(sheetId: number, range: Range, pattern: Pattern): StructureRequest {
  return {
    repeatCell: {
      range: { sheetId, ...range },
      cell: pattern === null ? {} : { userEnteredFormat: { numberFormat: { ...pattern } } },
      fields: "userEnteredFormat.numberFormat",
    },
  };
}

/** Of a range without rows, the fields that are named are cleared (Sheets API, "UpdateCellsRequest"). */
function emptied(sheetId: number, range: Range): StructureRequest {
  return { updateCells: { range: { sheetId, ...range }, fields: "userEnteredValue" } };
}

/** @throws TributaryError `sheets.would_lose_history` */
function historyOf({ content, config }: Plan, held: readonly (readonly Cell[])[]): Content["rows"] {
  const [names = [], ...rows] = held;
  const wanted = content.columns.map(({ name }) => name);
  const width = wanted.length;
  const isSame = wanted.every((name, at) => names[at] === name);
  // Cut after it was made and before it was written.
  if (names.slice(0, width).every((name) => name === "")) return content.rows;
  if (!isSame) throw wouldLoseHistory(config.tab, columnName(width - 1));
  return grown(
    content,
    rows.map((row) => wanted.map((_, at) => row[at] ?? "")).filter((row) => row.some((cell) => cell !== "")),
  );
}

async function contentOf(context: PushContext<SheetsSettings>, config: TabConfig): Promise<Content> {
  const { by, limit, append, table } = config;
  const question = questionOf(config);
  if (question !== null) return kpiContent(await context.ask(question), by, { limit, isHistory: append });
  const { timeZone } = await context.workspace();
  // The schema asks for one of them.
  const name = table ?? "deals";
  const { exported, freshAsOf } = await context.table(name);
  return tableContent(name, exported, { limit, timeZone, freshAsOf });
}

function digest(value: unknown): string {
  return hash("sha256", JSON.stringify(value), "base64url");
}

export function tabTaken(spreadsheet: string, tab: string): TributaryError {
  return new TributaryError({
    code: "sheets.tab_taken",
    kind: "config",
    message: `The spreadsheet ${spreadsheet} has a tab "${tab}" that is not the hub's; nothing is written to it.`,
    mend: "Give `tab` another name in the config file, or rename that tab in the spreadsheet.",
  });
}

function wouldLoseHistory(tab: string, lastColumn: string): TributaryError {
  return new TributaryError({
    code: "sheets.would_lose_history",
    kind: "config",
    message: `The tab "${tab}" keeps a history, and its definition now has other columns than row ${HEAD_ROWS} (A to ${lastColumn}) says.`,
    mend: "Give the new definition another `tab`, or take the change back; if somebody has changed the names in that row, put them back.",
  });
}
