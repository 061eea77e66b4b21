import { z } from "zod";
import { accountFields, hasOneAccount, ONE_ACCOUNT } from "../google-account/settings.ts";

const documentId = z.string().regex(/^[\w-]{20,100}$/, "expected the part of its address between /d/ and /edit");

/** Section `docs` of the config file: the Google document that pipeline reviews are written into. */
export const docsSettings = z
  .strictObject({
    ...accountFields,
    base_url: z
      .url({ protocol: /^https?$/ })
      .default("https://docs.googleapis.com")
      .describe("Google's address"),
    document: documentId.describe(
      "Where reviews are written, the newest first: below the line {{reviews}}, else at the start. The part of its address between /d/ and /edit",
    ),
    template: documentId
      .optional()
      .describe("Another document that says what a review looks like, with {{placeholders}}; absent: the hub's own"),
  })
  .refine(hasOneAccount, ONE_ACCOUNT);

export type DocsSettings = z.output<typeof docsSettings>;
