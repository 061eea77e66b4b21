import { ping } from "../../core/store/health.ts";
import { checkKey, isWrongKey } from "../../core/secrets/check.ts";
import type { ServerDeps } from "./deps.ts";
import type { Measurements } from "./measurements.ts";
import type { Route } from "./routes.ts";

/** A busy machine is slow, not unable: a check that takes some seconds has not failed. */
const CHECK_MS = 10_000;

/** `/healthz`: the process answers. `/readyz`: it can do its work, and requests may come. `/metrics`: for Prometheus. */
export function statusRoutes(deps: ServerDeps, measurements: Measurements, isDraining: () => boolean): Route[] {
  return [
    {
      method: "get",
      path: "/healthz",
      access: { kind: "public" },
      handlers: [(_request, response) => void response.json({ status: "ok" })],
    },
    {
      method: "get",
      path: "/readyz",
      access: { kind: "public" },
      handlers: [
        async (_request, response) => {
          const checks = await runChecks(deps, isDraining());
          const isReady = Object.values(checks).every((outcome) => outcome === "ok");
          response
            .status(isReady ? 200 : 503)
            .set("Cache-Control", "no-store")
            .json({ status: isReady ? "ready" : "not_ready", checks });
        },
      ],
    },
    {
      method: "get",
      path: "/metrics",
      access: { kind: "metrics" },
      handlers: [
        async (_request, response) => {
          const text = await measurements.registry.metrics();
          response.type(measurements.registry.contentType).send(text);
        },
      ],
    },
  ];
}

type Outcome = "ok" | "failed";

async function runChecks(deps: ServerDeps, isDraining: boolean): Promise<{ readonly [name: string]: Outcome }> {
  const alive = deps.health.rolesAlive();
  const isAlive = async (role: string): Promise<void> => {
    if (!(await alive).has(role)) throw new Error(`no process is there for the role ${role}`);
  };
  const [database, migrations, queue, workers, scheduler, secrets] = await Promise.all([
    outcomeOf(ping(deps.store.db)),
    outcomeOf(
      deps.health.isMigrated().then((isMigrated) => {
        if (!isMigrated) throw new Error("the schema is not of this version");
      }),
    ),
    outcomeOf(deps.health.queue()),
    outcomeOf(isAlive("worker")),
    outcomeOf(isAlive("scheduler")),
    outcomeOf(
      checkKey(deps.store.db, deps.secrets).then((check) => {
        if (isWrongKey(check)) throw new Error("the secret key opens nothing that is stored");
      }),
    ),
  ]);
  return { database, migrations, queue, workers, scheduler, secrets, accepting: isDraining ? "failed" : "ok" };
}

/** A check that hangs has failed. What exactly failed is for the log and `tributary doctor`, not for everyone who can reach this. */
async function outcomeOf(check: Promise<unknown>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve("failed"), CHECK_MS);
  });
  const outcome = check.then(
    () => "ok" as const,
    () => "failed" as const,
  );
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}
