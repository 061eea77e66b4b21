import { z } from "zod";
import { UPLOAD } from "../../core/connector/files.ts";
import { keepUpload, removeUpload, UPLOAD_LIMITS, UPLOAD_NAME } from "../../core/setup/uploads.ts";
import { listUploads, type Upload } from "../../core/store/setup/uploads.ts";
import { actorOf } from "../auth/principal.ts";
import { endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";

const upload = z
  .object({
    name: z.string(),
    from: z.string().describe("How settings name it: `upload:deals.csv`"),
    size: z.number().int().describe("Bytes"),
    sha256: z.string(),
    created_by: z.string(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Upload" });

const name = z.string().regex(UPLOAD_NAME, "Letters, digits, spaces and . _ - ( )").describe("deals.csv");
const tag = "Uploads";
const MEBIBYTE = 1024 ** 2;

export const uploadEndpoints = [
  endpoint({
    method: "post",
    path: "/uploads",
    access: { kind: "api", scope: "write" },
    tag,
    summary: `Keep a file for connections (up to ${UPLOAD_LIMITS.bytesEach / MEBIBYTE} MB); one of the same name is replaced`,
    query: { name },
    rawBodyLimit: UPLOAD_LIMITS.bytesEach,
    status: 201,
    response: upload,
    run: async ({ query, content }, { deps, principal }) =>
      present(await keepUpload(deps.store.db, actorOf(principal), { name: query.name, content })),
  }),
  endpoint({
    method: "get",
    path: "/uploads",
    access: { kind: "api", scope: "read" },
    tag,
    summary: "The files that were uploaded, by name",
    query: shortListQuery,
    response: pageOf(upload),
    run: async ({ query }, { deps }) => shortPage(await listUploads(deps.store.db), query, ({ name }) => name, present),
  }),
  endpoint({
    method: "delete",
    path: "/uploads/{name}",
    access: { kind: "api", scope: "write" },
    tag,
    summary: "Remove a file that no connection reads",
    params: { name },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal }) => removeUpload(deps.store.db, actorOf(principal), params.name),
  }),
];

function present(row: Upload): z.input<typeof upload> {
  return {
    name: row.name,
    from: UPLOAD + row.name,
    size: row.size,
    sha256: row.sha256,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
  };
}
