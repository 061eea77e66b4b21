import type { Store } from "./db.ts";

/** Holds a name for this process alone, among all processes on the database. */
export type Lock = {
  /** Aborted when the connection that holds the lock is lost: somebody else may hold it by now. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
};

/**
 * Takes a session-level advisory lock on a connection of its own: it ends with the process, however that ends, and there is no lease to
 * renew. (A connection of the pool would do as well, but long pulls would use the pool up.)
 *
 * @returns null when another holds it, in this process or any other.
 */
export async function tryLock(store: Store, name: string): Promise<Lock | null> {
  const client = store.newClient();
  const lost = new AbortController();
  client.on("error", () => lost.abort());
  client.on("end", () => lost.abort());
  await client.connect();
  const { rows } = await client
    .query<{ taken: boolean }>("select pg_try_advisory_lock(hashtextextended($1, 0)) as taken", [name])
    .catch(async (error: unknown) => {
      await client.end();
      throw error;
    });
  if (rows[0]?.taken !== true) {
    await client.end();
    return null;
  }
  return { lost: lost.signal, release: () => client.end() };
}
