import { sql } from "kysely";
import type { Db } from "./db.ts";

/** Who has not been heard for so long does not work any more. */
const SILENT_S = 60;
/** What a process that was killed has left behind goes after so long. */
const FORGOTTEN_S = 24 * 3600;

/** Notes that a process is there for its roles. The database's clock counts: the processes may be on machines that disagree. */
export async function noteHeartbeat(db: Db, process: string, roles: readonly string[]): Promise<void> {
  await sql`
    with gone as (delete from heartbeats where at < now() - make_interval(secs => ${FORGOTTEN_S}))
    insert into heartbeats (role, process) select unnest(${[...roles]}::text[]), ${process}
    on conflict (role, process) do update set at = now()`.execute(db);
}

export async function endHeartbeat(db: Db, process: string): Promise<void> {
  await db.deleteFrom("heartbeats").where("process", "=", process).execute();
}

/** The roles that some process has been there for lately. */
export async function readRolesAlive(db: Db): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ role: string }>`
    select distinct role from heartbeats where at > now() - make_interval(secs => ${SILENT_S})`.execute(db);
  return new Set(rows.map(({ role }) => role));
}
