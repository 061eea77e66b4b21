import type { sheets_v4 } from "@googleapis/sheets";
import { failedWith, TributaryError } from "../../../core/base/errors.ts";
import { type Google, type GoogleOptions, openGoogle } from "../google-account/client.ts";
import type { Cell } from "./cells.ts";

const API = "Google Sheets";
export const VENDOR_URL = "https://sheets.googleapis.com";
const SCOPE = "https://www.googleapis.com/auth/spreadsheets";

/** What the hub marks its tabs with, and where: metadata that people do not see and that stays through renaming and moving. */
export const MARK = "tributary";
const STRUCTURE =
  "sheets(properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount)),developerMetadata(metadataKey,metadataValue))";

/** A payload of at most 2 MB is recommended (developers.google.com, "Usage limits"). */
const MOST_BYTES = 1_500_000;

export type TabThere = {
  readonly sheetId: number;
  readonly title: string;
  readonly rows: number;
  readonly columns: number;
  /** What the hub calls it; null: it is somebody else's. */
  readonly mark: string | null;
};

/** A block of values from a tab's row and column on, both from 0. */
export type Write = {
  readonly title: string;
  readonly row: number;
  readonly column: number;
  readonly cells: readonly (readonly Cell[])[];
};

export type StructureRequest = sheets_v4.Schema$Request;

/** Google Sheets: the calls that this hub makes. Each throws TributaryError and nothing else, and is sent once. */
export type SheetsClient = {
  tabs(spreadsheet: string): Promise<readonly TabThere[]>;
  /** All of it or nothing. */
  change(spreadsheet: string, requests: readonly StructureRequest[]): Promise<void>;
  /** Values as they are: nothing is taken for a formula, a date or a number that is none. In as many requests as it takes. */
  write(spreadsheet: string, writes: readonly Write[]): Promise<void>;
  /** What is in these ranges, unformatted; rows end with their last value. In the order that they were asked for. */
  read(spreadsheet: string, ranges: readonly string[]): Promise<readonly (readonly (readonly Cell[])[])[]>;
};

export async function createSheetsClient(options: Omit<GoogleOptions, "scope" | "vendorUrl">): Promise<SheetsClient> {
  const google = await openGoogle({ ...options, scope: SCOPE, vendorUrl: VENDOR_URL });
  const { sheets } = await import("@googleapis/sheets");
  const api = sheets({ version: "v4", auth: google.auth, rootUrl: google.rootUrl });
  const asked = (id: string): Parameters<Google["call"]>[0] => ({ what: "spreadsheet", id, api: API });
  return {
    async tabs(id) {
      const { sheets: all = [] } = await google.call(asked(id), (call) =>
        api.spreadsheets.get({ spreadsheetId: id, fields: STRUCTURE }, call),
      );
      return all.flatMap(({ properties, developerMetadata }) => {
        const { sheetId, title, sheetType, gridProperties } = properties ?? {};
        if (sheetId == null || title == null || (sheetType ?? "GRID") !== "GRID") return [];
        const mark = developerMetadata?.find(({ metadataKey }) => metadataKey === MARK)?.metadataValue ?? null;
        return [
          { sheetId, title, rows: gridProperties?.rowCount ?? 0, columns: gridProperties?.columnCount ?? 0, mark },
        ];
      });
    },
    async change(id, requests) {
      const call = google.call(asked(id), (how) =>
        api.spreadsheets.batchUpdate({ spreadsheetId: id, requestBody: { requests: [...requests] } }, how),
      );
      await call.catch((error: unknown) => {
        throw meanwhile(error);
      });
    },
    async write(id, writes) {
      for (const data of parcels(writes)) {
        const call = google.call(asked(id), (how) =>
          api.spreadsheets.values.batchUpdate(
            { spreadsheetId: id, requestBody: { valueInputOption: "RAW", includeValuesInResponse: false, data } },
            how,
          ),
        );
        await call.catch((error: unknown) => {
          throw meanwhile(error);
        });
      }
    },
    async read(id, ranges) {
      const { valueRanges = [] } = await google.call(asked(id), (call) =>
        api.spreadsheets.values.batchGet(
          {
            spreadsheetId: id,
            ranges: [...ranges],
            valueRenderOption: "UNFORMATTED_VALUE",
            dateTimeRenderOption: "SERIAL_NUMBER",
          },
          call,
        ),
      );
      // Typed as `any` by the library; unformatted values are texts, numbers and booleans (Sheets API, "ValueRange").
      return ranges.map((_, at) => (valueRanges[at]?.values ?? []) as Cell[][]);
    },
  };
}

/** Somebody has renamed or removed a tab between two requests: the next push sees it as it is. */
function meanwhile(error: unknown): unknown {
  const isSo =
    failedWith(error, "google.refused") &&
    error instanceof Error &&
    /unable to parse range|no (grid|sheet) with id|already exists|exceeds grid limits/i.test(error.message);
  if (!isSo) return error;
  return new TributaryError({
    code: "sheets.changed_meanwhile",
    kind: "transient",
    message: "A tab was renamed, removed or made by somebody else while it was written to.",
    mend: "It is tried again by itself.",
    cause: error,
  });
}

type ValueRange = { readonly range: string; readonly majorDimension: "ROWS"; readonly values: Cell[][] };

/** What one request carries, again and again. A block that is too large is cut between its rows. */
function* parcels(writes: readonly Write[]): Generator<ValueRange[]> {
  let parcel: ValueRange[] = [];
  let bytes = 0;
  for (const { title, row, column, cells } of writes) {
    let start = 0;
    let range: Cell[][] = [];
    const close = (): void => {
      if (range.length > 0) parcel.push(valueRange(title, row + start, column, range));
      start += range.length;
      range = [];
    };
    for (const line of cells) {
      const size = Buffer.byteLength(JSON.stringify(line));
      if (bytes + size > MOST_BYTES && bytes > 0) {
        close();
        yield parcel;
        parcel = [];
        bytes = 0;
      }
      range.push([...line]);
      bytes += size;
    }
    close();
  }
  if (parcel.length > 0) yield parcel;
}

function valueRange(title: string, row: number, column: number, values: Cell[][]): ValueRange {
  const width = Math.max(...values.map((line) => line.length));
  const range = `${quoted(title)}!${columnName(column)}${row + 1}:${columnName(column + width - 1)}${row + values.length}`;
  return { range, majorDimension: "ROWS", values };
}

/** A tab's name in a range; an inner quote is doubled (Sheets API, "A1 notation"). */
export function quoted(title: string): string {
  return `'${title.replaceAll("'", "''")}'`;
}

/** 0 is A, 26 is AA. */
export function columnName(column: number): string {
  const letter = String.fromCharCode(65 + (column % 26));
  return column < 26 ? letter : columnName(Math.floor(column / 26) - 1) + letter;
}
