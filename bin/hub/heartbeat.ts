import { randomUUID } from "node:crypto";
import type { Log } from "../../core/base/log.ts";
import { endHeartbeat, noteHeartbeat } from "../../core/store/heartbeats.ts";
import type { Store } from "../../core/store/db.ts";
import type { Role } from "./roles.ts";

const BEAT_MS = 15_000;

/** Says from now on that this process is there for its roles. @returns what ends it. */
export async function startHeartbeat({ db }: Store, roles: readonly Role[], log: Log): Promise<() => Promise<void>> {
  const process = randomUUID();
  await noteHeartbeat(db, process, roles);
  const beat = (): void =>
    void noteHeartbeat(db, process, roles).catch((err: unknown) =>
      log.warn({ err }, "that this process is alive could not be noted"),
    );
  const timer = setInterval(beat, BEAT_MS);
  return async () => {
    clearInterval(timer);
    await endHeartbeat(db, process);
  };
}
