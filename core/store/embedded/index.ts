import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { lock } from "proper-lockfile";
import { type Log, silentLog } from "../../base/log.ts";
import { TributaryError } from "../../base/errors.ts";
import type { DatabaseTarget } from "../db.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { initialise, type Settings, start, stop } from "./cluster.ts";
import { guard } from "../client.ts";
import { findPlace, type Place, rememberedPort } from "./place.ts";
import { probe, target } from "./probe.ts";
import { type ServerUser, serverUser } from "./server-user.ts";

/** The embedded PostgreSQL as one process holds it. It runs for as long as any process does. */
export type EmbeddedDatabase = {
  readonly target: DatabaseTarget;
  /** Gives it back; the last one to do so stops the server. Close your own connections first. */
  release(): Promise<void>;
};

type EmbeddedOptions = {
  readonly dataDir: string;
  readonly log?: Log;
  /** PostgreSQL settings over ours. For tests; the product has none. */
  readonly settings?: Settings;
};

/** A connection of this name says that a process uses the server. PostgreSQL itself forgets it when the process dies. */
const LEASE_NAME = "tributary-lease";
const DATABASE = "tributary";

type Parts = { readonly place: Place; readonly binaries: Binaries; readonly user: ServerUser };

/**
 * Opens the data folder's own PostgreSQL: makes it the first time, starts it when it is not running, shares it when it is.
 * While it is held it is watched: a server that was killed is started again, on the same port.
 *
 * @throws TributaryError `embedded.*`, `store.disk_full`
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const place = findPlace(options.dataDir);
  const log = options.log ?? silentLog;
  const settings = options.settings ?? {};
  let held = await takingTurns(place, async () => acquire(place, settings, log));
  let isReleased = false;
  let reviving: Promise<void> = Promise.resolve();

  const watch = (): void => {
    held.lease.once("end", () => {
      if (!isReleased) reviving = revive();
    });
  };
  const revive = async (): Promise<void> => {
    log.warn("the embedded database has gone away; starting it again");
    while (!isReleased) {
      try {
        held = await takingTurns(place, async () => acquire(place, settings, log));
        watch();
        return;
      } catch (error) {
        log.error({ err: error }, "the embedded database could not be started again; trying once more");
        await delay(1_000);
      }
    }
  };
  watch();

  return {
    target: held.target,
    release: async () => {
      if (isReleased) return;
      isReleased = true;
      await reviving;
      await takingTurns(place, async () => release(held));
    },
  };
}

type Held = Parts & { readonly lease: pg.Client; readonly target: DatabaseTarget };

async function acquire(place: Place, settings: Settings, log: Log): Promise<Held> {
  const user = serverUser(place.cluster);
  const binaries = findBinaries(place.home, user);
  await initialise(place, binaries, user);
  const known = rememberedPort(place);
  let port = known;
  while (port !== null && (await probe(place, port)) === "busy") await delay(100);
  if (port === null || (await probe(place, port)) === "nobody") {
    port = await start(place, binaries, user, settings);
    log.debug({ port, cluster: place.cluster }, "the embedded database runs");
  }
  await createDatabase(place, port);
  const leasing = { ...target(place, port, DATABASE), application_name: LEASE_NAME, keepAlive: true };
  const lease = guard(new pg.Client(leasing), place.home);
  lease.on("error", () => undefined);
  await lease.connect();
  return { place, binaries, user, lease, target: target(place, port, DATABASE) };
}

async function createDatabase(place: Place, port: number): Promise<void> {
  const client = guard(new pg.Client(target(place, port, "postgres")), place.home);
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function release({ place, binaries, user, lease }: Held): Promise<void> {
  const others = await lease
    .query("select from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()", [LEASE_NAME])
    .then((result) => result.rowCount ?? 0)
    // Nobody holds a server that has been killed.
    .catch(() => 0);
  await lease.end().catch(() => undefined);
  if (others === 0) await stop(place, binaries, user);
}

/** One process at a time starts or stops the server. A holder that died is noticed after ten seconds. */
async function takingTurns<T>(place: Place, work: () => Promise<T>): Promise<T> {
  const unlock = await lock(place.home, {
    lockfilePath: path.join(place.home, "postgres.lock"),
    stale: 10_000,
    update: 2_000,
    retries: { retries: 3_000, factor: 1, minTimeout: 100, maxTimeout: 100, randomize: true },
    // Only when this process stood still for ten seconds. Starting twice is refused by PostgreSQL itself.
    onCompromised: () => undefined,
  }).catch((cause: unknown) => {
    throw new TributaryError({
      code: "embedded.locked",
      kind: "transient",
      message: `Another command has been starting or stopping the embedded database in ${place.home} for minutes.`,
      mend: "Wait for it, or end it. If no other Tributary runs, delete the folder postgres.lock in there.",
      cause,
    });
  });
  try {
    return await work();
  } finally {
    await unlock().catch(() => undefined);
  }
}
