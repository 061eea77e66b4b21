import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { type Duplex, Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { createTurns } from "./apart/turns.ts";
import { fileError } from "./errors.ts";
import { headOf } from "./files.ts";
import { ownFolder } from "./own-folder.ts";
import { isSignInPage } from "./web-pages.ts";
import { openZip, tooLarge, type Zip, type ZipPart } from "./zip.ts";
import { bytesOf } from "../../core/base/network.ts";

/** A file with rows in it, taken out of its packing. */
export type Content = {
  readonly kind: "text" | "workbook";
  readonly path: string;
  /** Its own name: of a file in an archive, the one it has there. */
  readonly name: string;
  /** Removes what was unpacked. */
  readonly remove: () => Promise<void>;
};

/** So much of the disk at the same time, times {@link MAX_TEXT_BYTES}; the others wait. */
const unpacked = createTurns(3);
/** Text is streamed; what is unpacked takes room on the disk. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024 * 1024;
/** A workbook's own archive; what it unpacks to has a limit too. */
const MAX_WORKBOOK_BYTES = 200 * 1024 * 1024;
const HEAD_BYTES = 16 * 1024;

type Source = { readonly path: string; readonly shown: string; readonly name: string; readonly signal: AbortSignal };

/**
 * What a file is, by what is in it: its name may say something else. A `.gz`, or a zip archive with one file, is unpacked.
 *
 * @throws TributaryError `csv.file.unreadable` saying what it is instead of a sheet, `csv.file.too_large`, `csv.file.header` for an empty file.
 */
export async function openContent(
  file: Pick<Source, "path" | "shown" | "signal">,
  format: "csv" | "tsv" | "xlsx" | undefined,
): Promise<Content> {
  const content = await open({ ...file, name: path.basename(file.shown) }, 0);
  if (format !== "xlsx" || content.kind === "workbook") return content;
  await content.remove();
  throw notASheet(file.shown, "is no xlsx workbook, but text", "Leave out `format`, or say csv.");
}

/** @param depth how many packings it was taken out of. */
async function open(source: Source, depth: number): Promise<Content> {
  const { shown } = source;
  const head = await headOf(source.path, HEAD_BYTES);
  if (head.length === 0)
    throw fileError({
      code: "csv.file.header",
      message: `${shown} is empty: there is nothing in it.`,
      mend: "Export the sheet again.",
    });
  const beginning = head.subarray(0, 4).toString("hex");
  // An archive, or an empty one.
  if (beginning === "504b0304" || beginning === "504b0506") return openArchive(source, depth);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    assertOnce(shown, depth);
    const name = source.name.replace(/\.gz$/i, "");
    return unpack(source, name, () => [createReadStream(source.path), createGunzip()], depth);
  }
  const other = await otherKind(source.path, head);
  if (other !== null) throw notASheet(shown, ...other);
  return { kind: "text", path: source.path, name: source.name, remove: async () => {} };
}

function assertOnce(shown: string, depth: number): void {
  if (depth > 0) throw notASheet(shown, "is packed twice", "Unpack it.");
}

async function openArchive(source: Source, depth: number): Promise<Content> {
  const { shown } = source;
  const zip = await openZip(source.path, shown);
  try {
    const has = (pattern: RegExp): boolean => zip.parts.some(({ name }) => pattern.test(name));
    if (has(/^xl\/workbook\.xml$/i) || (has(/^\[content_types\]\.xml$/i) && has(/workbook\.xml$|^xl\//i))) {
      if (has(/^xl\/workbook\.bin$/i) && !has(/^xl\/workbook\.xml$/i))
        throw notASheet(shown, "is a binary workbook (xlsb)", SAVE_AS);
      const { size } = await stat(source.path);
      if (size > MAX_WORKBOOK_BYTES) throw tooLarge(shown, MAX_WORKBOOK_BYTES);
      return { kind: "workbook", path: source.path, name: source.name, remove: async () => {} };
    }
    if (has(/^content\.xml$/) && has(/^mimetype$/)) throw notASheet(shown, "is an OpenDocument file (ods)", SAVE_AS);
    if (has(/^word\//i)) throw notASheet(shown, "is a text document (docx)", SAVE_AS);
    if (has(/^ppt\//i)) throw notASheet(shown, "is a presentation (pptx)", SAVE_AS);
    if (has(/\.iwa$/i)) throw notASheet(shown, "is a Numbers document", SAVE_AS);
    const files = zip.parts.filter(
      ({ name }) => !/(^|\/)(__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/i.test(name),
    );
    const [only] = files;
    if (only === undefined || files.length > 1) throw severalFiles(shown, files);
    if (only.isEncrypted)
      throw notASheet(
        shown,
        `is a zip archive protected by a password (in it: ${only.name})`,
        "Put the file there without the archive.",
      );
    assertOnce(shown, depth);
    return await unpack(source, path.posix.basename(only.name), () => [Readable.from(zip.read(only))], depth);
  } finally {
    zip.close();
  }
}

function severalFiles(shown: string, files: Zip["parts"]): Error {
  const names = files.slice(0, 5).map(({ name }: ZipPart) => name);
  const list = names.length === 0 ? "nothing" : [...names, ...(files.length > 5 ? ["…"] : [])].join(", ");
  return notASheet(
    shown,
    `is a zip archive with ${list} in it`,
    files.length === 0
      ? "Export the sheet again."
      : "Unpack it, and name the files or their folder in `from`; an archive with one file is read as it is.",
  );
}

/** @param streams begins the unpacking; only then, since a stream that fails before anybody listens takes the process with it. */
async function unpack(
  source: Source,
  name: string,
  streams: () => readonly [Readable, ...Duplex[]],
  depth: number,
): Promise<Content> {
  const leave = await unpacked.take(source.signal);
  const own = await ownFolder().catch((error: unknown) => {
    leave();
    throw error;
  });
  const remove = (): Promise<void> => own.remove().finally(leave);
  try {
    const to = path.join(own.folder, "unpacked");
    let bytes = 0;
    const meter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        done(bytes > MAX_TEXT_BYTES ? tooLarge(source.shown, MAX_TEXT_BYTES) : null, chunk);
      },
    });
    await pipeline([...streams(), meter, createWriteStream(to, { mode: 0o600 })], { signal: source.signal });
    const content = await open({ ...source, path: to, name }, depth + 1);
    return { ...content, remove };
  } catch (error) {
    await remove();
    source.signal.throwIfAborted();
    if (error instanceof Error && error.name === "TributaryError") throw error;
    throw fileError({
      code: "csv.file.unreadable",
      message: `${source.shown} cannot be unpacked: ${error instanceof Error ? error.message : "unknown reason"}.`,
      mend: "Copy or export the file again; it may be incomplete.",
      cause: error,
    });
  }
}

const SAVE_AS = "Save it as an Excel workbook (.xlsx) or as CSV.";

function notASheet(shown: string, what: string, mend: string): Error {
  return fileError({ code: "csv.file.unreadable", message: `${shown} ${what}.`, mend });
}

/** How other kinds of files begin. */
const BEGINNINGS: readonly (readonly [begins: RegExp, what: string])[] = [
  [/^%PDF-/, "is a PDF document"],
  [/^\{\\rtf/, "is a text document (rtf)"],
  [/^(\u0089PNG|\u00ff\u00d8\u00ff|GIF8)/, "is a picture"],
  [/^PAR1/, "is a Parquet file"],
  [/^SQLite format 3/, "is a database (SQLite)"],
  [
    /^(7z\u00bc\u00af|Rar!|BZh\d|\u00fd7zXZ|\u0028\u00b5\u002f\u00fd)/,
    "is packed in a way that is not read (zip and gz are)",
  ],
];

/** How a workbook begins that is older than compound files (BIFF 2 to 5). */
const OLD_WORKBOOKS = ["09000400", "09020600", "09040600", "09080800", "09081000"];

/** What the file is instead of a sheet, and what to do; null: it may be text with rows in it. */
async function otherKind(file: string, head: Buffer): Promise<readonly [what: string, mend: string] | null> {
  const latin = head.toString("latin1");
  // POSIX.1-1988, ustar: the magic of a header block.
  if (latin.slice(257, 262) === "ustar")
    return ["is a tar archive", "Unpack it, and name the files or their folder in `from`."];
  const beginning = head.subarray(0, 4).toString("hex");
  if (beginning === "d0cf11e0") return kindOfCompound(file);
  if (OLD_WORKBOOKS.includes(beginning)) return ["is a workbook of an old kind (xls)", SAVE_AS];
  const found = BEGINNINGS.find(([begins]) => begins.test(latin));
  if (found !== undefined) return [found[1], SAVE_AS];
  // Without what UTF-16 and marks put between the letters.
  const text = latin.replaceAll("\u0000", "").replace(/^[\u00ef\u00bb\u00bf\u00ff\u00fe\s]+/, "");
  const page = kindOfPage(text);
  if (page !== null) return page;
  if (/^(\{\s*"|\[\s*[{[]|\[\s*\]\s*$|\{\s*\}\s*$)/.test(text))
    return ["is JSON, no sheet", "Export the sheet as CSV or .xlsx."];
  if (/^MIME-Version:/i.test(text)) return ["is a saved web page (MHTML), no sheet", SAVE_AS];
  return null;
}

/** A web page's beginning, or another kind of markup. */
function kindOfPage(text: string): readonly [what: string, mend: string] | null {
  if (!text.startsWith("<")) return null;
  if (/urn:schemas-microsoft-com:office:spreadsheet/i.test(text) && /<(\w+:)?Workbook/i.test(text))
    return ["is an XML spreadsheet of 2003", SAVE_AS];
  if (
    /^<(!doctype\s+html|html|head|body|table|meta|script|style|div|title)\b/i.test(
      text.replace(/^(<\?xml[^>]*>|<!--.*?-->|\s)+/s, ""),
    )
  )
    return isSignInPage(text)
      ? [
          "is a sign-in page (HTML), no sheet: whatever fetched it was not signed in",
          "Fetch the sheet by a link that needs no sign-in, or export it by hand.",
        ]
      : [
          `is a web page (HTML${/<table/i.test(text) ? " with a table" : ""}), no sheet, whatever its name says`,
          `Open it in a spreadsheet program, and save it as an Excel workbook (.xlsx) or as CSV.`,
        ];
  return /^<\?xml|^<\w/.test(text) ? ["is XML, no sheet", "Export the sheet as CSV or .xlsx."] : null;
}

/** The names of parts in Microsoft's compound files are UTF-16 (MS-CFB, 2.6.1): they tell what it is. */
async function kindOfCompound(file: string): Promise<readonly [what: string, mend: string]> {
  const wide = (name: string): Buffer => Buffer.from(name, "utf16le");
  const kinds: readonly (readonly [name: Buffer, what: string, mend: string])[] = [
    [
      wide("EncryptedPackage"),
      "is protected by a password (or by the company's rights management)",
      "Remove the protection where the file is made, or have the sheet exported as CSV.",
    ],
    [wide("Workbook"), "is a workbook of an old kind (xls)", SAVE_AS],
    [wide("Book\u0000"), "is a workbook of an old kind (xls)", SAVE_AS],
    [wide("WordDocument"), "is a text document (doc)", SAVE_AS],
    [wide("PowerPoint Document"), "is a presentation (ppt)", SAVE_AS],
    [wide("__properties_version1.0"), "is a mail (msg)", SAVE_AS],
  ];
  let tail: Buffer = Buffer.alloc(0);
  const found = new Set<string>();
  for await (const chunk of bytesOf(createReadStream(file))) {
    const bytes = Buffer.concat([tail, chunk]);
    for (const [name, what] of kinds) if (bytes.includes(name)) found.add(what);
    tail = Buffer.from(bytes.subarray(-64));
  }
  const [, what, mend] = kinds.find(([, kind]) => found.has(kind)) ?? [
    null,
    "is no xlsx workbook, but a file of Microsoft's older kind",
    SAVE_AS,
  ];
  return [what, mend];
}
