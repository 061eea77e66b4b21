import { type Kysely, sql } from "kysely";

/**
 * Ids that other tools know a row under; the rule by which a touch is a double; the deal that a touch without one is attributed to. And the
 * ways by which the relate step finds what a change concerns.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  // ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────
  `alter table identities drop constraint identities_key_type_check`,
  `alter table identities add constraint identities_key_type_check
    check (key_type in ('email', 'phone', 'domain', 'vendor_id', 'other_id', 'name', 'manual'))`,
  // The connection has a column of its own; without it in the value another tool's word for the id can be looked up.
  `update identities set key_value = substr(key_value, length(connection_id) + 2)
    where key_type = 'vendor_id' and starts_with(key_value, connection_id || ':')`,
  `create index identity_links_by_evidence on identity_links (entity, evidence)`,
  ...["reps", "people", "companies"].map(
    (table) => `create index ${table}_by_winner on ${table} (merged_into) where merged_into is not null`,
  ),
  `create index people_by_company on people (company_id) where company_id is not null`,

  // ── touches ──────────────────────────────────────────────────────────────────────────────────────────────────────
  `alter table activities add column duplicate_rule text, add column attributed_deal_id uuid, add column attribution_rule text`,
  `comment on column activities.duplicate_rule is 'By which rule it is the same touch as duplicate_of'`,
  `comment on column activities.attributed_deal_id is 'Where the source names no deal: the one it is attributed to, by attribution_rule'`,
  `update activities set duplicate_rule = 'same_connection.match_key' where duplicate_of is not null`,
  `update activities set match_keys = array(select btrim(key, '<> ') from unnest(match_keys) key) where match_keys <> '{}'`,
  `create index activities_by_duplicate on activities (duplicate_of) where duplicate_of is not null`,
  `create index activities_by_person on activities (person_id, occurred_at) where person_id is not null`,
  `create index activities_by_company on activities (company_id) where company_id is not null`,
  `create index activities_by_attributed_deal on activities (attributed_deal_id) where attributed_deal_id is not null`,

  // ── deals ────────────────────────────────────────────────────────────────────────────────────────────────────────
  `create index deals_by_person on deals (person_id) where person_id is not null`,
  `create index deals_by_company on deals (company_id) where company_id is not null`,
];
