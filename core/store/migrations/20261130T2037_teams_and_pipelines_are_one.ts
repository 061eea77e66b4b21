import { type Kysely, sql } from "kysely";

/**
 * Teams and pipelines of several tools are made one by their names, as reps are by their addresses. What was loaded before gets its names
 * as keys when it is next read: by the next change, or by a replay.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const statements = [
    "alter table pipelines add column merged_into uuid",
    "create index pipelines_by_winner on pipelines (merged_into) where merged_into is not null",
    "create index teams_by_winner on teams (merged_into) where merged_into is not null",
    ...["identities", "identity_links"].flatMap((table) => [
      `alter table ${table} drop constraint ${table}_entity_check`,
      `alter table ${table} add constraint ${table}_entity_check check (entity in ('rep', 'person', 'company', 'team', 'pipeline'))`,
    ]),
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
