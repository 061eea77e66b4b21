import { crc32, deflateRawSync } from "node:zlib";

/** A cell as its XML says it; a text or a number alone is what most cells are. */
export type CellBytes =
  | string
  | number
  | null
  | {
      /** `v`; null: there is none. */
      readonly value: string | null;
      /** `t`: n, s, str, b, e, d. */
      readonly type?: string;
      readonly formula?: string;
      /** The number format's code. */
      readonly format?: string;
    };

export type SheetBytes = {
  readonly name: string;
  readonly rows: readonly (readonly CellBytes[])[];
  readonly state?: "hidden" | "veryHidden";
};

export type BookOptions = {
  readonly date1904?: boolean;
  /** Whether rows and cells say where they are (they need not: ECMA-376 part 1, 18.3.1.4 and 18.3.1.73). */
  readonly withoutPlaces?: boolean;
  /** Whether texts stand in the workbook's list, as spreadsheet programs write them. */
  readonly shared?: boolean;
  /** Before each element's name, as some writers have it. */
  readonly prefix?: string;
};

const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";

/** The parts of a workbook, by name. */
export function bookParts(sheets: readonly SheetBytes[], options: BookOptions = {}): { [name: string]: string } {
  const formats = ["General"];
  const shared: string[] = [];
  const p = options.prefix === undefined ? "" : `${options.prefix}:`;
  const styleOf = (format: string | undefined): string => {
    if (format === undefined) return "";
    if (!formats.includes(format)) formats.push(format);
    return ` s="${formats.indexOf(format)}"`;
  };
  const cellXml = (cell: CellBytes, place: string): string => {
    if (cell === null) return options.withoutPlaces === true ? `<${p}c/>` : "";
    if (typeof cell === "number") return `<${p}c${place}><${p}v>${cell}</${p}v></${p}c>`;
    if (typeof cell === "string") {
      if (options.shared !== true)
        return `<${p}c${place} t="inlineStr"><${p}is><${p}t xml:space="preserve">${xml(cell)}</${p}t></${p}is></${p}c>`;
      if (!shared.includes(cell)) shared.push(cell);
      return `<${p}c${place} t="s"><${p}v>${shared.indexOf(cell)}</${p}v></${p}c>`;
    }
    const type = cell.type === undefined ? "" : ` t="${cell.type}"`;
    const formula = cell.formula === undefined ? "" : `<${p}f>${xml(cell.formula)}</${p}f>`;
    const value = cell.value === null ? "" : `<${p}v>${xml(cell.value)}</${p}v>`;
    return `<${p}c${place}${styleOf(cell.format)}${type}>${formula}${value}</${p}c>`;
  };
  const sheetXml = ({ rows }: SheetBytes): string => {
    const data = rows.map((row, index) => {
      const cells = row.map((cell, column) =>
        cellXml(cell, options.withoutPlaces === true ? "" : ` r="${letters(column)}${index + 1}"`),
      );
      return `<${p}row${options.withoutPlaces === true ? "" : ` r="${index + 1}"`}>${cells.join("")}</${p}row>`;
    });
    const namespace = options.prefix === undefined ? `xmlns="${MAIN}"` : `xmlns:${options.prefix}="${MAIN}"`;
    return `<?xml version="1.0"?><${p}worksheet ${namespace}><${p}sheetData>${data.join("")}</${p}sheetData></${p}worksheet>`;
  };
  const sheetParts = sheets.map((sheet, index) => [`xl/worksheets/sheet${index + 1}.xml`, sheetXml(sheet)] as const);
  const list = sheets.map(
    ({ name, state }, index) =>
      `<sheet name="${xml(name)}" sheetId="${index + 1}"${state === undefined ? "" : ` state="${state}"`} r:id="rId${index + 1}"/>`,
  );
  const links = sheets.map(
    (_sheet, index) =>
      `<Relationship Id="rId${index + 1}" Type="${REL}/worksheet" Target="worksheets/sheet${index + 1}.xml"/>`,
  );
  const date1904 = options.date1904 === true ? ` date1904="1"` : "";
  return {
    "[Content_Types].xml": `<Types xmlns="${PACKAGE}/content-types"/>`,
    "_rels/.rels": `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `<workbook xmlns="${MAIN}" xmlns:r="${REL}"><workbookPr${date1904}/><sheets>${list.join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships xmlns="${PACKAGE}/relationships">${links.join("")}<Relationship Id="rId98" Type="${REL}/sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="rId99" Type="${REL}/styles" Target="styles.xml"/></Relationships>`,
    ...Object.fromEntries(sheetParts),
    "xl/styles.xml": `<styleSheet xmlns="${MAIN}"><numFmts>${formats.map((code, index) => `<numFmt numFmtId="${200 + index}" formatCode="${xml(code)}"/>`).join("")}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${formats.map((_code, index) => `<xf numFmtId="${index === 0 ? 0 : 200 + index}"/>`).join("")}</cellXfs></styleSheet>`,
    ...(shared.length === 0
      ? {}
      : {
          "xl/sharedStrings.xml": `<sst xmlns="${MAIN}">${shared.map((text) => `<si><t xml:space="preserve">${xml(text)}</t></si>`).join("")}</sst>`,
        }),
  };
}

/** The bytes of an xlsx workbook. */
export function book(sheets: readonly SheetBytes[], options: BookOptions = {}): Buffer {
  return archive(bookParts(sheets, options));
}

/** Of one sheet. */
export function bookOf(rows: SheetBytes["rows"], options: BookOptions = {}): Buffer {
  return book([{ name: "Deals", rows }], options);
}

/** Days since the end of 1899, as spreadsheet programs count them. */
export function serialOf(iso: string): number {
  return (Date.parse(`${iso}${iso.length === 10 ? "T00:00:00" : ""}Z`) - Date.UTC(1899, 11, 30)) / 86_400_000;
}

function letters(column: number): string {
  const rest = Math.floor(column / 26);
  return (rest === 0 ? "" : letters(rest - 1)) + String.fromCharCode(65 + (column % 26));
}

function xml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export type ArchiveOptions = {
  /** What the directory says that a part unpacks to, where it lies. */
  readonly says?: { readonly [name: string]: number };
  /** Parts that are marked as encrypted. */
  readonly encrypted?: boolean;
};

/** A zip archive of compressed parts (APPNOTE.TXT, 4.3: local headers, central directory, end record). */
export function archive(parts: { readonly [name: string]: string | Buffer }, options: ArchiveOptions = {}): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(parts)) {
    const name = Buffer.from(path);
    const plain = Buffer.from(content);
    const data = deflateRawSync(plain);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(options.encrypted === true ? 1 : 0, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(options.says?.[path] ?? plain.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, name, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    centrals.push(Buffer.concat([Buffer.from("PK\u0001\u0002"), Buffer.from([20, 0]), common, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(centrals);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(centrals.length, 4);
  end.writeUInt16LE(centrals.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, Buffer.from("PK\u0005\u0006"), end]);
}
