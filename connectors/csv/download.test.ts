import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFiles } from "../../core/land/files.ts";
import { download } from "./download.ts";
import { copyIfChanged, locate } from "./files.ts";
import { portOf } from "../../core/base/network.ts";

let server: Server;
let base: string;
let folder: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "csv-download-"));
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${portOf(server)}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const { signal } = new AbortController();
const uploads = { find: () => Promise.resolve(null), read: () => Promise.resolve(null) };
const access = { files: createFiles([], uploads), allowPrivateNetworks: true, signal };
const get = (url: string, allowPrivateNetworks = true): ReturnType<typeof download> =>
  download({ url, ifChangedFrom: null, to: path.join(folder, "d"), allowPrivateNetworks, signal });

it("follows a redirect and keeps what the server says about the version", async () => {
  answer = (request, response) => {
    if (request.url === "/old") response.writeHead(302, { location: "/new" }).end();
    else response.writeHead(200, { etag: '"1"', "content-type": "text/csv" }).end("a,b\n1,2\n");
  };
  expect(await get(`${base}/old`)).toMatchObject({ size: 8, etag: '"1"', lastModified: null });
  expect(await readFile(path.join(folder, "d"), "utf8")).toBe("a,b\n1,2\n");
});

it("does not reach into a private network unless that is allowed, by address or by name", async () => {
  let asked = 0;
  answer = (_request, response) => {
    asked += 1;
    response.end("a\n");
  };
  const blocked = { code: "csv.address.blocked", kind: "config" };
  await expect(get(base, false)).rejects.toMatchObject(blocked);
  await expect(get(base.replace("127.0.0.1", "localhost"), false)).rejects.toMatchObject(blocked);
  await expect(get(base.replace("127.0.0.1", "[::1]"), false)).rejects.toMatchObject(blocked);
  await expect(get(base.replace("127.0.0.1", "2130706433"), false)).rejects.toMatchObject(blocked);
  expect(asked).toBe(0);
});

it("gives up on a redirect that never ends, and on one that leaves the web", async () => {
  answer = (_request, response) => response.writeHead(302, { location: "/again" }).end();
  await expect(get(base)).rejects.toMatchObject({ code: "csv.address.refused" });
  answer = (_request, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end();
  await expect(get(base)).rejects.toMatchObject({ code: "csv.address.blocked" });
});

it("tells what an admin must mend from what may work next time, and never shows the query of an address", async () => {
  answer = (request, response) => response.writeHead(Number(request.url?.slice(1, 4))).end();
  await expect(get(`${base}/403?key=s3cret`)).rejects.toMatchObject({
    code: "csv.address.refused",
    kind: "config",
    message: `${base}/403 answered with status 403.`,
  });
  answer = (_request, response) => response.writeHead(429, { "retry-after": "7" }).end();
  await expect(get(base)).rejects.toMatchObject({ code: "csv.address.rate_limited", kind: "rate_limited" });
  answer = (_request, response) => response.writeHead(503).end();
  await expect(get(`${base}/503`)).rejects.toMatchObject({ code: "csv.address.unavailable", kind: "transient" });
  await expect(get("http://127.0.0.1:1/")).rejects.toMatchObject({
    code: "csv.address.unavailable",
    kind: "transient",
  });
});

it("does not download again what the server says is unchanged, nor give again what has the same content", async () => {
  const seen: (string | undefined)[] = [];
  answer = (request, response) => {
    seen.push(request.headers["if-none-match"]);
    if (request.headers["if-none-match"] === '"v1"') response.writeHead(304).end();
    else response.writeHead(200, { etag: '"v1"' }).end("a\n");
  };
  const [location] = await locate({ from: `${base}/sheet`, key: "a", columns: {} }, access);
  if (location === undefined) throw new Error("an address is one location");
  const copy = await copyIfChanged(location, null, access);
  expect(await copyIfChanged(location, copy?.version ?? null, access)).toBeNull();
  expect(seen).toEqual([undefined, '"v1"']);
  // A server without validators: told by content.
  answer = (_request, response) => response.end("a\n");
  expect(await copyIfChanged(location, copy?.version ?? null, access)).toBeNull();
  await copy?.remove();
});

it("says that a web page is not a sheet", async () => {
  answer = (_request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>");
  const [location] = await locate({ from: `${base}/edit`, key: "a", columns: {} }, access);
  if (location === undefined) throw new Error("an address is one location");
  await expect(copyIfChanged(location, null, access)).rejects.toMatchObject({
    code: "csv.address.not_a_sheet",
    kind: "contract",
  });
});
