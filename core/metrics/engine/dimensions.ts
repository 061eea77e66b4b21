import { sql } from "kysely";
import { TributaryError } from "../../base/errors.ts";
import { nearest } from "../../base/nearest.ts";
import { CANONICAL_STAGES } from "../../schema/canonical.ts";
import type { Db } from "../../store/db.ts";
import {
  dimensionNames,
  type DimensionParts,
  type Join,
  type MetricDefinition,
  type Sql,
  type Subject,
} from "./define.ts";

/** A way to tell rows apart, as it was asked for; its name is the one in the answer. */
export type Dimension = DimensionParts & { readonly name: string };

const NO_HINT = sql`null::text`;

/**
 * Which team a rep was in when (rep_id, starts, ends, team_id), each instant once: where memberships of merged reps overlap, the one that
 * began last holds. Times without overlap let PostgreSQL join the rows in one go instead of searching for each.
 */
export function teamTimes(): Sql {
  const memberships = sql`
    select coalesce(member.merged_into, m.rep_id) as rep_id, coalesce(joined.merged_into, m.team_id) as team_id, m.held_from,
      coalesce(m.held_to, 'infinity') as held_to
    from team_memberships m
    left join reps member on member.id = m.rep_id
    left join teams joined on joined.id = m.team_id`;
  return sql`
    select span.rep_id, span.starts, span.ends, held.team_id
    from (
      select rep_id, starts, lead(starts, 1, 'infinity') over (partition by rep_id order by starts) as ends
      from (select distinct m.rep_id, starts from (${memberships}) m, unnest(array[m.held_from, m.held_to]) starts) bounds
    ) span
    join lateral (
      select m.team_id from (${memberships}) m
      where m.rep_id = span.rep_id and m.held_from <= span.starts and m.held_to > span.starts
      order by m.held_from desc, m.team_id limit 1
    ) held on true`;
}

/** Merged rows stand for the row they were merged into. A membership counts for everyone the member is one with. */
const JOINS = {
  rep: sql`
    left join reps rep_own on rep_own.id = r.rep_id
    left join reps rep on rep.id = coalesce(rep_own.merged_into, r.rep_id)`,
  pipeline: sql`
    left join pipelines pipeline_own on pipeline_own.id = r.pipeline_id
    left join pipelines pipeline on pipeline.id = coalesce(pipeline_own.merged_into, r.pipeline_id)`,
  stage: sql`
    left join stages stage on stage.id = r.stage_id
    left join pipelines stage_pipeline on stage_pipeline.id = stage.pipeline_id`,
  company: sql`
    left join companies company_own on company_own.id = r.company_id
    left join companies company on company.id = coalesce(company_own.merged_into, r.company_id)`,
  deal: sql`left join deals deal on deal.id = r.deal_id`,
  disposition: sql`
    left join labels disposition on disposition.connection_id = r.connection_id and disposition.namespace = 'outcome'
      and disposition.external_id = r.disposition`,
} as const satisfies { readonly [name: string]: Sql };

function joins(...names: readonly (keyof typeof JOINS)[]): readonly Join[] {
  return names.map((name) => ({ name, join: JOINS[name] }));
}

/**
 * A column of the rows themselves.
 *
 * @param values what it can have: words that always make sense, whether or not a row has them now, and a table that has the column.
 */
export function column(
  name: string,
  values: { readonly words?: readonly string[]; readonly table?: string },
): DimensionParts {
  const value = sql`r.${sql.id(name)}::text`;
  const { words = [], table } = values;
  const found =
    table === undefined ? sql`` : sql`union all ${plain(sql`${sql.id(name)}::text`, sql`from ${sql.table(table)}`)}`;
  const everyone = sql`${plain(sql`word`, sql`from unnest(${words}::text[]) word`)} ${found}`;
  return { joins: [], key: value, label: value, hint: NO_HINT, everyone, order: NO_HINT };
}

/** The same of a number, in the order of numbers. Any number can be asked for. */
export function number(name: string): DimensionParts {
  const everyone = plain(sql`n::text`, sql`from generate_series(0, 10000) n`);
  return { ...column(name, {}), everyone, order: sql`to_char(r.${sql.id(name)}, '000000000')` };
}

export function attribute(name: string, attributes: Sql): DimensionParts {
  const value = sql`r.attributes ->> ${name}::text`;
  const everyone = plain(sql`a.attributes ->> ${name}::text`, sql`from (${attributes}) a`);
  return { joins: [], key: value, label: value, hint: NO_HINT, everyone, order: NO_HINT };
}

/** All values of a dimension whose label is its key. */
function plain(value: Sql, from: Sql): Sql {
  return sql`select ${value} as key, ${value} as label, null::text as hint ${from}`;
}

/** All rows of a table that are told apart by id, but for those merged into another. */
function named(table: string): Sql {
  const label = table === "reps" ? sql`coalesce(name, email, external_id)` : sql`coalesce(name, external_id)`;
  return sql`
    select id::text as key, ${label} as label, connection_id || ' ' || external_id as hint from ${sql.table(table)} where merged_into is null`;
}

export const rep: DimensionParts = {
  joins: joins("rep"),
  key: sql`coalesce(rep_own.merged_into, r.rep_id)::text`,
  label: sql`coalesce(rep.name, rep.email, rep.external_id, r.rep_id::text)`,
  hint: sql`rep.connection_id || ' ' || rep.external_id`,
  everyone: named("reps"),
  order: NO_HINT,
};

/** The team that the rep was in when the credit fell due. @param instant the column of the rows that says when. */
export const teamAt = (instant: "at" | "credited_at"): DimensionParts => ({
  joins: [
    ...joins("rep"),
    {
      name: "team",
      join: sql`
    left join (${teamTimes()}) membership on membership.rep_id = coalesce(rep_own.merged_into, r.rep_id)
      and membership.starts <= ${sql.ref(`r.${instant}`)} and membership.ends > ${sql.ref(`r.${instant}`)}
    left join teams team on team.id = membership.team_id`,
    },
  ],
  key: sql`membership.team_id::text`,
  label: sql`coalesce(team.name, team.external_id, membership.team_id::text)`,
  hint: sql`team.connection_id || ' ' || team.external_id`,
  everyone: named("teams"),
  order: NO_HINT,
});
export const team = teamAt("at");

/** Of rows that name a team themselves. */
export const ownTeam: DimensionParts = {
  joins: [
    {
      name: "own_team",
      join: sql`
    left join teams own_team_said on own_team_said.id = r.team_id
    left join teams own_team on own_team.id = coalesce(own_team_said.merged_into, r.team_id)`,
    },
  ],
  key: sql`own_team.id::text`,
  label: sql`coalesce(own_team.name, own_team.external_id)`,
  hint: sql`own_team.connection_id || ' ' || own_team.external_id`,
  everyone: team.everyone,
  order: NO_HINT,
};

export const pipeline: DimensionParts = {
  joins: joins("pipeline"),
  key: sql`coalesce(pipeline_own.merged_into, r.pipeline_id)::text`,
  label: sql`coalesce(pipeline.name, pipeline.external_id, r.pipeline_id::text)`,
  hint: sql`pipeline.connection_id || ' ' || pipeline.external_id`,
  everyone: named("pipelines"),
  order: NO_HINT,
};

export const stage: DimensionParts = {
  joins: joins("stage"),
  key: sql`r.stage_id::text`,
  label: sql`coalesce(stage.name || case when stage.deleted_at is null then '' else ' (removed)' end, r.stage_id::text)`,
  hint: sql`coalesce(stage_pipeline.name, stage_pipeline.external_id, stage.connection_id)`,
  everyone: sql`
    select s.id::text as key, s.name || case when s.deleted_at is null then '' else ' (removed)' end as label,
      coalesce(p.name, p.external_id, s.connection_id) as hint
    from stages s left join pipelines p on p.id = s.pipeline_id`,
  order: sql`coalesce(stage_pipeline.name, '') || ' ' || stage.pipeline_id::text || ' ' || to_char(stage.position, '000000')`,
};

export const canonicalStage: DimensionParts = {
  joins: joins("stage"),
  key: sql`stage.canonical`,
  label: sql`stage.canonical`,
  hint: NO_HINT,
  everyone: plain(sql`word`, sql`from unnest(${CANONICAL_STAGES}::text[]) word`),
  order: sql`array_position(array['prospecting','qualification','first_contact','meeting','needs_analysis','close','follow_up'], stage.canonical)::text`,
};

export const company: DimensionParts = {
  joins: joins("company"),
  key: sql`coalesce(company_own.merged_into, r.company_id)::text`,
  label: sql`coalesce(company.name, company.external_id, r.company_id::text)`,
  hint: sql`company.connection_id || ' ' || company.external_id`,
  everyone: named("companies"),
  order: NO_HINT,
};

export const deal: DimensionParts = {
  joins: joins("deal"),
  key: sql`r.deal_id::text`,
  label: sql`coalesce(deal.name, deal.external_id, r.deal_id::text)`,
  hint: sql`deal.connection_id || ' ' || deal.external_id`,
  everyone: named("deals"),
  order: NO_HINT,
};

/** Every channel that a lead came by. */
export function leadChannels(): Sql {
  const channels = sql`
    from (select attributes from people union all select attributes from companies) l,
      lateral (select coalesce(l.attributes ->> 'channel', l.attributes ->> 'source') as channel) c`;
  return plain(sql`c.channel`, channels);
}

/** What the rows themselves call the channel that a lead came by. */
export const leadChannel: DimensionParts = { ...column("channel", {}), everyone: leadChannels() };

/** As of an instant: it; else the end of time. */
const ASKED_AT = sql`coalesce(nullif(current_setting('tributary.as_of', true), '')::timestamptz, 'infinity')`;

/** Whether its source still has it; as of an instant, whether it had it then. What is dated ahead is none. */
function notDeleted(alias: string): Sql {
  const deletedAt = sql.ref(`${alias}.deleted_at`);
  return sql`(${deletedAt} is null or ${deletedAt} > ${ASKED_AT})`;
}

/** The channel of a deal: that of the lead which its person or company first was. */
export const dealChannel: DimensionParts = {
  joins: [
    {
      name: "deal_channel",
      join: sql`
    left join lateral (
      select coalesce(l.attributes ->> 'channel', l.attributes ->> 'source') as channel
      from deals own
      left join people person on person.id = own.person_id
      left join companies firm on firm.id = own.company_id
      cross join lateral (
        select p.id, p.lead_created_at, p.deleted_at, p.attributes from people p
        where p.id = coalesce(person.merged_into, person.id) or p.merged_into = coalesce(person.merged_into, person.id)
        union all
        select c.id, c.lead_created_at, c.deleted_at, c.attributes from companies c
        where c.id = coalesce(firm.merged_into, firm.id) or c.merged_into = coalesce(firm.merged_into, firm.id)
      ) l
      where own.id = r.id and l.lead_created_at <= ${ASKED_AT} and ${notDeleted("l")}
      order by l.lead_created_at, l.id limit 1
    ) deal_channel on true`,
    },
  ],
  key: sql`deal_channel.channel`,
  label: sql`deal_channel.channel`,
  hint: NO_HINT,
  everyone: leadChannels(),
  order: NO_HINT,
};

/** What the tool calls an activity's outcome: the label's name where it gives an id, else its own word. */
export const disposition: DimensionParts = {
  joins: joins("disposition"),
  key: sql`coalesce(disposition.name, r.disposition)`,
  label: sql`coalesce(disposition.name, r.disposition)`,
  hint: NO_HINT,
  everyone: sql`
    ${plain(sql`name`, sql`from labels where namespace = 'outcome'`)}
    union all ${plain(sql`disposition`, sql`from activities`)}`,
  order: NO_HINT,
};

export const campaign: DimensionParts = {
  ...column("campaign", {}),
  everyone: plain(sql`coalesce(name, external_id)`, sql`from campaigns`),
};

export const connection: DimensionParts = {
  ...column("connection_id", {}),
  everyone: plain(sql`id`, sql`from connections`),
};

/**
 * How we stood with the row's company at that instant: `customer` (it had won), `open` (a deal was open), `lost`, `none`; null where no company is
 * known.
 */
export const customer: DimensionParts = {
  joins: [
    {
      name: "customer",
      join: sql`
    left join lateral (
      select case when bool_or(c.status = 'won') then 'customer' when bool_or(c.status = 'open') then 'open' when bool_or(c.status = 'lost') then 'lost'
        else 'none' end as standing
      from companies own
      left join companies firm on firm.id = coalesce(own.merged_into, own.id) or firm.merged_into = coalesce(own.merged_into, own.id)
      left join deals d on d.company_id = firm.id and d.merged_into is null
        and ${notDeleted("d")}
      left join deal_changes c on c.deal_id = d.id and c.held_from <= r.at and c.held_to > r.at
      where own.id = r.company_id having count(own.id) > 0
    ) customer on true`,
    },
  ],
  key: sql`customer.standing`,
  label: sql`customer.standing`,
  hint: NO_HINT,
  everyone: plain(sql`word`, sql`from unnest(array['customer', 'open', 'lost', 'none']) word`),
  order: NO_HINT,
};

/** Of rows whose source gives them tags, as a list with commas: a row counts under each of its tags, so the parts add up to more than the whole. */
export const tag = (...tables: readonly string[]): DimensionParts => ({
  joins: [
    {
      name: "tag",
      join: sql`
    left join lateral (
      select distinct trim(t) as name from regexp_split_to_table(nullif(trim(r.attributes ->> 'tags'), ''), ',') t where trim(t) <> ''
    ) tag on true`,
    },
  ],
  key: sql`tag.name`,
  label: sql`tag.name`,
  hint: NO_HINT,
  everyone: sql.join(
    tables.map((table) =>
      plain(
        sql`trim(t)`,
        sql`from ${sql.table(table)} f, regexp_split_to_table(f.attributes ->> 'tags', ',') t where trim(t) <> ''`,
      ),
    ),
    sql` union all `,
  ),
  order: NO_HINT,
  has: (values) => sql`(
    exists (select from regexp_split_to_table(r.attributes ->> 'tags', ',') t where lower(trim(t)) = any(${values.map((value) => value.toLowerCase())}::text[]))
    or nullif(trim(r.attributes ->> 'tags'), '') is null and ${values.includes(NO_VALUE)}::boolean)`,
});

const ATTRIBUTE_PREFIX = "attributes.";

/**
 * The dimension that a name stands for: one of the metric's own, `attributes.<name>`, or the short form of an attribute that rows have.
 *
 * @throws TributaryError `kpi.unknown_dimension`, naming those there are.
 */
export async function findDimension(db: Db, metric: MetricDefinition, name: string): Promise<Dimension> {
  const names = dimensionNames(metric);
  const named = names.includes(name) ? metric.subject.dimensions[name] : undefined;
  if (named !== undefined) return { name, ...named };
  if (name.startsWith(ATTRIBUTE_PREFIX) && name.length > ATTRIBUTE_PREFIX.length) {
    return { name, ...attribute(name.slice(ATTRIBUTE_PREFIX.length), metric.subject.attributes) };
  }
  const rows = sql`(${metric.subject.attributes})`;
  const { rows: found } = await sql`select from ${rows} a where a.attributes ? ${name} limit 1`.execute(db);
  if (found.length > 0) return { name, ...attribute(name, metric.subject.attributes) };
  const { rows: attributes } = await sql<{ name: string }>`
    select distinct k as name from ${rows} a, jsonb_object_keys(a.attributes) k order by 1 limit 50`.execute(db);
  const known = [...names, ...attributes.map((row) => ATTRIBUTE_PREFIX + row.name)];
  throw new TributaryError({
    code: "kpi.unknown_dimension",
    kind: "config",
    message: `${metric.id} has no dimension "${name}".`,
    mend: known.length === 0 ? "It can't be broken down or filtered." : `Use one of: ${known.join(", ")}.`,
  });
}

/** The same of a subject's rows, by full names alone: one of its own dimensions or `attributes.<name>`. Null: it is neither. */
export function ownDimension(subject: Subject, name: string): Dimension | null {
  const named = Object.hasOwn(subject.dimensions, name) ? subject.dimensions[name] : undefined;
  if (named !== undefined) return { name, ...named };
  const isAttribute = name.startsWith(ATTRIBUTE_PREFIX) && name.length > ATTRIBUTE_PREFIX.length;
  return isAttribute ? { name, ...attribute(name.slice(ATTRIBUTE_PREFIX.length), subject.attributes) } : null;
}

/** The joins that the dimensions need, each once. */
export function joinsOf(dimensions: readonly Dimension[]): Sql {
  const all = new Map(dimensions.flatMap((dimension) => dimension.joins).map(({ name, join }) => [name, join]));
  return sql.join([...all.values()], sql` `);
}

/** What a value of a filter is called when it means "has none". */
export const NO_VALUE = "(none)";

/** Whether a row has one of the values: a label as shown, in any case, or an id. `(none)` is a row without a value. */
export function hasValue(dimension: Dimension, values: readonly string[]): Sql {
  if (dimension.has !== undefined) return dimension.has(values);
  const lower = values.map((value) => value.toLowerCase());
  return sql`(
    lower(${dimension.label}) = any(${lower}::text[]) or ${dimension.key} = any(${values}::text[])
    or lower(${dimension.label} || ' (' || ${dimension.hint} || ')') = any(${lower}::text[])
    or ${dimension.key} is null and ${values.includes(NO_VALUE)}::boolean)`;
}

/** Of a large dimension, so many values are looked through for the one that was meant; so many are listed. */
const MOST_COMPARED = 5_000;
const MOST_LISTED = 12;

/**
 * Whatever is asked for has to be a value that something has or can have: else a misspelt one would give 0, like a real one.
 *
 * @param everyones where the values of this dimension are; a number that is worked out from several kinds of rows has several.
 * @throws TributaryError `kpi.unknown_value`, with the value that was probably meant.
 */
export async function checkValues(
  db: Db,
  name: string,
  everyones: readonly Sql[],
  values: readonly string[],
): Promise<void> {
  const asked = values.filter((value) => value !== NO_VALUE);
  if (asked.length === 0) return;
  const lower = asked.map((value) => value.toLowerCase());
  const everyone = sql.join(everyones, sql` union all `);
  const { rows: missing } = await sql<{ value: string }>`
    select asked.value from unnest(${asked}::text[], ${lower}::text[]) as asked(value, lower)
    where not exists (
      select from (${everyone}) e
      where lower(e.label) = asked.lower or e.key = asked.value or lower(e.label || ' (' || e.hint || ')') = asked.lower)`.execute(
    db,
  );
  const [first] = missing;
  if (first === undefined) return;
  const { rows } = await sql<{ label: string }>`
    select distinct label from (${everyone}) e where label is not null order by label limit ${MOST_COMPARED}`.execute(
    db,
  );
  const labels = rows.map(({ label }) => label);
  const guess = nearest(first.value, labels);
  throw new TributaryError({
    code: "kpi.unknown_value",
    kind: "config",
    message: `Nothing has the ${name} "${first.value}".`,
    mend: guess !== null ? `Did you mean "${guess}"?` : otherwise(labels),
  });
}

function otherwise(labels: readonly string[]): string {
  if (labels.length === 0) return "No value of it is known yet: load the data first, or ask without this filter.";
  const listed = labels.slice(0, MOST_LISTED).map((label) => `"${label}"`);
  return `There ${labels.length === 1 ? "is" : "are"} ${listed.join(", ")}${labels.length > MOST_LISTED ? " and more" : ""}; "${NO_VALUE}" stands for none.`;
}
