import { sql } from "kysely";
import type { CanonicalStage } from "../../schema/canonical.ts";
import type { Db, Tx } from "../db.ts";

/** A stage as a source has it, with the pipeline that it belongs to. */
export type StageRow = {
  readonly id: string;
  readonly name: string;
  readonly connectionId: string;
  /** The pipeline's name; null where it is known by its id alone. */
  readonly pipeline: string | null;
  readonly pipelineExternalId: string;
  /** Whether other records only name the pipeline. */
  readonly isMention: boolean;
  readonly deletedAt: Date | null;
};

/** All stages, in the order of their pipelines. */
export async function listStages(db: Db): Promise<readonly StageRow[]> {
  return db
    .selectFrom("stages")
    .innerJoin("pipelines", "pipelines.id", "stages.pipeline_id")
    .select(["stages.id", "stages.name", "stages.connection_id as connectionId", "pipelines.name as pipeline"])
    .select(["pipelines.external_id as pipelineExternalId", "pipelines.is_mention as isMention"])
    .select("stages.deleted_at as deletedAt")
    .orderBy("stages.position")
    .execute();
}

/** An open stage of a source, as it is mapped now. */
export type MappedStage = {
  readonly id: string;
  readonly connectionId: string;
  /** Its pipeline's name, or the id that the tool has for it. */
  readonly pipeline: string;
  readonly name: string;
  readonly canonical: CanonicalStage | null;
  /** Of a win, 0 to 1. */
  readonly probability: number | null;
  /** How many open deals are in it now. */
  readonly openDeals: number;
};

/** Open stages that sources have, by connection, pipeline and their order in it. */
export async function listMappedStages(db: Db): Promise<readonly MappedStage[]> {
  const { rows } = await sql<MappedStage>`
    select s.id, s.connection_id as "connectionId", coalesce(p.name, p.external_id) as pipeline, s.name, s.canonical, s.probability,
      (select count(*)::int from deals d where d.stage_id = s.id and d.status = 'open' and d.deleted_at is null and d.merged_into is null) as "openDeals"
    from stages s join pipelines p on p.id = s.pipeline_id
    where s.type = 'open' and s.deleted_at is null and p.deleted_at is null
    order by s.connection_id, coalesce(p.name, p.external_id), s.position, s.name, s.id`.execute(db);
  return rows;
}

/** Says of stages what the workspace's settings say; what is null stays as it is. */
export async function setStages(
  tx: Tx,
  said: readonly { readonly id: string; readonly canonical: string | null; readonly probability: number | null }[],
): Promise<void> {
  if (said.length === 0) return;
  await sql`
    update stages s set canonical = coalesce(v.canonical, s.canonical), probability = coalesce(v.probability, s.probability)
    from unnest(${said.map((one) => one.id)}::uuid[], ${said.map((one) => one.canonical)}::text[],
      ${said.map((one) => one.probability)}::float8[]) v (id, canonical, probability)
    where s.id = v.id
  `.execute(tx);
}

/** The open stages of a connection that deals have been in, and that nobody has mapped to a canonical one. */
export type UnmappedStages = {
  readonly connectionId: string;
  readonly names: readonly string[];
  /** How many deals have entered one of them. */
  readonly deals: number;
};

export async function readUnmappedStages(db: Db): Promise<UnmappedStages[]> {
  const { rows } = await sql<UnmappedStages>`
    select s.connection_id as "connectionId", array_agg(distinct s.name) as names, count(distinct e.deal_id)::int as deals
    from stages s join deal_entries e on e.stage_id = s.id
    where s.type = 'open' and s.canonical is null and s.deleted_at is null
    group by s.connection_id order by s.connection_id`.execute(db);
  return rows;
}
