import { z } from "zod";
import { majorUnits, minorUnitDigits } from "../../core/base/money.ts";
import { type Catalogue, readCatalogue } from "../../core/metrics/index.ts";
import { putGoal, removeGoal, unknownGoal } from "../../core/setup/goals.ts";
import { type GoalRow, listGoals, type NewGoal } from "../../core/store/facts/goals.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { actorOf } from "../auth/principal.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { day } from "./kpis.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";
import { sectionYaml } from "./written.ts";

const read = { kind: "api", scope: "read" } as const;
const write = { kind: "api", scope: "write" } as const;
const tag = "Goals";
const named = z.object({ id: z.uuid(), name: z.string() }).nullable();
const goal = z
  .object({
    id: z.uuid(),
    metric: z.string(),
    from: z.string(),
    to: z.string().describe("Inclusive"),
    target: z.number().describe("In the KPI's unit; money in main units of the workspace's currency"),
    rep: named,
    team: named,
    owner: z.enum(["file", "made", "tool"]).describe("The config file, people here, or a tool that is connected"),
    connection: z.string().nullable().describe("The connection that brought it"),
    yaml: z.string().describe("As the config file would have it"),
  })
  .meta({ id: "Goal" });
const fields = {
  metric: z.string(),
  from: day,
  to: day.describe("Inclusive"),
  target: z
    .number()
    .positive()
    .max(1e15)
    .describe("In the KPI's unit; money in main units of the workspace's currency"),
  rep: z.uuid().nullable().default(null).describe("Null: of a team, or of everybody together"),
  team: z.uuid().nullable().default(null),
};

/** The connection that a config file's own goals come by; `config/written-rows.ts` names it. */
const OF_FILE = "config-file";

export const goalEndpoints = [
  endpoint({
    method: "get",
    path: "/goals",
    access: read,
    tag,
    summary: "The goals there are, the latest periods first, whoever set them",
    query: shortListQuery,
    response: pageOf(goal),
    run: async ({ query }, call) => {
      const money = await moneyOf(call);
      return shortPage(
        await listGoals(call.deps.store.db),
        query,
        ({ id }) => id,
        (row) => shown(row, money),
      );
    },
  }),
  endpoint({
    method: "put",
    path: "/goals/{id}",
    access: write,
    tag,
    summary: "Set a goal of everybody, of a team or of a rep, under an id of your choice; again: change it",
    params: { id: z.uuid() },
    body: z.strictObject(fields),
    response: goal,
    run: async ({ params, body }, call) => {
      const money = await moneyOf(call);
      await putGoal(call.deps.store.db, actorOf(call.principal), params.id, stored(body, money));
      return find(call, params.id, money);
    },
  }),
  endpoint({
    method: "delete",
    path: "/goals/{id}",
    access: write,
    tag,
    summary: "Take away a goal that was set here",
    params: { id: z.uuid() },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal }) => {
      await removeGoal(deps.store.db, actorOf(principal), params.id);
    },
  }),
];

type Money = { readonly catalogue: Catalogue; readonly currency: string };

async function moneyOf({ deps }: Call): Promise<Money> {
  const { db } = deps.store;
  return { catalogue: await readCatalogue(db), currency: (await readWorkspace(db)).currency };
}

function isMoney({ catalogue }: Money, metric: string): boolean {
  const unit = catalogue.find(metric)?.unit;
  return unit === "money" || unit === "money_per_day";
}

function stored(body: z.output<z.ZodObject<typeof fields>>, money: Money): NewGoal {
  const { metric, from, to, target, rep, team } = body;
  const inMinor = isMoney(money, metric) ? Math.round(target * 10 ** minorUnitDigits(money.currency)) : target;
  return { metric, from, to, target: inMinor, repId: rep, teamId: team };
}

async function find(call: Call, id: string, money: Money): Promise<z.input<typeof goal>> {
  const [row] = await listGoals(call.deps.store.db, { id });
  if (row === undefined) throw unknownGoal();
  return shown(row, money);
}

function shown(row: GoalRow, money: Money): z.input<typeof goal> {
  const { id, metric, from, to, repId, rep, repEmail, teamId, team, connectionId, isMade } = row;
  const target = isMoney(money, metric) ? majorUnits(row.target, money.currency) : row.target;
  return {
    id,
    metric,
    from,
    to,
    target,
    rep: repId === null ? null : { id: repId, name: rep ?? repId },
    team: teamId === null ? null : { id: teamId, name: team ?? teamId },
    owner: isMade ? "made" : connectionId === OF_FILE ? "file" : "tool",
    connection: isMade ? null : connectionId,
    yaml: sectionYaml("goals", [
      {
        metric,
        target,
        from,
        to,
        ...(repId === null ? {} : { rep: repEmail ?? rep ?? repId }),
        ...(team === null ? {} : { team: team.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-") }),
      },
    ]),
  };
}
