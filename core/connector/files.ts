/** What stands before the name of an uploaded file, where settings take a path. */
export const UPLOAD = "upload:";

/**
 * The files that a connection may read: those below folders that the operator has named, and those that were uploaded. A connector opens no
 * path by itself.
 */
export type Files = {
  /**
   * What there is at a path, null: nothing.
   *
   * @throws TributaryError `files.not_allowed`, `files.not_regular`, `files.unreadable`
   */
  look(path: string): Promise<FoundFile | FoundFolder | null>;
  /**
   * Copies a file's content to a path of the caller's own, as it is at that moment. It is read from what was opened and checked, whatever
   * becomes of the path meanwhile.
   *
   * @returns null when there is nothing.
   * @throws TributaryError as {@link look}, and `files.no_room`
   */
  copy(path: string, to: string, signal: AbortSignal): Promise<CopiedFile | null>;
};

export type FoundFile = { readonly kind: "file"; readonly size: number; readonly mtimeMs: number };
/** `names`: of the entries that are no folders, in no order. */
export type FoundFolder = { readonly kind: "folder"; readonly names: readonly string[] };
/** `hash`: SHA-256, hexadecimal. */
export type CopiedFile = FoundFile & { readonly hash: string };

/** For connectors that read none. */
export const NO_FILES: Files = { look: () => Promise.resolve(null), copy: () => Promise.resolve(null) };
