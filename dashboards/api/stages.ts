import { z } from "zod";
import { CANONICAL_STAGES } from "../../core/schema/canonical.ts";
import { mapStages, type StageMeaning } from "../../core/setup/stages.ts";
import { listMappedStages, type MappedStage } from "../../core/store/facts/stages.ts";
import { actorOf } from "../auth/principal.ts";
import { notFound } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";

const tag = "Workspace";
const canonical = z.enum(CANONICAL_STAGES);
const stage = z
  .object({
    id: z.uuid(),
    connection: z.string(),
    pipeline: z.string().describe("Its name, or the id that its tool has for it"),
    name: z.string(),
    canonical: canonical.nullable().describe("Which of the shared stages it is; null: nobody has said so"),
    probability: z.number().nullable().describe("Of a win, 0 to 1"),
    open_deals: z.number().int().describe("Open deals that are in it now"),
  })
  .meta({ id: "Stage" });

/** Stages of the tools' pipelines, and what they are to the workspace. */
export const stageEndpoints = [
  endpoint({
    method: "get",
    path: "/stages",
    access: { kind: "api", scope: "read" },
    tag,
    summary: "The open stages of all pipelines, in their order, each with the shared stage that it is mapped to",
    query: shortListQuery,
    response: pageOf(stage),
    run: async ({ query }, call) => shortPage(await stages(call), query, ({ id }) => id, present),
  }),
  endpoint({
    method: "put",
    path: "/stages",
    access: { kind: "api", scope: "admin" },
    tag,
    summary: "Map stages of a pipeline to the shared ones; stages that are not named stay as they are",
    body: z.strictObject({
      pipeline: z.string().min(1).max(200).describe("Its name: where several connections have it, in all of them"),
      stages: z
        .record(
          z.string().min(1).max(200),
          z.strictObject({ canonical, probability: z.number().min(0).max(1).optional() }),
        )
        .refine((named) => Object.keys(named).length > 0, "name a stage at least"),
    }),
    response: z.object({ data: z.array(stage) }).describe("The pipeline's stages as they are mapped now"),
    run: async ({ body }, call) => {
      const isMeant = ({ pipeline }: MappedStage): boolean => pipeline === body.pipeline;
      if (!(await stages(call)).some(isMeant)) throw notFound(`There is no pipeline "${body.pipeline}".`);
      const said: { [name: string]: StageMeaning } = {};
      for (const [name, { canonical: is, probability = null }] of Object.entries(body.stages))
        said[name] = { canonical: is, probability };
      await mapStages(call.deps.store.db, actorOf(call.principal), body.pipeline, said);
      await call.deps.setup.requestMeasure();
      return { data: (await stages(call)).filter(isMeant).map(present) };
    },
  }),
];

function stages({ deps }: Call): Promise<readonly MappedStage[]> {
  return listMappedStages(deps.store.db);
}

function present(row: MappedStage): z.input<typeof stage> {
  const { connectionId: connection, openDeals: open_deals, ...rest } = row;
  return { ...rest, connection, open_deals };
}
