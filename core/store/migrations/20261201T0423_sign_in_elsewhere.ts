import { type Kysely, sql } from "kysely";

/** People who sign in at their company's own provider: by which identity there they are whom here. They need no password. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [
    `alter table users alter column password_hash drop not null`,
    `comment on column users.password_hash is 'Null: signs in at a provider alone'`,
    `create table user_identities (
      issuer text not null,
      subject text not null,
      user_id uuid not null references users on delete cascade,
      created_at timestamptz not null default now(),
      used_at timestamptz not null,
      primary key (issuer, subject),
      unique (user_id, issuer)
    )`,
  ])
    await sql.raw(statement).execute(db);
}
