import { z } from "zod";
import { checkKey, keyProblem } from "../../core/secrets/check.ts";
import { endpoint } from "./endpoint.ts";

const health = z
  .object({
    problems: z
      .array(z.object({ code: z.string(), message: z.string(), mend: z.string() }))
      .describe("What keeps the whole hub from working; connections tell of theirs themselves"),
    queues: z
      .record(z.string(), z.record(z.string(), z.number()))
      .describe("Jobs by queue and state: `waiting`, `active`, `failed` …"),
  })
  .meta({ id: "Health" });

export const healthEndpoints = [
  endpoint({
    method: "get",
    path: "/health",
    access: { kind: "api", scope: "read" },
    tag: "Workspace",
    summary: "How the hub itself is",
    response: health,
    run: async (_input, { deps }) => {
      const problem = keyProblem(await checkKey(deps.store.db, deps.secrets));
      const queues = await deps.health.queueDepths();
      return {
        problems: problem === null ? [] : [{ code: problem.code, message: problem.message, mend: problem.mend }],
        queues: Object.fromEntries(Object.entries(queues).map(([name, states]) => [name, { ...states }])),
      };
    },
  }),
];
