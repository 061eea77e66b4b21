import {
  type GoogleRequest,
  type GoogleSimulator,
  invalid,
  isRecord,
  Refusal,
  startGoogleSimulator,
} from "../../google-account/simulator/index.ts";
import { parseA1 } from "./a1.ts";

/**
 * Behaves like the Google Sheets API as its discovery document and its pages describe it (sources in ../README.md), for one spreadsheet: tabs with a grid,
 * values raw or as typed, batches that are applied whole or not at all, and the quotas of one user.
 */
export type SheetsSimulator = GoogleSimulator & {
  readonly spreadsheetId: string;
  readonly tabs: readonly SimulatedTab[];
  /** Does as a person does in the browser. */
  readonly hands: {
    add(title: string, values?: readonly (readonly Value[])[]): void;
    rename(title: string, to: string): void;
    remove(title: string): void;
    type(title: string, row: number, column: number, value: Value): void;
  };
};

type Value = string | number | boolean;
/** As it is stored; a formula begins with `=` and was typed, or sent as typed. */
type Stored = { readonly value: Value; readonly isFormula: boolean };
export type SimulatedTab = {
  readonly sheetId: number;
  readonly title: string;
  readonly rows: number;
  readonly columns: number;
  readonly frozenRows: number;
  readonly marks: readonly { readonly key: string; readonly value: string }[];
  /** By row, then column; "": empty. Trailing empty cells and rows are left out. */
  readonly values: readonly (readonly Value[])[];
  /** Where something is a formula: `B3`. */
  readonly formulas: readonly string[];
  /** Of a cell, both from 0. */
  readonly pattern: (row: number, column: number) => string | null;
};

type Tab = {
  sheetId: number;
  title: string;
  rows: number;
  columns: number;
  frozenRows: number;
  marks: { key: string; value: string }[];
  cells: Map<string, Stored>;
  patterns: { range: Bounds; pattern: string | null }[];
};
type Bounds = { readonly row: number; readonly column: number; readonly endRow: number; readonly endColumn: number };

/** developers.google.com, "Usage limits". */
const PER_MINUTE = 60;
const MOST_CHARACTERS = 50_000;

export async function startSheetsSimulator(options: {
  readonly secret: string;
  readonly port?: number;
  readonly now?: () => number;
}): Promise<SheetsSimulator> {
  const spreadsheetId = "1SimulatedSpreadsheetOfTributary";
  let tabs: Tab[] = [emptyTab(0, "Sheet1")];
  const google = await startGoogleSimulator(options, {
    service: "sheets.googleapis.com",
    scope: "https://www.googleapis.com/auth/spreadsheets",
    readsPerMinute: PER_MINUTE,
    writesPerMinute: PER_MINUTE,
    ...(options.now === undefined ? {} : { now: options.now }),
    answer: (request) => ({ status: 200, body: answer(request) }),
  });

  function answer({ method, path, query, body }: GoogleRequest): unknown {
    const match = /^\/v4\/spreadsheets\/([^/:]+)(.*)$/.exec(path);
    if (match?.[1] !== spreadsheetId) throw new Refusal(404, "Requested entity was not found.");
    const [call = "", ...rest] = (match[2] ?? "").replace(/^\//, "").split("/");
    const range = decodeURIComponent(rest.join("/"));
    if (method === "GET" && call === "") return spreadsheet();
    if (method === "POST" && call === ":batchUpdate") return batchUpdate(body);
    if (method === "POST" && call === "values:batchUpdate") return valuesBatchUpdate(body);
    if (method === "POST" && call === "values:batchClear") return batchClear(body);
    if (method === "GET" && call === "values:batchGet")
      return { spreadsheetId, valueRanges: query.getAll("ranges").map((one) => valuesGet(one, query)) };
    if (method === "GET" && call === "values") return valuesGet(range, query);
    if (method === "PUT" && call === "values") return valuesUpdate(range, query, body);
    if (method === "POST" && call === "values" && range.endsWith(":clear")) {
      const cleared = range.slice(0, -":clear".length);
      changed((draft) => clear(draft, cleared));
      return { spreadsheetId, clearedRange: cleared };
    }
    throw new Refusal(404, "Requested entity was not found.");
  }

  /** Works on a copy: what is refused half-way has changed nothing. */
  function changed<T>(work: (draft: Tab[]) => T): T {
    const draft = tabs.map((tab) => ({
      ...tab,
      marks: [...tab.marks],
      cells: new Map(tab.cells),
      patterns: [...tab.patterns],
    }));
    const result = work(draft);
    tabs = draft;
    return result;
  }

  function spreadsheet(): unknown {
    return {
      spreadsheetId,
      properties: { title: "Sales KPIs", locale: "en_GB", timeZone: "Etc/GMT" },
      sheets: tabs.map((tab, index) => ({
        properties: propertiesOf(tab, index),
        ...(tab.marks.length === 0
          ? {}
          : {
              developerMetadata: tab.marks.map(({ key, value }, at) => ({
                metadataId: at + 1,
                metadataKey: key,
                metadataValue: value,
                location: { locationType: "SHEET", sheetId: tab.sheetId },
                visibility: "DOCUMENT",
              })),
            }),
      })),
    };
  }

  function batchUpdate(body: unknown): unknown {
    const requests = isRecord(body) && Array.isArray(body["requests"]) ? (body["requests"] as unknown[]) : [];
    if (requests.length === 0) invalid("Must specify at least one request.");
    return { spreadsheetId, replies: changed((draft) => requests.map((request, at) => apply(draft, request, at))) };
  }

  function valuesBatchUpdate(body: unknown): unknown {
    if (!isRecord(body)) return invalid("Invalid JSON payload received.");
    const option = body["valueInputOption"];
    const data = Array.isArray(body["data"]) ? (body["data"] as unknown[]) : [];
    const responses = changed((draft) =>
      data.map((one) => (isRecord(one) ? put(draft, String(one["range"]), one, option) : invalid("Invalid data"))),
    );
    const total = (name: "updatedRows" | "updatedColumns" | "updatedCells"): number =>
      responses.reduce((sum, one) => sum + one[name], 0);
    return {
      spreadsheetId,
      totalUpdatedRows: total("updatedRows"),
      totalUpdatedColumns: total("updatedColumns"),
      totalUpdatedCells: total("updatedCells"),
      totalUpdatedSheets: new Set(responses.map(({ updatedRange }) => updatedRange.split("!")[0])).size,
      responses: responses.map((one) => ({ spreadsheetId, ...one })),
    };
  }

  function valuesUpdate(range: string, query: URLSearchParams, body: unknown): unknown {
    if (!isRecord(body)) return invalid("Invalid JSON payload received.");
    const done = changed((draft) => put(draft, range, body, query.get("valueInputOption")));
    return { spreadsheetId, ...done };
  }

  function valuesGet(range: string, query: URLSearchParams): unknown {
    const { tab, bounds } = within(tabs, range);
    const render = query.get("valueRenderOption") ?? "FORMATTED_VALUE";
    const shown = (cell: Stored | undefined): Value => {
      if (cell === undefined) return "";
      if (cell.isFormula && render !== "FORMULA") return "#SIMULATED";
      return render === "FORMATTED_VALUE" ? String(cell.value) : cell.value;
    };
    const values: Value[][] = [];
    for (let row = bounds.row; row < bounds.endRow; row += 1) {
      const line: Value[] = [];
      for (let column = bounds.column; column < bounds.endColumn; column += 1)
        line.push(shown(tab.cells.get(`${row},${column}`)));
      values.push(trimmed(line, (cell) => cell === ""));
    }
    const kept = trimmed(values, (line) => line.length === 0);
    // Nothing there: the field is left out.
    return { range, majorDimension: "ROWS", ...(kept.length === 0 ? {} : { values: kept }) };
  }

  function batchClear(body: unknown): unknown {
    const ranges = isRecord(body) && Array.isArray(body["ranges"]) ? (body["ranges"] as unknown[]).map(String) : [];
    changed((draft) => {
      for (const range of ranges) clear(draft, range);
    });
    return { spreadsheetId, clearedRanges: ranges };
  }

  const tabCalled = (draft: Tab[], title: string): Tab =>
    draft.find((tab) => tab.title === title) ?? invalid(`Unable to parse range: ${title}`);
  return {
    ...google,
    spreadsheetId,
    get tabs() {
      return tabs.map(shownTab);
    },
    hands: {
      add: (title: string, values: readonly (readonly Value[])[] = []) =>
        changed((draft) => {
          const tab = emptyTab(Math.max(...draft.map(({ sheetId }) => sheetId)) + 1, title);
          for (const [row, line] of values.entries())
            for (const [column, value] of line.entries())
              tab.cells.set(`${row},${column}`, { value, isFormula: false });
          draft.push(tab);
        }),
      rename: (title: string, to: string) => changed((draft) => void (tabCalled(draft, title).title = to)),
      remove: (title: string) => changed((draft) => void draft.splice(draft.indexOf(tabCalled(draft, title)), 1)),
      type: (title: string, row: number, column: number, value: Value) =>
        changed((draft) => {
          const { cells } = tabCalled(draft, title);
          if (value === "") cells.delete(`${row},${column}`);
          else cells.set(`${row},${column}`, { value, isFormula: String(value).startsWith("=") });
        }),
    },
  };
}

function emptyTab(sheetId: number, title: string): Tab {
  return { sheetId, title, rows: 1000, columns: 26, frozenRows: 0, marks: [], cells: new Map(), patterns: [] };
}

function propertiesOf(tab: Tab, index: number): unknown {
  const { sheetId, title, rows: rowCount, columns: columnCount, frozenRows } = tab;
  const gridProperties = { rowCount, columnCount, ...(frozenRows === 0 ? {} : { frozenRowCount: frozenRows }) };
  return { sheetId, title, index, sheetType: "GRID", gridProperties };
}

function apply(draft: Tab[], request: unknown, at: number): unknown {
  const [kind, what] = isRecord(request) ? (Object.entries(request)[0] ?? []) : [];
  if (kind === undefined || !isRecord(what)) return invalid(`Invalid requests[${at}]: No request set.`);
  const refuse = (why: string): never => invalid(`Invalid requests[${at}].${kind}: ${why}`);
  switch (kind) {
    case "addSheet": {
      const properties = isRecord(what["properties"]) ? what["properties"] : {};
      const title = typeof properties["title"] === "string" ? properties["title"] : `Sheet${draft.length + 1}`;
      if (draft.some((tab) => tab.title.toLowerCase() === title.toLowerCase()))
        refuse(`A sheet with the name "${title}" already exists. Please enter another name.`);
      const sheetId =
        typeof properties["sheetId"] === "number"
          ? properties["sheetId"]
          : 1 + Math.max(...draft.map((tab) => tab.sheetId));
      if (draft.some((tab) => tab.sheetId === sheetId)) refuse(`A sheet with ID ${sheetId} already exists.`);
      const tab = emptyTab(sheetId, title);
      resize(tab, properties["gridProperties"]);
      draft.push(tab);
      return { addSheet: { properties: propertiesOf(tab, draft.length - 1) } };
    }
    case "createDeveloperMetadata": {
      const given = isRecord(what["developerMetadata"]) ? what["developerMetadata"] : {};
      const location = isRecord(given["location"]) ? given["location"] : {};
      const tab = tabOf(draft, location["sheetId"], refuse);
      const { metadataKey: key, metadataValue: value = "", visibility } = given;
      if (typeof key !== "string" || typeof value !== "string" || visibility === undefined)
        return refuse("Developer metadata must always have a key and a visibility specified.");
      tab.marks.push({ key, value });
      return { createDeveloperMetadata: { developerMetadata: given } };
    }
    case "updateSheetProperties": {
      const properties = isRecord(what["properties"]) ? what["properties"] : {};
      if (typeof what["fields"] !== "string") refuse("At least one field must be listed in 'fields'.");
      const tab = tabOf(draft, properties["sheetId"], refuse);
      resize(tab, properties["gridProperties"]);
      if (typeof properties["title"] === "string") tab.title = properties["title"];
      return {};
    }
    case "repeatCell": {
      const { tab, bounds } = gridRange(draft, what["range"], refuse);
      if (what["fields"] !== "userEnteredFormat.numberFormat") refuse("At least one field must be listed in 'fields'.");
      const cell = isRecord(what["cell"]) ? what["cell"] : {};
      const format = isRecord(cell["userEnteredFormat"]) ? cell["userEnteredFormat"]["numberFormat"] : null;
      tab.patterns.push({ range: bounds, pattern: isRecord(format) ? String(format["pattern"]) : null });
      return {};
    }
    case "updateCells": {
      const { tab, bounds } = gridRange(draft, what["range"], refuse);
      if (what["fields"] !== "userEnteredValue") refuse("At least one field must be listed in 'fields'.");
      for (const key of tab.cells.keys()) {
        const [row = 0, column = 0] = key.split(",").map(Number);
        const isIn = row >= bounds.row && row < bounds.endRow && column >= bounds.column && column < bounds.endColumn;
        if (isIn) tab.cells.delete(key);
      }
      return {};
    }
    default:
      return invalid(`Invalid JSON payload received. Unknown name "${kind}" at 'requests[${at}]': Cannot find field.`);
  }
}

type Refuse = (why: string) => never;

function tabOf(draft: Tab[], sheetId: unknown, refuse: Refuse): Tab {
  return draft.find((tab) => tab.sheetId === sheetId) ?? refuse(`No sheet with id: ${String(sheetId)}`);
}

/** A smaller grid drops what lay beyond. */
function resize(tab: Tab, given: unknown): void {
  if (!isRecord(given)) return;
  if (typeof given["rowCount"] === "number") tab.rows = given["rowCount"];
  if (typeof given["columnCount"] === "number") tab.columns = given["columnCount"];
  if (typeof given["frozenRowCount"] === "number") tab.frozenRows = given["frozenRowCount"];
  for (const key of tab.cells.keys()) {
    const [row = 0, column = 0] = key.split(",").map(Number);
    if (row >= tab.rows || column >= tab.columns) tab.cells.delete(key);
  }
}

function gridRange(draft: Tab[], given: unknown, refuse: Refuse): { readonly tab: Tab; readonly bounds: Bounds } {
  const range = isRecord(given) ? given : {};
  const tab =
    draft.find(({ sheetId }) => sheetId === range["sheetId"]) ?? refuse(`No grid with id: ${String(range["sheetId"])}`);
  const number = (name: string, otherwise: number): number => {
    const value = range[name] ?? otherwise;
    return typeof value === "number" && value >= 0 ? value : refuse(`Invalid ${name}`);
  };
  const bounds = {
    row: number("startRowIndex", 0),
    endRow: number("endRowIndex", tab.rows),
    column: number("startColumnIndex", 0),
    endColumn: number("endColumnIndex", tab.columns),
  };
  if (bounds.endRow > tab.rows || bounds.endColumn > tab.columns) refuse("The range exceeds grid limits.");
  return { tab, bounds };
}

/** @throws Refusal in Google's words where there is no such tab */
function within(tabs: readonly Tab[], text: string): { readonly tab: Tab; readonly bounds: Bounds } {
  const { title, row, column, endRow, endColumn } = parseA1(text);
  const tab =
    tabs.find((one) => one.title.toLowerCase() === title.toLowerCase()) ?? invalid(`Unable to parse range: ${text}`);
  const bounds = {
    row,
    column,
    endRow: endRow ?? tab.rows,
    endColumn: Math.min(endColumn ?? tab.columns, Math.max(tab.columns, column)),
  };
  if (bounds.endRow > tab.rows || bounds.row >= tab.rows || column >= tab.columns)
    invalid(`Range (${text}) exceeds grid limits. Max rows: ${tab.rows}, max columns: ${tab.columns}`);
  return { tab, bounds };
}

function clear(draft: Tab[], range: string): void {
  const { tab, bounds } = within(draft, range);
  for (let row = bounds.row; row < bounds.endRow; row += 1)
    for (let column = bounds.column; column < bounds.endColumn; column += 1) tab.cells.delete(`${row},${column}`);
}

type Updated = {
  readonly updatedRange: string;
  readonly updatedRows: number;
  readonly updatedColumns: number;
  readonly updatedCells: number;
};

function put(draft: Tab[], range: string, body: { readonly [name: string]: unknown }, option: unknown): Updated {
  if (option !== "RAW" && option !== "USER_ENTERED") return invalid("'valueInputOption' is required but not specified");
  const values = Array.isArray(body["values"]) ? (body["values"] as unknown[]) : [];
  const { tab, bounds } = within(draft, range);
  let cells = 0;
  let width = 0;
  for (const [at, line] of values.entries()) {
    if (!Array.isArray(line)) return invalid(`Invalid values[${at}]: not a list`);
    width = Math.max(width, line.length);
    const row = bounds.row + at;
    if (row >= bounds.endRow || bounds.column + line.length > bounds.endColumn)
      invalid(`Requested writing within range [${range}], but tried writing to row [${row + 1}]`);
    for (const [across, value] of (line as unknown[]).entries()) {
      const key = `${row},${bounds.column + across}`;
      // What is null is skipped; what is "" is emptied.
      if (value === null) continue;
      if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
        return invalid(`Invalid values[${at}][${across}]: struct_value`);
      if (typeof value === "string" && value.length > MOST_CHARACTERS)
        return invalid("Your input contains more than the maximum of 50000 characters in a single cell.");
      if (value === "") tab.cells.delete(key);
      else tab.cells.set(key, { value, isFormula: option === "USER_ENTERED" && /^[=+]/.test(String(value)) });
      cells += 1;
    }
  }
  return { updatedRange: range, updatedRows: values.length, updatedColumns: width, updatedCells: cells };
}

function shownTab({ sheetId, title, rows, columns, frozenRows, marks, cells, patterns }: Tab): SimulatedTab {
  const values: Value[][] = [];
  const formulas: string[] = [];
  for (const [key, { value, isFormula }] of cells) {
    const [row = 0, column = 0] = key.split(",").map(Number);
    const line = (values[row] ??= []);
    line[column] = value;
    if (isFormula) formulas.push(`${String.fromCharCode(65 + column)}${row + 1}`);
  }
  return {
    sheetId,
    title,
    rows,
    columns,
    frozenRows,
    marks: [...marks],
    values: Array.from(values, (line) => Array.from(line ?? [], (value) => value ?? "")),
    formulas,
    pattern: (row, column) =>
      patterns.findLast(
        ({ range }) => row >= range.row && row < range.endRow && column >= range.column && column < range.endColumn,
      )?.pattern ?? null,
  };
}

function trimmed<T>(list: readonly T[], isEmpty: (one: T) => boolean): T[] {
  const last = list.findLastIndex((one) => !isEmpty(one));
  return list.slice(0, last + 1);
}
