import type { Readable } from "node:stream";
import yauzl, { type Entry } from "yauzl";
import { fileError } from "./errors.ts";

/** What an archive may unpack to. A sheet of a million rows and ten columns is 400 MB of XML. */
export const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
/** A workbook has some dozens. */
const MAX_PARTS = 20_000;

export type ZipPart = { readonly name: string; readonly bytes: number; readonly isEncrypted: boolean };

/** A zip archive whose directory has been read. Nothing is written to disk by the names in it. */
export type Zip = {
  /** In the order of the directory, without folders. */
  readonly parts: readonly ZipPart[];
  /** A part by its name, whatever the case; the first one of that name. */
  readonly find: (name: string) => ZipPart | null;
  /**
   * The part's content. What comes out is counted, since the directory may lie.
   *
   * @throws TributaryError `csv.file.too_large`, `csv.file.unreadable`
   */
  readonly read: (part: ZipPart) => AsyncGenerator<Buffer>;
  readonly close: () => void;
};

/**
 * Opens an archive and reads its directory; refuses at once what says of itself that it is too large.
 *
 * @param shown how messages name the file.
 * @throws TributaryError `csv.file.too_large`, `csv.file.unreadable`
 */
export async function openZip(file: string, shown: string): Promise<Zip> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false } as const;
  const archive = await yauzl.openPromise(file, options).catch((error: unknown) => {
    throw damaged(shown, error);
  });
  try {
    const entries = new Map<string, Entry>();
    const parts: ZipPart[] = [];
    let bytes = 0;
    for await (const entry of archive.eachEntry()) {
      // Some writers of workbooks use backslashes, or a slash in front.
      const name = entry.fileNameRaw.toString("utf8").replaceAll("\\", "/").replace(/^\/+/, "");
      if (name.endsWith("/") || entries.has(name.toLowerCase())) continue;
      entries.set(name.toLowerCase(), entry);
      parts.push({ name, bytes: entry.uncompressedSize, isEncrypted: entry.isEncrypted() });
      bytes += entry.uncompressedSize;
      if (bytes > MAX_UNPACKED_BYTES) throw tooLarge(shown, MAX_UNPACKED_BYTES);
      if (parts.length > MAX_PARTS) throw damaged(shown, new Error(`it has more than ${MAX_PARTS} parts`));
    }
    const byName = new Map(parts.map((part) => [part.name.toLowerCase(), part]));
    let unpacked = 0;
    async function* read(part: ZipPart): AsyncGenerator<Buffer> {
      const entry = entries.get(part.name.toLowerCase());
      if (entry === undefined) throw new Error(`no part ${part.name}`);
      try {
        const stream: Readable = await archive.openReadStreamPromise(entry);
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          unpacked += chunk.length;
          if (unpacked > MAX_UNPACKED_BYTES) throw tooLarge(shown, MAX_UNPACKED_BYTES);
          yield chunk;
        }
      } catch (error) {
        throw error instanceof Error && "code" in error && String(error.code).startsWith("csv.")
          ? error
          : damaged(shown, error);
      }
    }
    return { parts, find: (name) => byName.get(name.toLowerCase()) ?? null, read, close: () => archive.close() };
  } catch (error) {
    archive.close();
    throw error instanceof Error && error.name === "TributaryError" ? error : damaged(shown, error);
  }
}

export function tooLarge(shown: string, maxBytes: number): Error {
  return fileError({
    code: "csv.file.too_large",
    message: `${shown} unpacks to more than ${Math.round(maxBytes / 1024 / 1024)} MB.`,
    mend: "Save the sheet that is needed as CSV, which is streamed, or split it.",
  });
}

function damaged(shown: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : "unknown reason";
  const isCut = /end of central directory|unexpected EOF|unexpected end/i.test(reason);
  return fileError({
    code: "csv.file.unreadable",
    message: isCut
      ? `${shown} is an incomplete archive: its end is missing.`
      : `${shown} cannot be unpacked: ${reason}.`,
    mend: isCut
      ? "Copy or export the file again; programs that write it should write to another name and rename it at the end."
      : "Open it in a spreadsheet program and save it again.",
    cause,
  });
}
