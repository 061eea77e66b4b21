import type { docs_v1 } from "@googleapis/docs";
import { failedWith, TributaryError } from "../../../core/base/errors.ts";
import { type Google, type GoogleOptions, openGoogle } from "../google-account/client.ts";

const API = "Google Docs";
const VENDOR_URL = "https://docs.googleapis.com";
const SCOPE = "https://www.googleapis.com/auth/documents";

/** A paragraph with its place in UTF-16 units; `end` is behind its line end. */
export type Paragraph = {
  readonly start: number;
  readonly end: number;
  /** Without the line end. */
  readonly text: string;
  readonly style: string;
  readonly isBullet: boolean;
};

export type GoogleDocument = {
  readonly revision: string;
  readonly paragraphs: readonly Paragraph[];
  /** Where the body ends; nothing can be inserted there, only before. */
  readonly end: number;
  readonly ranges: readonly { readonly name: string; readonly start: number; readonly end: number }[];
};

export type DocsRequest = docs_v1.Schema$Request;

/** Google Docs: the calls that this hub makes. Each throws TributaryError and nothing else, and is sent once. */
export type DocsClient = {
  read(document: string): Promise<GoogleDocument>;
  /** All of it or nothing; nothing where somebody has changed the document since it was read. */
  change(document: string, revision: string, requests: readonly DocsRequest[]): Promise<void>;
};

export async function createDocsClient(options: Omit<GoogleOptions, "scope" | "vendorUrl">): Promise<DocsClient> {
  const google = await openGoogle({ ...options, scope: SCOPE, vendorUrl: VENDOR_URL });
  const { docs } = await import("@googleapis/docs");
  const api = docs({ version: "v1", auth: google.auth, rootUrl: google.rootUrl });
  const asked = (id: string): Parameters<Google["call"]>[0] => ({ what: "document", id, api: API });
  return {
    async read(id) {
      return documentOf(await google.call(asked(id), (call) => api.documents.get({ documentId: id }, call)));
    },
    async change(id, revision, requests) {
      const body = { requests: [...requests], writeControl: { requiredRevisionId: revision } };
      const call = google.call(asked(id), (how) =>
        api.documents.batchUpdate({ documentId: id, requestBody: body }, how),
      );
      await call.catch((error: unknown) => {
        throw meanwhile(error);
      });
    },
  };
}

function documentOf({ body, revisionId, namedRanges }: docs_v1.Schema$Document): GoogleDocument {
  const content = body?.content ?? [];
  const paragraphs = content.flatMap(({ startIndex, endIndex, paragraph }): Paragraph[] => {
    if (paragraph === undefined || endIndex == null) return [];
    const text = (paragraph.elements ?? []).map(({ textRun }) => textRun?.content ?? "").join("");
    return [
      {
        start: startIndex ?? 1,
        end: endIndex,
        text: text.replace(/\n$/, ""),
        style: paragraph.paragraphStyle?.namedStyleType ?? "NORMAL_TEXT",
        isBullet: paragraph.bullet !== undefined,
      },
    ];
  });
  const ranges = Object.values(namedRanges ?? {}).flatMap(({ namedRanges: all }) =>
    (all ?? []).flatMap(({ name, ranges: parts }) => {
      const places = (parts ?? []).map(({ startIndex, endIndex }) => ({ start: startIndex ?? 1, end: endIndex ?? 1 }));
      if (name == null || places.length === 0) return [];
      return [
        {
          name,
          start: Math.min(...places.map(({ start }) => start)),
          end: Math.max(...places.map(({ end }) => end)),
        },
      ];
    }),
  );
  return { revision: revisionId ?? "", paragraphs, end: content.at(-1)?.endIndex ?? 2, ranges };
}

/** Somebody was writing: the next push sees the document as it is. */
function meanwhile(error: unknown): unknown {
  const isSo = failedWith(error, "google.refused") && error instanceof Error && /revision/i.test(error.message);
  if (!isSo) return error;
  return new TributaryError({
    code: "docs.changed_meanwhile",
    kind: "transient",
    message: "Somebody has changed the document while the review was written into it.",
    mend: "It is tried again by itself.",
    cause: error,
  });
}
