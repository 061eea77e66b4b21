import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFiles, isBelow } from "./files.ts";

/** Each attack is a path that must give an error with its reason, at once, and never a byte of what lies outside. */

let base: string;
let root: string;
const { signal } = new AbortController();
const uploads = {
  find: (name: string) => Promise.resolve(name === "deals.csv" ? { size: 3, createdAt: new Date(5) } : null),
  read: (name: string) => Promise.resolve(name === "deals.csv" ? Buffer.from("a,b") : null),
};
beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), "files-"));
  root = path.join(base, "named");
  await mkdir(path.join(root, "sub"), { recursive: true });
  await mkdir(path.join(base, "named-not"));
  await writeFile(path.join(base, "secret"), "the secret key");
  await writeFile(path.join(base, "named-not", "secret"), "the secret key");
  await writeFile(path.join(root, "ok.csv"), "a,b\n1,2\n");
  await writeFile(path.join(root, "sub", "%2e%2e"), "only a name");
});
afterAll(() => rm(base, { recursive: true, force: true }));

const files = (...roots: string[]) => createFiles(roots.length === 0 ? [root] : roots, uploads);
const at = (...parts: string[]): string => path.join(root, ...parts);
/** The file's content by way of a copy; null: there is none. */
async function read(file: string, ...roots: string[]): Promise<string | null> {
  const to = path.join(base, `copy-${Math.random()}`);
  return (await files(...roots).copy(file, to, signal)) === null ? null : readFile(to, "utf8");
}

describe("what is allowed", () => {
  it("are regular files and folders below a named folder, and links that stay there", async () => {
    await symlink(at("ok.csv"), at("link.csv"));
    expect(await read(at("ok.csv"))).toBe("a,b\n1,2\n");
    expect(await read(at("link.csv"))).toBe("a,b\n1,2\n");
    expect(await read(at("sub", "..", "ok.csv"))).toBe("a,b\n1,2\n");
    // Nothing is decoded: it is the name of a file.
    expect(await read(at("sub", "%2e%2e"))).toBe("only a name");
    const folder = await files().look(root);
    expect(folder?.kind === "folder" && folder.names.toSorted()).toEqual(["link.csv", "ok.csv"]);
    expect(await files().look(at("nothing.csv"))).toBeNull();
  });

  it("is a named folder that is itself a link", async () => {
    const link = path.join(base, "by-link");
    await symlink(root, link);
    expect(await read(path.join(link, "ok.csv"), link)).toBe("a,b\n1,2\n");
  });

  it("are uploads, by their name", async () => {
    expect(await files().look("upload:deals.csv")).toEqual({ kind: "file", size: 3, mtimeMs: 5 });
    expect(await read("upload:deals.csv")).toBe("a,b");
    expect(await read("upload:../secret")).toBeNull();
  });

  it("comes with size and hash of the very bytes that were copied", async () => {
    const copied = await files().copy(at("ok.csv"), path.join(base, "hashed"), signal);
    const hash = createHash("sha256").update("a,b\n1,2\n").digest("hex");
    expect(copied).toMatchObject({ size: 8, hash });
  });
});

describe("what is refused, whoever names it", () => {
  const NOT_ALLOWED = ["files.not_allowed", "files.not_allowed"];
  /** What comes of looking and of copying. */
  const outcomes = async (file: string): Promise<unknown[]> => {
    const code = (error: { readonly code: string }): string => error.code;
    return [await files().look(file).catch(code), await read(file).catch(code)];
  };

  it("is everything, when no folder is named", async () => {
    await expect(createFiles([], uploads).look(at("ok.csv"))).rejects.toMatchObject({ code: "files.not_allowed" });
  });

  it("are paths that lead out, however they are written", async () => {
    for (const file of [
      "/etc/passwd",
      path.join(base, "secret"),
      path.join(base, "named-not", "secret"),
      `${root}/../secret`,
      `${root}/sub/../../secret`,
      `${root}/./sub/.././../secret`,
      `${root}//..//secret`,
      "named/ok.csv",
      "",
      `${root}/ok.csv\0/../../secret`,
      "file:///etc/passwd",
    ])
      expect([file, await outcomes(file)]).toEqual([file, NOT_ALLOWED]);
  });

  it("are links that lead out: of a file, of a folder above it, of a chain", async () => {
    await symlink(path.join(base, "secret"), at("out.csv"));
    await symlink(base, at("up"));
    await symlink(at("out.csv"), at("chain.csv"));
    await symlink("/proc/self/environ", at("environ.csv"));
    for (const file of [at("out.csv"), at("up", "secret"), at("up"), at("chain.csv"), at("environ.csv")])
      expect([file, await outcomes(file)]).toEqual([file, NOT_ALLOWED]);
  });

  it("is what the system shows as files, even below a named folder", async () => {
    for (const file of ["/proc/self/environ", "/proc/self/cmdline", "/proc/1/status", "/sys/kernel/mm"]) {
      const looked = files("/").look(file);
      await expect(
        looked.then((found) => found ?? Promise.reject({ code: "files.not_allowed" })),
      ).rejects.toMatchObject({
        code: "files.not_allowed",
      });
    }
    await expect(files("/").look("/dev/zero")).rejects.toMatchObject({ code: "files.not_regular" });
    await expect(read("/dev/stdin", "/")).rejects.toMatchObject({ code: expect.stringMatching(/^files\./) as string });
  });

  it("are hidden files and what lies in hidden folders, also by a link, unless such a folder is named itself", async () => {
    await mkdir(at(".ssh"));
    await writeFile(at(".ssh", "id.csv"), "a key");
    await writeFile(at(".env"), "KEY=1");
    await symlink(at(".env"), at("shown.csv"));
    for (const file of [at(".ssh", "id.csv"), at(".ssh"), at(".env"), at("shown.csv")])
      expect([file, await outcomes(file)]).toEqual([file, NOT_ALLOWED]);
    expect(await read(at(".ssh", "id.csv"), at(".ssh"))).toBe("a key");
  });

  it("is the hub's own data below a folder that was named, by whatever way, and not a folder inside it that was named itself", async () => {
    const data = at("data");
    await mkdir(path.join(data, "sheets"), { recursive: true });
    await writeFile(path.join(data, "secret-key"), "the key");
    await writeFile(path.join(data, "sheets", "ok.csv"), "a,b");
    await symlink(path.join(data, "secret-key"), at("key.csv"));
    const look = (file: string, ...roots: string[]): Promise<unknown> => createFiles(roots, uploads, [data]).look(file);
    for (const [file, named] of [
      [path.join(data, "secret-key"), root],
      [path.join(data, "secret-key"), data],
      [data, root],
      [at("key.csv"), root],
      [path.join(data, "sheets", "ok.csv"), root],
    ] as const)
      await expect(look(file, named)).rejects.toMatchObject({ code: "files.not_allowed" });
    expect(await look(path.join(data, "sheets", "ok.csv"), root, path.join(data, "sheets"))).toMatchObject({ size: 3 });
    expect(await look(at("ok.csv"), root)).toMatchObject({ kind: "file" });
  });

  it("are pipes and sockets, at once", async () => {
    execFileSync("mkfifo", [at("pipe.csv")]);
    await expect(read(at("pipe.csv"))).rejects.toMatchObject({ code: "files.not_regular" });
    const server = createServer().listen(at("socket.csv"));
    await new Promise((resolve) => server.once("listening", resolve));
    await expect(read(at("socket.csv"))).rejects.toMatchObject({ code: "files.not_regular" });
    await new Promise((resolve) => server.close(resolve));
  });

  it("is a folder where a file is read, and a link to itself", async () => {
    await expect(read(at("sub"))).rejects.toMatchObject({ code: "files.not_regular" });
    await symlink(at("loop"), at("loop"));
    await expect(read(at("loop"))).rejects.toMatchObject({ code: "files.unreadable" });
  });
});

it("reads what was checked: a path that is swapped all the time gives the file or an error, never what lies outside", async () => {
  const target = at("swapped.csv");
  let isOver = false;
  const swap = async (): Promise<void> => {
    while (!isOver) {
      await symlink(path.join(base, "secret"), `${target}.new`);
      await rename(`${target}.new`, target);
      await writeFile(`${target}.new`, "public");
      await rename(`${target}.new`, target);
    }
  };
  await writeFile(target, "public");
  const swapping = swap();
  const seen = new Set<string | null>();
  for (let tries = 0; tries < 300; tries += 1) {
    seen.add(await read(target).catch((error: { readonly code: string }) => error.code));
  }
  isOver = true;
  await swapping;
  expect([...seen].every((one) => one === "public" || one === "files.not_allowed")).toBe(true);
});

it("ends where the file ended when it was opened, though somebody goes on writing", async () => {
  const growing = at("growing.csv");
  await writeFile(growing, "x".repeat(1_000_000));
  const to = path.join(base, "grown");
  const [copied] = await Promise.all([files().copy(growing, to, signal), appendFile(growing, "y".repeat(1000))]);
  expect([1_000_000, 1_001_000]).toContain(copied?.size);
  expect((await readFile(to)).length).toBe(copied?.size);
  await unlink(growing);
});

it("tells folders from others that begin with the same letters", () => {
  expect([isBelow("/a/b", "/a"), isBelow("/a", "/a"), isBelow("/ab", "/a"), isBelow("/a/..b", "/a")]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});
