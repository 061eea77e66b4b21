import { SaxesParser } from "saxes";

/** No part of a workbook nests deeper than a dozen. */
const MAX_DEPTH = 100;
/** Between two tags: a cell holds 32,767 characters at most. */
const MAX_STRETCH_BYTES = 8 * 1024 * 1024;

export type XmlEvents = {
  /** @param name without its prefix. */
  readonly open: (name: string, attributes: { readonly [name: string]: string }) => void;
  readonly close: (name: string) => void;
  readonly text?: (text: string) => void;
};

/**
 * Reads XML in the order in which it stands, without holding it. Only what is well-formed; no document types, so no entities that stand for
 * more than a character.
 *
 * @param afterChunk runs after each piece of input; the next one waits for it.
 * @throws Error saying where the text is not as it should be.
 */
export async function readXml(
  chunks: AsyncIterable<Buffer>,
  events: XmlEvents,
  afterChunk?: () => Promise<void>,
): Promise<void> {
  const parser = new SaxesParser({ position: false, xmlns: false });
  let depth = 0;
  let stretch = 0;
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("doctype", () => {
    throw new Error("it declares a document type, which no spreadsheet program writes");
  });
  parser.on("opentag", ({ name, attributes }) => {
    stretch = 0;
    depth += 1;
    if (depth > MAX_DEPTH) throw new Error(`its elements are nested more than ${MAX_DEPTH} deep`);
    events.open(localName(name), attributes);
  });
  parser.on("closetag", ({ name }) => {
    stretch = 0;
    depth -= 1;
    events.close(localName(name));
  });
  if (events.text !== undefined) {
    parser.on("text", events.text);
    parser.on("cdata", events.text);
  }
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(encodingOf(chunk));
    stretch += chunk.length;
    if (stretch > MAX_STRETCH_BYTES) throw new Error("it holds a value of more than 8 MB");
    parser.write(decoder.decode(chunk, { stream: true }));
    await afterChunk?.();
  }
  parser.write(decoder?.decode() ?? "").close();
}

/** XML is UTF-8 unless it begins otherwise (XML 1.0, appendix F). */
function encodingOf(head: Buffer): string {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0x3c && head[1] === 0)) return "utf-16le";
  if ((head[0] === 0xfe && head[1] === 0xff) || (head[0] === 0 && head[1] === 0x3c)) return "utf-16be";
  return "utf-8";
}

function localName(name: string): string {
  const at = name.indexOf(":");
  return at < 0 ? name : name.slice(at + 1);
}
