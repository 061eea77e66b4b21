import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { emptyFolder } from "./folder.ts";
import { ports } from "./vendors-protocol.ts";

/**
 * What a demo has to remember to be the same demo when it is started again: the story follows from seed, start and the instants of its
 * ticks, and the hub's database was filled from that story.
 */
const states = z.object({
  /** Of the generator and of this file; another one means another story. */
  version: z.literal(3),
  seed: z.int(),
  /** Where the history ends and life begins, ISO. */
  startedAt: z.iso.datetime(),
  /** Where the vendors answered last; taken again when free, so that no address in the hub changes. */
  ports,
  adminPassword: z.string(),
  /** The token of the link key for screens; null until the hub has made it. */
  linkKey: z.string().nullable(),
  webhookSecret: z.string(),
  destinationSecret: z.string(),
});
export type DemoState = z.infer<typeof states>;

/** A story goes on where it was left for a day; after that, "this month" would show an empty floor. */
const GOES_ON_MS = 86_400_000;

/**
 * The demo in a folder: the one that is there, when it is young enough and of the same seed; else a new one, with all that was in the
 * folder removed.
 *
 * @throws TributaryError `demo.foreign_folder` when the folder holds something else.
 */
export async function openState(
  folder: string,
  seed: number,
  now: Date,
): Promise<{ readonly state: DemoState; readonly isNew: boolean }> {
  const old = await readState(folder);
  if (old !== null && old.seed === seed && now.getTime() - Date.parse(old.startedAt) < GOES_ON_MS) {
    return { state: old, isNew: false };
  }
  if (old === null && existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(fileOf(folder))) {
    throw foreignFolder(folder);
  }
  await emptyFolder(folder);
  const state: DemoState = {
    version: 3,
    seed,
    startedAt: now.toISOString(),
    ports: {},
    adminPassword: randomBytes(12).toString("base64url"),
    linkKey: null,
    webhookSecret: `whsec_${randomBytes(32).toString("base64")}`,
    destinationSecret: randomBytes(16).toString("hex"),
  };
  await writeState(folder, state);
  return { state, isNew: true };
}

/** Null when there is none, or none that this version understands. */
async function readState(folder: string): Promise<DemoState | null> {
  try {
    return states.parse(JSON.parse(await readFile(fileOf(folder), "utf8")));
  } catch {
    return null;
  }
}

/** Whole or not at all, and readable by its owner alone: it holds the admin's password. */
export async function writeState(folder: string, state: DemoState): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = `${fileOf(folder)}.new`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, fileOf(folder));
}

function fileOf(folder: string): string {
  return path.join(folder, "demo.json");
}

export function ticksFile(folder: string): string {
  return path.join(folder, "ticks.log");
}

function foreignFolder(folder: string): TributaryError {
  return new TributaryError({
    code: "demo.foreign_folder",
    kind: "config",
    message: `${folder} is not empty and holds no demo: it would have to be emptied.`,
    mend: "Name another folder with --data-dir, or empty this one yourself.",
  });
}
