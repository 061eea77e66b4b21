import { type Kysely, sql } from "kysely";

/**
 * What receives events may be any destination, not webhooks alone: a row says of which destination it is, how it is named to people, and
 * has its settings in one column, secrets sealed in them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table webhook_endpoints
      add column destination text not null default 'webhooks',
      add column name text,
      add column settings jsonb not null default '{}'`.execute(db);
  await sql`
    update webhook_endpoints set name = url, settings = jsonb_strip_nulls(jsonb_build_object(
      'url', url, 'events', to_jsonb(event_types), 'secret', secret, 'ordered', is_ordered, 'description', description))`.execute(
    db,
  );
  await sql`
    alter table webhook_endpoints
      alter column destination drop default,
      alter column settings drop default,
      alter column name set not null,
      drop column url,
      drop column secret`.execute(db);
  await sql`comment on column webhook_endpoints.settings is 'As the destination declares them; secrets are sealed'`.execute(
    db,
  );
}
