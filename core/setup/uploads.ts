import { createHash } from "node:crypto";
import { TributaryError } from "../base/errors.ts";
import { UPLOAD } from "../connector/files.ts";
import type { Db } from "../store/db.ts";
import { deleteUpload, listUploads, lockUploads, putUpload, type Upload } from "../store/setup/uploads.ts";
import { listConnectionRows } from "../store/setup/connection-rows.ts";
import { type Actor, noted } from "./verb.ts";

/** What uploads may come to. The database holds them, so that every worker on every machine can read them. */
export const UPLOAD_LIMITS = { bytesEach: 32 * 1024 ** 2, bytesTogether: 256 * 1024 ** 2, number: 100 } as const;

/** A file's own name: it says what is in it, and nothing of it could be taken for a path. */
export const UPLOAD_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._()-]{0,99}$/u;

/**
 * Keeps a file for connections, which name it `upload:{name}`. One of the same name is replaced: connections read the new content with their
 * next pull.
 *
 * @throws TributaryError `uploads.bad_name`, `uploads.empty`, `uploads.too_many`
 */
export async function keepUpload(
  db: Db,
  actor: Actor,
  { name, content }: { readonly name: string; readonly content: Buffer },
): Promise<Upload> {
  if (!UPLOAD_NAME.test(name)) throw badName();
  if (content.length === 0) throw empty(name);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const details = { size: content.length, sha256 };
  return noted<Upload>(db, { actor, action: "upload.keep", target: name, details }, async (tx) => {
    await lockUploads(tx);
    const others = (await listUploads(tx)).filter((one) => one.name !== name);
    const bytes = others.reduce((sum, one) => sum + one.size, content.length);
    if (others.length >= UPLOAD_LIMITS.number || bytes > UPLOAD_LIMITS.bytesTogether) throw tooMany();
    return putUpload(tx, { name, sha256, content, createdBy: actor });
  });
}

/** @throws TributaryError `uploads.unknown`, `uploads.in_use` */
export async function removeUpload(db: Db, actor: Actor, name: string): Promise<void> {
  await noted(db, { actor, action: "upload.remove", target: name }, async (tx) => {
    const named = JSON.stringify(UPLOAD + name);
    const user = (await listConnectionRows(tx)).find(({ settings }) => JSON.stringify(settings).includes(named));
    if (user !== undefined) throw inUse(name, user.id);
    if (!(await deleteUpload(tx, name))) throw unknownUpload(name);
  });
}

function badName(): TributaryError {
  return new TributaryError({
    code: "uploads.bad_name",
    kind: "config",
    message: "This is no name for an upload.",
    mend: "Use up to 100 letters, digits, spaces and . _ - ( ), beginning with a letter or digit: deals.csv.",
  });
}

function empty(name: string): TributaryError {
  return new TributaryError({
    code: "uploads.empty",
    kind: "config",
    message: `Nothing came with ${name}.`,
    mend: "Send the file's content as the request's body, as application/octet-stream.",
  });
}

function tooMany(): TributaryError {
  const { number, bytesTogether } = UPLOAD_LIMITS;
  return new TributaryError({
    code: "uploads.too_many",
    kind: "config",
    message: `Uploads come to ${number} files and ${bytesTogether / 1024 ** 2} MB at most, all together.`,
    mend: "Remove some (DELETE /api/v1/uploads/{name}), or put large files into a folder that TRIBUTARY_FILES names.",
  });
}

function inUse(name: string, connectionId: string): TributaryError {
  return new TributaryError({
    code: "uploads.in_use",
    kind: "config",
    message: `${name} is read by the connection ${connectionId}.`,
    mend: "Change or remove the connection first.",
  });
}

function unknownUpload(name: string): TributaryError {
  return new TributaryError({
    code: "uploads.unknown",
    kind: "config",
    message: `There is no upload ${name}.`,
    mend: "GET /api/v1/uploads lists those there are.",
  });
}
