import { sql } from "kysely";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** What rules remember of their subjects. A rule's own row (the subject `""`) says what it is and when it was last looked at. */

export type RuleState = {
  readonly subject: string;
  readonly isMet: boolean;
  readonly state: object;
  readonly since: Date;
};

/** By subject; those of another definition of the rule are not there. */
export async function readRuleStates(
  db: Db,
  rule: string,
  definition: string,
): Promise<ReadonlyMap<string, RuleState>> {
  const rows = await db
    .selectFrom("rule_states")
    .select(["subject", "is_met as isMet", "state", "since"])
    .where("rule", "=", rule)
    .where("definition", "=", definition)
    .execute();
  return new Map(rows.map((row) => [row.subject, row]));
}

export async function writeRuleStates(
  tx: Tx,
  rule: string,
  definition: string,
  states: readonly RuleState[],
): Promise<void> {
  if (states.length === 0) return;
  await sql`
    insert into rule_states (rule, subject, definition, is_met, state, since)
    select ${rule}, v.subject, ${definition}, v.is_met, v.state::json, v.since
    from unnest(${states.map(({ subject }) => subject)}::text[], ${states.map(({ isMet }) => isMet)}::boolean[],
      ${states.map(({ state }) => storableJson(state))}::text[], ${states.map(({ since }) => since.toISOString())}::timestamptz[]) v (subject, is_met, state, since)
    on conflict (rule, subject) do update set definition = excluded.definition, is_met = excluded.is_met, state = excluded.state, since = excluded.since
  `.execute(tx);
}

export async function forgetSubjects(tx: Tx, rule: string, subjects: readonly string[]): Promise<void> {
  if (subjects.length > 0)
    await tx.deleteFrom("rule_states").where("rule", "=", rule).where("subject", "in", subjects).execute();
}

/** Forgets what is remembered of rules, and definitions of rules, that there are not any more. */
export async function forgetRules(
  tx: Tx,
  rules: readonly { readonly id: string; readonly definition: string }[],
): Promise<void> {
  await sql`
    delete from rule_states s where not exists (
      select from unnest(${rules.map(({ id }) => id)}::text[], ${rules.map(({ definition }) => definition)}::text[]) v (rule, definition)
      where v.rule = s.rule and v.definition = s.definition)`.execute(tx);
}
