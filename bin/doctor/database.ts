import { readTroubles } from "../../core/metrics/ask/troubles.ts";
import { checkKey, keyProblem } from "../../core/secrets/check.ts";
import { createSecrets, parseSecretKey } from "../../core/secrets/index.ts";
import { shownFirstAdminCode } from "../../core/setup/first-admin.ts";
import { hasUsers } from "../../core/store/setup/users.ts";
import { silentLog } from "../../core/base/log.ts";
import { type DatabaseTarget, openStore, type Store } from "../../core/store/db.ts";
import { readServer } from "../../core/store/health.ts";
import { migrationState } from "../../core/store/migrate.ts";
import { isReaderThere, READER } from "../../core/store/reader.ts";
import { openQueues } from "../../workers/queues.ts";
import type { Env } from "../../config/env.ts";
import { databasePlace, openDatabase, queueBackend } from "../context.ts";
import { readSecretKey } from "../secret-key.ts";
import { examine, fail, type Finding, ok, type Verdict, warn } from "./check.ts";

const MIN_VERSION = 14;

/** Everything that needs the database. Where it can't be opened, that is the one finding. Changes nothing in it. */
export async function databaseFindings(env: Env): Promise<Finding[]> {
  const closers: (() => Promise<void>)[] = [];
  const findings: Finding[] = [];
  try {
    const reached = await examine("database", async () => {
      const target = await openDatabase(env, silentLog, closers);
      const store = openStore(target, { max: 2, place: databasePlace(env) });
      closers.push(() => store.close());
      const verdict = await version(store, env);
      if (verdict.state !== "fail") findings.push(...(await furtherFindings(store, target, env)));
      return verdict;
    });
    return [reached, ...findings];
  } finally {
    for (const closer of closers.reverse()) await closer().catch(() => undefined);
  }
}

async function version({ db }: Store, env: Env): Promise<Verdict> {
  const found = await readServer(db);
  if (found === null) return fail("it answers nothing", "See whether DATABASE_URL leads to a PostgreSQL.");
  const detail = `PostgreSQL ${found.version}, ${env.databaseUrl === null ? "embedded" : "by DATABASE_URL"}`;
  if (Number.parseInt(found.version, 10) < MIN_VERSION) return fail(detail, `Use PostgreSQL ${MIN_VERSION} or later.`);
  if (!found.mayCreateSchema)
    return fail(`${detail}: its user may create no schema`, "GRANT CREATE ON DATABASE to the user of DATABASE_URL.");
  return ok(detail);
}

async function furtherFindings(store: Store, target: DatabaseTarget, env: Env): Promise<Finding[]> {
  return [
    await examine("schema", async () => schema(store)),
    await examine("reader role", async () => readerRole(store)),
    await examine("queues", async () => queues(env, target)),
    await examine("secret key", async () => secretKey(store, env)),
    await examine("first admin", async () => firstAdmin(store, env)),
    ...(await connectionFindings(store)),
  ];
}

/** The second wall around own KPIs in SQL. */
async function readerRole({ db }: Store): Promise<Verdict> {
  if (await isReaderThere(db)) return ok(`own KPIs in SQL run as ${READER}, which may read facts alone`);
  return warn(
    `there is no role ${READER} that this user may take on: own KPIs in SQL are held by the check of their text alone`,
    `Let an administrator run CREATE ROLE ${READER} NOLOGIN; GRANT ${READER} TO the user of DATABASE_URL; and start the hub again.`,
  );
}

/** A line for each thing that keeps a connection's numbers from being whole, and one where nothing does. */
async function connectionFindings({ db }: Store): Promise<Finding[]> {
  if ((await migrationState(db)).pending.length > 0) return [];
  const troubles = [...(await readTroubles(db, new Date()))];
  if (troubles.length === 0) return [{ check: "connections", ...ok("all that there are have been read") }];
  return troubles.flatMap(([check, texts]) =>
    texts.map((text): Finding => ({ check, ...warn(text, "Its page in the console has the whole of it.") })),
  );
}

async function schema({ db }: Store): Promise<Verdict> {
  const { pending, unknown } = await migrationState(db);
  if (unknown.length > 0)
    return fail(
      `a newer Tributary has used this database (${unknown.join(", ")})`,
      "Run that version, or a newer one.",
    );
  return ok(pending.length === 0 ? "up to date" : `${pending.length} migrations to come, at the next start of the hub`);
}

async function queues(env: Env, target: DatabaseTarget): Promise<Verdict> {
  // In PostgreSQL they need what was looked at already; opening them would make their schema.
  if (env.redisUrl === null) return ok("in PostgreSQL");
  const opened = await openQueues(queueBackend(env, target), silentLog);
  await opened.close();
  return ok("in Redis, by REDIS_URL");
}

async function firstAdmin({ db }: Store, env: Env): Promise<Verdict> {
  if ((await migrationState(db)).pending.length > 0) return ok("to come: the hub prints an address when it starts");
  if (await hasUsers(db)) return ok("somebody may sign in");
  const secrets = createSecrets([parseSecretKey(readSecretKey(env))]);
  const code = await shownFirstAdminCode(db, secrets);
  const address = `${env.publicUrl ?? `http://${env.host}:${env.port}`}/first-admin?code=${code ?? ""}`;
  return warn(
    "nobody may sign in yet",
    code === null
      ? "Start the hub: it prints an address that makes the first admin. Or: tributary users create EMAIL."
      : `Open ${address} while the hub runs, or: tributary users create EMAIL.`,
  );
}

async function secretKey({ db }: Store, env: Env): Promise<Verdict> {
  const secrets = createSecrets([
    parseSecretKey(readSecretKey(env)),
    ...env.oldSecretKeys.map((key) => parseSecretKey(key)),
  ]);
  const where = env.secretKey === null ? "kept in the data folder" : "from TRIBUTARY_SECRET_KEY";
  const check = await checkKey(db, secrets);
  if (check.sealed === 0) return ok(`${where}; nothing is sealed yet`);
  const problem = keyProblem(check);
  if (problem !== null) return fail(problem.message, problem.mend);
  if (env.secretKey === null && env.databaseUrl !== null)
    return warn(
      `${where}, while the database is elsewhere`,
      "Set TRIBUTARY_SECRET_KEY: every process of the hub needs the same one, and a lost data folder would lose it.",
    );
  return ok(`${where}; opens all ${check.sealed} stored credentials`);
}
