import {
  type GoogleRequest,
  type GoogleSimulator,
  invalid,
  isRecord,
  Refusal,
  startGoogleSimulator,
} from "../../google-account/simulator/index.ts";

/**
 * Behaves like the Google Docs API as its discovery document and its pages describe it (sources in ../README.md): a body of paragraphs with places in UTF-16
 * units from 1 on, batches that are applied whole or not at all, revisions, named ranges that move with the text, and the quotas of one user.
 */
export type DocsSimulator = GoogleSimulator & {
  /** An empty document. */
  readonly documentId: string;
  readonly templateId: string;
  /** The paragraphs of a document, each on a line; list items begin with `* `, headings with their number in `#`. */
  textOf(document: string): string;
  linksOf(document: string): readonly { readonly text: string; readonly url: string }[];
  /** Does as a person does: types at a place (a text that is there; "": the start), in front of it or behind it. */
  type(document: string, at: { readonly before: string } | { readonly behind: string }, text: string): void;
  /** Does this between the next reading and the writing after it. */
  beforeNextWrite(work: () => void): void;
  /** Makes it hold these lines; a line that begins with `# ` is a heading. */
  fill(document: string, lines: readonly string[]): void;
};

type Kind = { style: string; isBullet: boolean };
type Doc = {
  /** The body from place 1 on; ends with a line end. */
  text: string;
  /** Of each paragraph, in order. */
  kinds: Kind[];
  links: { start: number; end: number; url: string }[];
  ranges: { name: string; start: number; end: number }[];
  revision: number;
};

/** developers.google.com, "Usage limits". */
const READS = 300;
const WRITES = 60;

export async function startDocsSimulator(options: {
  readonly secret: string;
  readonly port?: number;
  readonly now?: () => number;
}): Promise<DocsSimulator> {
  const documentId = "1SimulatedDocumentOfTributary0";
  const templateId = "1SimulatedTemplateOfTributary0";
  let between: (() => void) | null = null;
  const docs = new Map<string, Doc>([documentId, templateId].map((id) => [id, emptyDoc()]));
  const google = await startGoogleSimulator(options, {
    service: "docs.googleapis.com",
    scope: "https://www.googleapis.com/auth/documents",
    readsPerMinute: READS,
    writesPerMinute: WRITES,
    ...(options.now === undefined ? {} : { now: options.now }),
    answer: (request) => ({ status: 200, body: answer(request) }),
  });

  function answer({ method, path, body }: GoogleRequest): unknown {
    const match = /^\/v1\/documents\/([^/:]+)(:batchUpdate)?$/.exec(path);
    const id = match?.[1] ?? "";
    if (method === "POST") {
      between?.();
      between = null;
    }
    const doc = docs.get(id);
    if (doc === undefined) throw new Refusal(404, "Requested entity was not found.");
    if (method === "GET" && match?.[2] === undefined) return shown(id, doc);
    if (method !== "POST" || match?.[2] === undefined || !isRecord(body))
      return invalid("Invalid JSON payload received.");
    const control = isRecord(body["writeControl"]) ? body["writeControl"] : {};
    const wanted = control["requiredRevisionId"];
    if (wanted !== undefined && wanted !== revisionOf(doc))
      invalid(`The required revision ID '${JSON.stringify(wanted)}' does not match the latest revision.`);
    const requests = Array.isArray(body["requests"]) ? (body["requests"] as unknown[]) : [];
    if (requests.length === 0) invalid("Must specify at least one request.");
    // A copy: what is refused half-way has changed nothing.
    const draft = structuredClone(doc);
    const replies = requests.map((request, at) => apply(draft, request, at));
    draft.revision += 1;
    docs.set(id, draft);
    return { documentId: id, replies, writeControl: { requiredRevisionId: revisionOf(draft) } };
  }

  const docOf = (id: string): Doc => {
    const doc = docs.get(id);
    if (doc === undefined) throw new Error(`there is no document ${id}`);
    return doc;
  };
  return {
    ...google,
    documentId,
    templateId,
    textOf(id) {
      const { text, kinds } = docOf(id);
      return text
        .slice(0, -1)
        .split("\n")
        .map((line, at) => {
          const { style, isBullet } = kinds[at] ?? PLAIN;
          const level = /^HEADING_(\d)$/.exec(style)?.[1];
          return `${level === undefined ? "" : `${"#".repeat(Number(level))} `}${isBullet ? "* " : ""}${line}`;
        })
        .join("\n");
    },
    linksOf: (id) =>
      docOf(id).links.map(({ start, end, url }) => ({ text: docOf(id).text.slice(start - 1, end - 1), url })),
    type(id, at, text) {
      const doc = docOf(id);
      const wanted = "before" in at ? at.before : at.behind;
      const found = doc.text.indexOf(wanted);
      if (found < 0) throw new Error(`the document has no "${wanted}"`);
      insert(doc, 1 + found + ("before" in at ? 0 : wanted.length), text);
      doc.revision += 1;
    },
    beforeNextWrite: (work) => void (between = work),
    fill(id, lines) {
      docs.set(id, {
        ...emptyDoc(),
        text: `${lines.map((line) => line.replace(/^# /, "")).join("\n")}\n`,
        kinds: lines.map((line) => (line.startsWith("# ") ? { style: "HEADING_1", isBullet: false } : { ...PLAIN })),
        revision: docOf(id).revision + 1,
      });
    },
  };
}

const PLAIN: Kind = { style: "NORMAL_TEXT", isBullet: false };

function emptyDoc(): Doc {
  return { text: "\n", kinds: [{ ...PLAIN }], links: [], ranges: [], revision: 0 };
}

function revisionOf({ revision }: Doc): string {
  return `ALm37BU${revision}`;
}

function shown(documentId: string, doc: Doc): unknown {
  let start = 1;
  const paragraphs = doc.text
    .slice(0, -1)
    .split("\n")
    .map((line, at) => {
      const { style, isBullet } = doc.kinds[at] ?? PLAIN;
      const endIndex = start + line.length + 1;
      const element = { startIndex: start, endIndex, textRun: { content: `${line}\n`, textStyle: {} } };
      const paragraph = {
        elements: [element],
        paragraphStyle: { namedStyleType: style, direction: "LEFT_TO_RIGHT" },
        ...(isBullet ? { bullet: { listId: "kix.list", textStyle: {} } } : {}),
      };
      const part = { startIndex: start, endIndex, paragraph };
      start = endIndex;
      return part;
    });
  const names = [...new Set(doc.ranges.map(({ name }) => name))];
  const namedRanges = Object.fromEntries(
    names.map((name) => [
      name,
      {
        name,
        namedRanges: doc.ranges
          .filter((one) => one.name === name)
          .map((one, at) => ({
            namedRangeId: `kix.${name}.${at}`,
            name,
            ranges: [{ startIndex: one.start, endIndex: one.end }],
          })),
      },
    ]),
  );
  return {
    documentId,
    title: "Pipeline reviews",
    revisionId: revisionOf(doc),
    body: { content: [{ endIndex: 1, sectionBreak: { sectionStyle: {} } }, ...paragraphs] },
    ...(names.length === 0 ? {} : { namedRanges }),
  };
}

/** Puts text in; new paragraphs look like the one at that place, and what stands behind moves on. */
function insert(doc: Doc, index: number, given: string): void {
  // Stripped in silence (developers.google.com, "InsertTextRequest").
  // eslint-disable-next-line no-control-regex -- they are what it strips
  const text = given.replaceAll(/[\0-\x08\x0c-\x1f\uE000-\uF8FF]/g, "");
  const at = paragraphAt(doc, index);
  const added = text.split("\n").length - 1;
  doc.text = doc.text.slice(0, index - 1) + text + doc.text.slice(index - 1);
  doc.kinds.splice(at, 0, ...Array.from({ length: added }, () => ({ ...(doc.kinds[at] ?? PLAIN) })));
  for (const list of [doc.ranges, doc.links])
    for (const one of list) {
      if (one.start >= index) one.start += text.length;
      if (one.end > index) one.end += text.length;
    }
}

function paragraphAt(doc: Doc, index: number): number {
  return doc.text.slice(0, index - 1).split("\n").length - 1;
}

function apply(doc: Doc, request: unknown, at: number): unknown {
  const [kind, what] = isRecord(request) ? (Object.entries(request)[0] ?? []) : [];
  if (kind === undefined || !isRecord(what)) return invalid(`Invalid requests[${at}]: No request set.`);
  const refuse = (why: string): never => invalid(`Invalid requests[${at}].${kind}: ${why}`);
  const end = doc.text.length + 1;
  const rangeOf = (): { start: number; end: number } => {
    const { startIndex: from, endIndex: to } = isRecord(what["range"]) ? what["range"] : {};
    if (typeof from !== "number" || typeof to !== "number" || from < 1 || to > end || from >= to)
      return refuse(`Index ${String(to)} must be less than the end index of the referenced segment, ${end}.`);
    return { start: from, end: to };
  };
  const eachParagraph = (change: (kind: Kind) => void): void => {
    const range = rangeOf();
    for (let one = paragraphAt(doc, range.start); one <= paragraphAt(doc, range.end - 1); one += 1) {
      const found = doc.kinds[one];
      if (found !== undefined) change(found);
    }
  };
  switch (kind) {
    case "insertText": {
      const location = isRecord(what["location"]) ? what["location"] : {};
      const index = location["index"];
      if (typeof index !== "number" || index < 1 || index >= end)
        return refuse(`Index ${String(index)} must be less than the end index of the referenced segment, ${end}.`);
      if (typeof what["text"] !== "string" || what["text"] === "") return refuse("Text must not be empty.");
      if (/^[\uDC00-\uDFFF]/.test(doc.text.slice(index - 1))) refuse("Cannot insert text inside a surrogate pair.");
      insert(doc, index, what["text"]);
      return {};
    }
    case "updateParagraphStyle": {
      const style = isRecord(what["paragraphStyle"]) ? what["paragraphStyle"]["namedStyleType"] : null;
      if (what["fields"] !== "namedStyleType" || typeof style !== "string")
        return refuse("At least one field must be listed in 'fields'.");
      eachParagraph((one) => void (one.style = style));
      return {};
    }
    case "createParagraphBullets": {
      const range = rangeOf();
      if (
        doc.text
          .slice(range.start - 1, range.end - 1)
          .split("\n")
          .some((line) => line.startsWith("\t"))
      )
        return refuse("The simulator does not nest lists.");
      eachParagraph((one) => void (one.isBullet = true));
      return {};
    }
    case "deleteParagraphBullets":
      eachParagraph((one) => void (one.isBullet = false));
      return {};
    case "updateTextStyle": {
      const range = rangeOf();
      if (typeof what["fields"] !== "string" || what["fields"] === "")
        refuse("At least one field must be listed in 'fields'.");
      const link = isRecord(what["textStyle"]) ? what["textStyle"]["link"] : null;
      doc.links = doc.links.filter((one) => one.end <= range.start || one.start >= range.end);
      if (isRecord(link)) doc.links.push({ ...range, url: String(link["url"]) });
      return {};
    }
    case "createNamedRange": {
      const name = what["name"];
      if (typeof name !== "string" || name.length < 1 || name.length > 256)
        return refuse("The name is required, of 1 to 256 characters.");
      doc.ranges.push({ name, ...rangeOf() });
      return { createNamedRange: { namedRangeId: `kix.${doc.ranges.length}` } };
    }
    default:
      return invalid(`Invalid JSON payload received. Unknown name "${kind}" at 'requests[${at}]': Cannot find field.`);
  }
}
