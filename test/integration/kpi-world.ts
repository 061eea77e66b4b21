import { sql } from "kysely";
import { entityId } from "../../core/base/ids.ts";
import { startOfDay } from "../../core/base/time.ts";
import { evaluateMetric, type MetricAnswer, type MetricQuery, type MetricRow } from "../../core/metrics/index.ts";
import type { ActivityType, DealStatus, ValuePeriod } from "../../core/schema/canonical.ts";
import type { Outcome } from "../../core/schema/outcomes.ts";
import { rewriteHistories } from "../../core/normalise/deal-history.ts";
import { copyTransaction } from "../../core/store/copy.ts";
import type { Store } from "../../core/store/db.ts";
import type { ChangeRow } from "../../core/store/facts/deals.ts";
import { setLanding } from "../../core/store/facts/facts-marks.ts";

/** A small company written by hand, straight into the tables that KPIs read. */
export type Change = {
  /** `2026-03-01` is a day (in the workspace's time zone), anything longer an instant, null the unknown beginning. */
  readonly at: string | null;
  readonly knownAt?: string;
  readonly status?: DealStatus;
  readonly stage?: string | null;
  readonly amountMinor?: number | null;
  readonly currency?: string | null;
  readonly valuePeriod?: ValuePeriod;
  readonly rep?: string | null;
  readonly probability?: number | null;
  /** The expected close. */
  readonly expected?: string | null;
};

export type DealSpec = {
  /** Default: the first change. */
  readonly created?: string | null;
  readonly changes: readonly Change[];
  readonly deletedAt?: string;
  readonly mergedInto?: string;
  readonly company?: string;
  readonly person?: string;
  readonly lostReason?: string;
  readonly attributes?: { readonly [name: string]: string | number | boolean | null };
};

export const SOURCE = "crm";
const id = (kind: Parameters<typeof entityId>[0], name: string): string => entityId(kind, SOURCE, name);
const isDayText = (at: string): boolean => at.length === 10;

export class World {
  readonly store: Store;
  readonly timeZone: string;

  private constructor(store: Store, timeZone: string) {
    this.store = store;
    this.timeZone = timeZone;
  }

  static async create(
    store: Store,
    workspace: { readonly timeZone?: string; readonly currency?: string; readonly weekStart?: number } = {},
  ): Promise<World> {
    const timeZone = workspace.timeZone ?? "UTC";
    await store.db
      .updateTable("workspace")
      .set({ time_zone: timeZone, currency: workspace.currency ?? "USD", week_start: workspace.weekStart ?? 1 })
      .execute();
    return new World(store, timeZone);
  }

  /** Takes everything away again, so that tests of one file don't see each other's rows. */
  async clear(): Promise<void> {
    const tables = [
      "tickets",
      "conversations",
      "campaigns",
      "web_traffic",
      "spend",
      "goals",
      "lead_statuses",
      "deal_changes",
      "deal_closings",
      "deal_entries",
      "deal_stays",
      "deals",
      "activities",
      "people",
      "companies",
      "reps",
      "teams",
      "team_memberships",
      "stages",
      "pipelines",
      "exchange_rates",
      "metric_points",
      "kept_answers",
      "fact_touches",
      "outbox",
      "settings",
      "webhook_endpoints",
      "connections",
    ] as const;
    for (const table of tables) await this.store.db.deleteFrom(table).execute();
    await sql`select forget_past(${SOURCE})`.execute(this.store.db);
  }

  id(kind: Parameters<typeof entityId>[0], name: string): string {
    return id(kind, name);
  }

  instant(at: string): Date {
    return isDayText(at) ? startOfDay(at, this.timeZone) : new Date(at);
  }

  private source(kind: Parameters<typeof entityId>[0], name: string) {
    return {
      id: id(kind, name),
      connection_id: SOURCE,
      record_id: entityId("record", SOURCE, kind, name),
      external_id: name,
      deleted_at: null,
      landed_from: "-infinity",
    };
  }

  async rep(
    name: string,
    more: { readonly mergedInto?: string; readonly isActive?: boolean; readonly shownAs?: string } = {},
  ): Promise<void> {
    await this.store.db
      .insertInto("reps")
      .values({
        ...this.source("rep", name),
        is_mention: false,
        name: more.shownAs ?? name,
        email: null,
        phone: null,
        is_active: more.isActive ?? true,
        merged_into: more.mergedInto === undefined ? null : id("rep", more.mergedInto),
      })
      .execute();
  }

  async team(
    name: string,
    members: readonly { readonly rep: string; readonly from?: string; readonly to?: string }[],
  ): Promise<void> {
    await this.store.db
      .insertInto("teams")
      .values({ ...this.source("team", name), is_mention: false, name, manager: null, merged_into: null })
      .execute();
    for (const { rep, from, to } of members) {
      await this.store.db
        .insertInto("team_memberships")
        .values({
          rep_id: id("rep", rep),
          team_id: id("team", name),
          connection_id: SOURCE,
          held_from: from === undefined ? "-infinity" : this.instant(from),
          held_to: to === undefined ? null : this.instant(to),
          landed_from: "-infinity",
        })
        .execute();
    }
  }

  async pipeline(
    name: string,
    stages: readonly string[],
    probabilities: readonly (number | null)[] = [],
  ): Promise<void> {
    await this.store.db
      .insertInto("pipelines")
      .values({ ...this.source("pipeline", name), is_mention: false, name })
      .execute();
    const rows = [...stages, `${name} won`, `${name} lost`].map((stage, position) => ({
      ...this.source("stage", stage),
      pipeline_id: id("pipeline", name),
      name: stage.replace(/^.*:/, ""),
      position,
      type:
        position < stages.length
          ? ("open" as const)
          : position === stages.length
            ? ("won" as const)
            : ("lost" as const),
      canonical: null,
      probability: probabilities[position] ?? null,
    }));
    await this.store.db.insertInto("stages").values(rows).execute();
  }

  async company(name: string, mergedInto?: string): Promise<void> {
    await this.store.db
      .insertInto("companies")
      .values({
        ...this.source("company", name),
        is_mention: false,
        name,
        domains: [],
        phones: [],
        rep_id: null,
        lead_created_at: null,
        url: null,
        attributes: "{}",
        merged_into: mergedInto === undefined ? null : id("company", mergedInto),
      })
      .execute();
  }

  async deal(name: string, spec: DealSpec): Promise<void> {
    const first = spec.changes[0];
    const created = spec.created === undefined ? (first?.at ?? null) : spec.created;
    let state = {
      status: "open" as DealStatus,
      stage_id: null as string | null,
      amount_minor: null as number | null,
      currency: "USD" as string | null,
      value_period: "one_time" as ValuePeriod,
      rep_id: null as string | null,
      probability: null as number | null,
      expected_close_on: null as string | null,
    };
    const stages = new Map(
      (await this.store.db.selectFrom("stages").select(["id", "pipeline_id"]).execute()).map((s) => [
        s.id,
        s.pipeline_id,
      ]),
    );
    const dealId = id("deal", name);
    const rows = spec.changes.map((change, ordinal): ChangeRow => {
      const before: { readonly [field: string]: unknown } = state;
      state = {
        status: change.status ?? state.status,
        stage_id:
          change.stage === undefined ? state.stage_id : change.stage === null ? null : id("stage", change.stage),
        amount_minor: change.amountMinor === undefined ? state.amount_minor : change.amountMinor,
        currency: change.currency === undefined ? state.currency : change.currency,
        value_period: change.valuePeriod ?? state.value_period,
        rep_id: change.rep === undefined ? state.rep_id : change.rep === null ? null : id("rep", change.rep),
        probability: change.probability === undefined ? state.probability : change.probability,
        expected_close_on: change.expected === undefined ? state.expected_close_on : change.expected,
      };
      const next = spec.changes[ordinal + 1]?.at;
      const heldFrom = change.at === null ? -Infinity : this.instant(change.at).getTime();
      return {
        dealId,
        ordinal,
        heldFrom,
        heldTo: next == null ? Infinity : this.instant(next).getTime(),
        isDay: change.at !== null && isDayText(change.at),
        knownAt: change.knownAt === undefined ? heldFrom : this.instant(change.knownAt).getTime(),
        doubt: null,
        // As the fold of what a source tells has it.
        changed: Object.entries(state).flatMap(([field, value]) =>
          ordinal > 0 && before[field] !== value ? [field] : [],
        ),
        evidence: "hand",
        state: {
          ...state,
          pipeline_id: state.stage_id === null ? null : (stages.get(state.stage_id) ?? null),
        },
      };
    });
    await this.store.db
      .insertInto("deals")
      .values({
        ...this.source("deal", name),
        name,
        ...state,
        pipeline_id: state.stage_id === null ? null : (stages.get(state.stage_id) ?? null),
        deleted_at: spec.deletedAt === undefined ? null : this.instant(spec.deletedAt),
        company_id: spec.company === undefined ? null : id("company", spec.company),
        person_id: spec.person === undefined ? null : id("person", spec.person),
        created_at: created === null ? null : this.instant(created),
        created_is_day: created !== null && isDayText(created),
        closed_at: null,
        closed_is_day: false,
        lost_reason: spec.lostReason ?? null,
        url: `https://crm.example/${name}`,
        attributes: JSON.stringify(spec.attributes ?? {}),
        source_time: null,
        merged_into: spec.mergedInto === undefined ? null : id("deal", spec.mergedInto),
      })
      .execute();
    // As it landed: what was known when it happened at once, the rest one after another.
    const late = [...new Set(rows.filter((row) => row.knownAt > row.heldFrom).map((row) => row.knownAt))];
    for (const landing of [-Infinity, ...late.toSorted((a, b) => a - b)]) {
      const known = rows.filter((row) => row.knownAt <= row.heldFrom || row.knownAt <= landing);
      const history = known.map((row, ordinal) => ({
        ...row,
        ordinal,
        changed: Object.keys(row.state).filter(
          (field) => ordinal > 0 && row.state[field] !== known[ordinal - 1]?.state[field],
        ),
        heldTo: known[ordinal + 1]?.heldFrom ?? Infinity,
      }));
      await copyTransaction(this.store, async (tx, copy) => {
        await setLanding(tx, landing === -Infinity ? null : new Date(landing));
        await rewriteHistories(tx, copy, SOURCE, new Map([[dealId, history]]), new Set([dealId]));
      });
    }
  }

  /** As if the deal had never been there. */
  async remove(name: string): Promise<void> {
    for (const table of ["deal_changes", "deal_closings", "deal_entries", "deal_stays"] as const)
      await this.store.db.deleteFrom(table).where("deal_id", "=", id("deal", name)).execute();
    await this.store.db.deleteFrom("deals").where("id", "=", id("deal", name)).execute();
  }

  async activity(
    name: string,
    at: string,
    more: {
      readonly type?: ActivityType;
      readonly rep?: string;
      readonly direction?: "inbound" | "outbound";
      readonly duplicateOf?: string;
      readonly deletedAt?: string;
      readonly outcome?: Outcome;
      readonly person?: string;
      readonly company?: string;
      readonly deal?: string;
      readonly durationS?: number;
      readonly landedAt?: string;
      readonly attributes?: { readonly [name: string]: string };
    } = {},
  ): Promise<void> {
    await this.store.db
      .insertInto("activities")
      .values({
        ...this.source("activity", name),
        ...(more.landedAt === undefined ? {} : { landed_from: this.instant(more.landedAt) }),
        type: more.type ?? "call",
        direction: more.direction ?? null,
        occurred_at: this.instant(at),
        occurred_is_day: isDayText(at),
        booked_at: null,
        duration_s: more.durationS ?? null,
        outcome: more.outcome ?? null,
        said_outcome: more.outcome ?? null,
        disposition: null,
        subject: name,
        rep_id: more.rep === undefined ? null : id("rep", more.rep),
        person_id: more.person === undefined ? null : id("person", more.person),
        company_id: more.company === undefined ? null : id("company", more.company),
        deal_id: more.deal === undefined ? null : id("deal", more.deal),
        url: null,
        match_keys: [],
        attributes: JSON.stringify(more.attributes ?? {}),
        duplicate_of: more.duplicateOf === undefined ? null : id("activity", more.duplicateOf),
        deleted_at: more.deletedAt === undefined ? null : this.instant(more.deletedAt),
      })
      .execute();
  }

  /** A person. `at`: when it came in as a lead; null: it is none. */
  async lead(
    name: string,
    at: string | null,
    more: {
      readonly mergedInto?: string;
      readonly deletedAt?: string;
      readonly company?: string;
      readonly rep?: string;
      readonly attributes?: { readonly [name: string]: string };
    } = {},
  ): Promise<void> {
    await this.store.db
      .insertInto("people")
      .values({
        ...this.source("person", name),
        is_mention: false,
        name,
        title: null,
        emails: [],
        phones: [],
        company_id: more.company === undefined ? null : id("company", more.company),
        rep_id: more.rep === undefined ? null : id("rep", more.rep),
        lead_created_at: at === null ? null : this.instant(at),
        url: null,
        attributes: JSON.stringify(more.attributes ?? {}),
        merged_into: more.mergedInto === undefined ? null : id("person", more.mergedInto),
        deleted_at: more.deletedAt === undefined ? null : this.instant(more.deletedAt),
      })
      .execute();
  }

  /** Changes rows of a table as something that landed at an instant does: what was known before stays known as of then. */
  async change(
    table: "people" | "activities" | "tickets" | "conversations" | "deals",
    name: string,
    columns: { readonly [column: string]: unknown },
    landedAt: string,
  ): Promise<void> {
    const kind = {
      people: "person",
      activities: "activity",
      tickets: "ticket",
      conversations: "conversation",
      deals: "deal",
    } as const;
    await this.store.db.transaction().execute(async (tx) => {
      await setLanding(tx, new Date(landedAt));
      // The columns of each table differ; the database checks them.
      await tx
        .updateTable(table)
        .set(columns as never)
        .where("id", "=", id(kind[table], name))
        .execute();
    });
  }

  /** What was witnessed of a lead's status: a change where `before` is said, else what its record showed. */
  async leadStatus(lead: string, at: string, status: string, before: string | null = null): Promise<void> {
    await this.store.db
      .insertInto("connections")
      .values({ id: SOURCE, connector: "csv", title: SOURCE, settings: "{}", inbound_token: SOURCE })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await this.store.db
      .insertInto("lead_statuses")
      .values({
        lead_id: id("person", lead),
        key: `${lead} ${at}`,
        connection_id: SOURCE,
        record_id: entityId("record", SOURCE, "lead_status", `${lead} ${at}`),
        kind: before === null ? "snapshot" : "change",
        at: this.instant(at),
        is_day: isDayText(at),
        known_at: this.instant(at),
        seq: 1,
        before,
        status,
        landed_from: "-infinity",
      })
      .execute();
  }

  /** A row of a table that a KPI reads as it is. */
  async row(
    table: "tickets" | "conversations" | "campaigns" | "web_traffic" | "spend",
    name: string,
    columns: { readonly [column: string]: unknown },
  ): Promise<void> {
    const kind = { tickets: "ticket", conversations: "conversation", campaigns: "campaign" } as const;
    const entity = table in kind ? kind[table as keyof typeof kind] : (table as "web_traffic" | "spend");
    // The columns of each table differ; the database checks them.
    const values = { ...this.source(entity, name), attributes: "{}", ...columns } as never;
    await this.store.db.insertInto(table).values(values).execute();
  }

  async goal(
    metric: string,
    from: string,
    to: string,
    rep: string | null,
    more: { readonly target?: number; readonly team?: string } = {},
  ): Promise<void> {
    const source = {
      ...this.source("goal", `${metric} ${from} ${to} ${rep} ${more.team}`),
      rep_id: rep === null ? null : id("rep", rep),
      team_id: more.team === undefined ? null : id("team", more.team),
    };
    await this.store.db
      .insertInto("goals")
      .values({ ...source, metric, from_day: from, to_day: to, target: more.target ?? 1 })
      .execute();
  }

  async rate(currency: string, day: string, rate: number): Promise<void> {
    await this.store.db.insertInto("exchange_rates").values({ currency, day, rate }).execute();
  }

  query(metric: string, from: string | null, to: string | null, more: Partial<MetricQuery> = {}): MetricQuery {
    return {
      metric,
      from,
      to,
      by: [],
      grain: null,
      filters: [],
      asOf: null,
      now: new Date("2026-06-30T12:00:00Z"),
      ...more,
    };
  }

  async ask(
    metric: string,
    from: string | null,
    to: string | null,
    more: Partial<MetricQuery> = {},
  ): Promise<MetricAnswer> {
    return evaluateMetric(this.store.db, this.query(metric, from, to, more));
  }

  /** The value of the one row there is. */
  async value(
    metric: string,
    from: string | null,
    to: string | null,
    more: Partial<MetricQuery> = {},
  ): Promise<number | null> {
    const { rows } = await this.ask(metric, from, to, more);
    if (rows.length !== 1) throw new Error(`${metric} has ${rows.length} rows`);
    return rows[0]?.value ?? null;
  }

  /** The values by the first dimension. */
  async values(
    metric: string,
    from: string | null,
    to: string | null,
    by: string,
    more: Partial<MetricQuery> = {},
  ): Promise<{ [group: string]: number | null }> {
    const { rows } = await this.ask(metric, from, to, { by: [by], ...more });
    return Object.fromEntries(rows.map((row) => [row.dimensions[by] ?? "(none)", row.value]));
  }
}

/** A row as numerator ÷ denominator. */
export function fraction(row: MetricRow | undefined): string {
  return `${row?.numerator}/${row?.denominator}`;
}
