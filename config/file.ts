import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { TributaryError } from "../core/base/errors.ts";
import { type JsonObject, listOf, plainJson } from "../core/base/json.ts";
import type { AnyConnector } from "../core/connector/define.ts";
import { unusedOfConnection } from "../core/connector/unused.ts";
import type { AnyDestination } from "../core/destination/define.ts";
import { subscriptionProblems } from "../core/destination/check.ts";
import type { RepsSection } from "../core/identity/reps-config.ts";
import { compileOwn } from "../core/metrics/own/compile.ts";
import type { Problem } from "../core/metrics/own/problem.ts";
import { shapesOf } from "../core/metrics/own/read.ts";
import type { MetricDefinition } from "../core/metrics/engine/define.ts";
import { METRICS } from "../core/metrics/registry.ts";
import { FEED_SHOWING, TILE_SHOWING, unusedSettings } from "../core/metrics/showing.ts";
import { secretPaths } from "../core/secrets/declared.ts";
import { explain, issueLines, valueAt } from "./issues.ts";
import { nearest } from "../core/base/nearest.ts";
import {
  connectionSection,
  destinationSection,
  everySeconds,
  fileSchemaOf,
  MONTHS,
  WEEKDAYS,
  type FileSections,
} from "./sections.ts";
import type { Desired, DesiredConnection, DesiredReceiver } from "./desired.ts";
import { FILE_CONNECTION, writtenRows } from "./written-rows.ts";
import { parseYaml, type FileIssue, type Path, type YamlFile } from "./yaml.ts";

export type LoadOptions = {
  readonly connectors: readonly AnyConnector[];
  readonly destinations: readonly AnyDestination[];
  /** Reads the environment, for `${NAME}`. */
  readonly variable: (name: string) => string | undefined;
};

/**
 * Reads and checks a config file.
 *
 * @param file as the reader knows it; messages name it so.
 * @throws TributaryError `config.file.missing`, `config.file.invalid` (naming every line that is wrong)
 */
export async function loadConfig(file: string, options: LoadOptions): Promise<Desired> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new TributaryError({
      code: "config.file.missing",
      kind: "config",
      message: `The config file ${file} cannot be read: ${error instanceof Error ? error.message : "unknown reason"}.`,
      mend: "Name the file (tributary apply FILE), or set TRIBUTARY_CONFIG. config/examples/ has some to start from.",
      cause: error,
    });
  }
  const desired = parseConfig(text, file, options);
  await checkSql(text, file, options);
  return desired;
}

/** SQL is read by PostgreSQL's own parser, which has to be loaded first. */
async function checkSql(text: string, file: string, options: LoadOptions): Promise<void> {
  const yaml = parseYaml(text, options.variable);
  const { metrics = [] } = fileSchemaOf(options.destinations).parse(yaml.value ?? {});
  const { problems, shapes } = await shapesOf(metrics);
  const checker = new Checker(yaml, options.connectors);
  checker.own([...problems, ...compileOwn(metrics, METRICS, shapes).problems]);
  if (checker.issues.length > 0) throw invalid(file, checker.issues);
}

/** The same for text that was read already. Relative paths in it start at the file's folder. */
export function parseConfig(text: string, file: string, options: LoadOptions): Desired {
  const yaml = parseYaml(text, options.variable);
  if (yaml.issues.length > 0) throw invalid(file, yaml.issues);
  const schema = fileSchemaOf(options.destinations);
  const parsed = schema.safeParse(yaml.value ?? {});
  const checker = new Checker(yaml, options.connectors);
  // All that is wrong is told at once. Where a variable is not set, that is what is wrong there, and not that its name is no value.
  const refuse = (issues: readonly FileIssue[]): TributaryError =>
    invalid(file, [...yaml.unset, ...issues.filter((issue) => !yaml.isUnset(issue.path))]);
  if (!parsed.success) {
    const issues = explain(parsed.error.issues, schema, yaml, []);
    throw refuse([...issues, ...checker.settingsOf(yaml.value, folderOf(file))]);
  }
  const sections = parsed.data;
  const connections = (sections.connections ?? []).map((one, index) =>
    checker.connection(one, ["connections", index], folderOf(file)),
  );
  checker.references(sections);
  const receivers = checker.receivers(sections, options.destinations);
  if (yaml.unset.length + checker.issues.length > 0) throw refuse(checker.issues);
  return toDesired(sections, connections, {
    receivers,
    sections: pushedSections(sections, options.destinations),
    warnings: literalSecrets(yaml, schema).map((one) => issueLines(file, [one])[0] ?? ""),
  });
}

function folderOf(file: string): string {
  return path.dirname(path.resolve(file));
}

function invalid(file: string, issues: readonly FileIssue[]): TributaryError {
  const lines = issueLines(file, issues);
  return new TributaryError({
    code: "config.file.invalid",
    kind: "config",
    message: `The config file is not right in ${lines.length === 1 ? "one place" : `${lines.length} places`}:\n${lines.join("\n")}\n`,
    mend: "Correct what is named and apply it again; nothing was changed.",
  });
}

/** Holds what the schema alone cannot: settings against their connector, and names against what they name. */
class Checker {
  readonly issues: FileIssue[] = [];
  readonly #yaml: YamlFile;
  readonly #connectors: readonly AnyConnector[];

  constructor(yaml: YamlFile, connectors: readonly AnyConnector[]) {
    this.#yaml = yaml;
    this.#connectors = connectors;
  }

  /** What is wrong with the connections that are right as far as the file goes, where something else in it is not. */
  settingsOf(value: unknown, folder: string): readonly FileIssue[] {
    const connections = valueAt(value, ["connections"]);
    for (const [index, one] of listOf(connections).entries()) {
      const parsed = connectionSection.safeParse(one);
      if (parsed.success) this.connection(parsed.data, ["connections", index], folder);
    }
    return this.issues;
  }

  connection(one: NonNullable<FileSections["connections"]>[number], at: Path, folder: string): DesiredConnection {
    const connector = this.#connectors.find((known) => known.key === one.connector);
    const settings = connector === undefined ? one.settings : this.#settings(connector, one.settings, at, folder);
    if (connector === undefined) {
      const keys = this.#connectors.map((known) => known.key);
      this.#add([...at, "connector"], `there is no connector "${one.connector}"; ${meant(one.connector, keys)}`);
    } else {
      this.#credentials(connector, one.credentials, at);
      for (const { setting, because } of unusedOfConnection(connector, {
        schedule: one.schedule ?? null,
        backfillFrom: one.backfill_from ?? null,
      }))
        this.#add([...at, setting], `is not used: ${because}; leave it out`);
      for (const [index, stream] of (one.streams ?? []).entries()) {
        if (!Object.hasOwn(connector.streams, stream))
          this.#add(
            [...at, "streams", index],
            `${connector.key} has no stream "${stream}"; it has ${Object.keys(connector.streams).join(", ")}`,
          );
      }
    }
    const { schedule } = one;
    return {
      id: one.id,
      connector: one.connector,
      title: one.title ?? connector?.title ?? one.connector,
      settings,
      credentials: one.credentials ?? null,
      schedule:
        schedule === undefined
          ? null
          : "cron" in schedule
            ? { cron: schedule.cron }
            : { everyS: everySeconds(schedule.every) },
      streams: one.streams ?? null,
      backfillFrom: one.backfill_from ?? null,
      filesFrom: (connector?.localPaths?.(settings) ?? []).length > 0 ? folder : null,
      paused: one.paused ?? null,
    };
  }

  #settings(connector: AnyConnector, value: JsonObject, at: Path, folder: string): JsonObject {
    const schema = strict(connector.settings);
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      this.issues.push(...explain(parsed.error.issues, schema, this.#yaml, [...at, "settings"]));
      return value;
    }
    return connector.resolvePaths?.(value, folder) ?? value;
  }

  /** The given credentials have to fit one of the ways to sign in. */
  #credentials(connector: AnyConnector, given: JsonObject | undefined, at: Path): void {
    const value = given ?? {};
    const results = connector.auth.map((method) => ({
      schema: method.credentials,
      ...method.credentials.safeParse(value),
    }));
    if (results.some((result) => result.success)) return;
    const keys = Object.keys(value);
    // The way that shares most keys with what was given is the one that was meant.
    const best = results.toSorted((a, b) => shared(b.schema, keys) - shared(a.schema, keys))[0];
    if (best?.error === undefined) return;
    this.issues.push(...explain(best.error.issues, best.schema, this.#yaml, [...at, "credentials"]));
  }

  references(sections: FileSections): void {
    this.#unique(
      sections.connections?.map((one) => one.id),
      "connections",
    );
    this.#unique(
      sections.teams?.map((one) => one.id),
      "teams",
    );
    this.#unique(
      sections.feeds?.map((one) => one.id),
      "feeds",
    );
    this.#unique(
      sections.dashboards?.map((one) => one.id),
      "dashboards",
    );
    this.#unique(
      sections.rules?.map((one) => one.id),
      "rules",
    );
    this.#unique(
      sections.digests?.map((one) => one.id),
      "digests",
    );
    const teams = sections.teams?.map((team) => team.id) ?? [];
    for (const section of ["reps", "goals"] as const) {
      for (const [index, one] of (sections[section] ?? []).entries()) {
        if (one.team !== undefined && !teams.includes(one.team))
          this.#add([section, index, "team"], `no team of this file has the id "${one.team}"`);
      }
    }
    const own = compileOwn(sections.metrics ?? [], METRICS);
    this.own(own.problems);
    for (const [index, { metric }] of (sections.goals ?? []).entries())
      if (sections.workspace?.currency === undefined && ownMoney(sections).includes(metric))
        this.#add(
          ["goals", index, "metric"],
          `a goal of the own KPI "${metric}" is money: write workspace.currency, too`,
        );
    const kpis = kpiIds(sections);
    for (const at of metricPaths(this.#yaml.value)) this.#metric(at, kpis);
    this.#showings(sections, [...METRICS, ...own.metrics]);
    for (const [index, one] of (sections.connections ?? []).entries()) {
      if (one.id === FILE_CONNECTION)
        this.#add(
          ["connections", index, "id"],
          `"${FILE_CONNECTION}" is the name of the file's own reps, teams and goals; choose another`,
        );
    }
  }

  /** What each section that lists receivers asks for. Two of one name would be one receiver. */
  receivers(sections: FileSections, destinations: readonly AnyDestination[]): Desired["receivers"] {
    const all: { [destination: string]: readonly DesiredReceiver[] } = {};
    for (const destination of destinations) {
      const { takes } = destination;
      // As `fileSchemaOf` has just given it.
      const list = destinationSection(sections, destination) as readonly object[] | undefined;
      if (takes.kind !== "events" || list === undefined) continue;
      const wanted = list.flatMap((one) =>
        (takes.each?.(one) ?? [one]).map((each) => ({ name: takes.name(each), settings: plainJson(each as object) })),
      );
      const names = list.map((one) => (takes.each?.(one) ?? [one]).map((each) => takes.name(each)));
      for (const index of list.keys()) {
        const before = new Set(names.slice(0, index).flat());
        for (const [at, name] of (names[index] ?? []).entries())
          if (before.has(name) || names[index]?.indexOf(name) !== at)
            this.#add([destination.key, index], `"${name}" is there twice`);
        for (const problem of subscriptionProblems(takes.subscription(list[index]), kpiIds(sections)))
          this.#add([destination.key, index, "filters"], problem);
      }
      all[destination.key] = wanted;
    }
    return all;
  }

  /** What is wrong with the file's own KPIs. */
  own(problems: readonly Problem[]): void {
    for (const { path: at, message, unknown } of problems)
      this.#add(
        ["metrics", ...at],
        unknown === undefined ? message : `${message}; ${meant(unknown.name, unknown.known)}`,
      );
  }

  /** Settings of what shows KPIs that would not count. */
  #showings({ dashboards = [], feeds = [] }: FileSections, metrics: readonly MetricDefinition[]): void {
    for (const [board, { tiles }] of dashboards.entries())
      for (const [index, { view }] of tiles.entries())
        this.#showing(metrics, ["dashboards", board, "tiles", index], {
          name: `view: ${view}`,
          showing: TILE_SHOWING[view],
        });
    for (const [index, { widget }] of feeds.entries())
      this.#showing(metrics, ["feeds", index], { name: `widget: ${widget}`, showing: FEED_SHOWING[widget] });
    // What destinations ask, in whatever place of their sections.
    for (const at of metricPaths(this.#yaml.value))
      if (at.at(-1) === "metric" && !["dashboards", "feeds", "goals"].includes(String(at[0])))
        this.#showing(metrics, at.slice(0, -1), null);
  }

  #showing(metrics: readonly MetricDefinition[], at: Path, how: Parameters<typeof unusedSettings>[2]): void {
    const written = valueAt(this.#yaml.value, at);
    if (!isMap(written)) return;
    const metric = metrics.find(({ id }) => id === written["metric"]) ?? null;
    for (const { setting, because } of unusedSettings(written, metric, how))
      this.#add([...at, setting], `${setting === "metric" ? "" : `${setting} `}${because}`);
  }

  #metric(at: Path, ids: readonly string[]): void {
    const id = valueAt(this.#yaml.value, at);
    if (typeof id === "string" && !ids.includes(id)) this.#add(at, `there is no KPI "${id}"; ${meant(id, ids)}`);
  }

  #unique(ids: readonly string[] | undefined, section: string): void {
    for (const [index, id] of (ids ?? []).entries()) {
      if (ids?.indexOf(id) !== index) this.#add([section, index, "id"], `"${id}" is there twice`);
    }
  }

  #add(at: Path, message: string): void {
    this.issues.push({ ...this.#yaml.place(at), path: at, message });
  }
}

/** The name that was probably meant, else all there are. */
function meant(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return guess === null ? `there are ${known.join(", ")}` : `did you mean "${guess}"?`;
}

/** Sections in which a field `metric` or `of` may stand that names no KPI: those are other tools' words. */
const NO_KPIS = new Set(["connections", "workspace", "metrics"]);

/** Where the file names a KPI: every `metric` and `of`, in whatever section. */
function metricPaths(file: unknown): readonly Path[] {
  const visit = (value: unknown, at: Path): readonly Path[] =>
    typeof value !== "object" || value === null
      ? []
      : Object.entries(value).flatMap(([key, one]): readonly Path[] => {
          const path = [...at, Array.isArray(value) ? Number(key) : key];
          return key === "metric" || key === "of" ? [path] : visit(one, path);
        });
  return Object.entries(file ?? {}).flatMap(([section, value]) =>
    NO_KPIS.has(section) ? [] : visit(value, [section]),
  );
}

/** Settings in the config file are refused where the connector does not know them, also by a schema that would drop them silently. */
export function strict(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodObject ? schema.strict() : schema;
}

/** The ids of all KPIs that there are once the file is applied. */
/** The file's own KPIs whose numbers are money. */
function ownMoney(sections: FileSections): readonly string[] {
  const { metrics } = compileOwn(sections.metrics ?? [], METRICS);
  return metrics.filter(({ unit }) => unit === "money" || unit === "money_per_day").map(({ id }) => id);
}

function kpiIds({ metrics = [] }: FileSections): readonly string[] {
  return [...METRICS, ...metrics].map(({ id }) => id);
}

function isMap(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shared(schema: z.ZodType, keys: readonly string[]): number {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return keys.filter((key) => known.includes(key)).length;
}

/** Secrets that stand in the file itself: a warning each. */
function literalSecrets(yaml: YamlFile, schema: z.ZodType): readonly FileIssue[] {
  return secretPaths(schema, yaml.value)
    .flatMap((at) => leaves(valueAt(yaml.value, at), at))
    .filter((at) => !yaml.isFromEnvironment(at))
    .map((at) => ({
      ...yaml.place(at),
      path: at,
      message: "is a secret in the file itself; write ${ENV_NAME} and set the variable",
    }));
}

/** A secret may be a map of several (credentials): each of them. */
function leaves(value: unknown, at: Path): readonly Path[] {
  if (typeof value !== "object" || value === null) return [at];
  return Object.entries(value).flatMap(([key, one]) => leaves(one, [...at, key]));
}

/** The sections of destinations that are pushed to, stored whole. */
function pushedSections(
  sections: FileSections,
  destinations: readonly AnyDestination[],
): { readonly [section: string]: object } {
  return Object.fromEntries(
    destinations
      .filter(({ takes }) => takes.kind === "answers")
      .flatMap((destination) => Object.entries(present(destination.key, destinationSection(sections, destination)))),
  );
}

/** Who is who by name, for the tools that do not tell by e-mail address. */
function repNames({ reps }: FileSections): RepsSection | undefined {
  return reps?.flatMap(({ name, email, also = [] }) =>
    name === undefined ? [] : [{ name, ...(email === undefined ? {} : { email }), also }],
  );
}

/** What else a team is called, where it is said. */
function teamNames({
  teams,
}: FileSections): readonly { readonly name: string; readonly also: readonly string[] }[] | undefined {
  return teams?.flatMap(({ id, name, also }) => (also === undefined ? [] : [{ name: name ?? id, also }]));
}

function toDesired(
  sections: FileSections,
  connections: readonly DesiredConnection[],
  rest: Pick<Desired, "receivers" | "sections" | "warnings">,
): Desired {
  const { workspace } = sections;
  const written = writtenRows(sections, new Set(ownMoney(sections)));
  const own: readonly DesiredConnection[] =
    written === null
      ? []
      : [
          {
            id: FILE_CONNECTION,
            connector: "csv",
            title: "Config file: reps, teams, goals",
            settings: written,
            credentials: null,
            schedule: null,
            streams: null,
            backfillFrom: null,
            filesFrom: null,
            paused: null,
          },
        ];
  return {
    ...rest,
    workspace:
      workspace === undefined
        ? {}
        : {
            ...(workspace.name === undefined ? {} : { name: workspace.name }),
            ...(workspace.timezone === undefined ? {} : { time_zone: workspace.timezone }),
            ...(workspace.week_start === undefined ? {} : { week_start: WEEKDAYS.indexOf(workspace.week_start) + 1 }),
            ...(workspace.currency === undefined ? {} : { currency: workspace.currency }),
            ...(workspace.locale === undefined ? {} : { locale: workspace.locale }),
            ...(workspace.business_hours === undefined ? {} : { business_hours: workspace.business_hours }),
            ...(workspace.holidays === undefined ? {} : { holidays: [...new Set(workspace.holidays)].toSorted() }),
            ...(workspace.fiscal_year_start === undefined
              ? {}
              : { fiscal_year_start: MONTHS.indexOf(workspace.fiscal_year_start) + 1 }),
            ...present("timely_contact_minutes", workspace.timely_contact_minutes),
            ...present("cold_after_days", workspace.cold_after_days),
            ...present("landmark_days", workspace.landmark_days),
          },
    exchangeRates: workspace?.exchange_rates ?? null,
    connections: [...connections, ...own],
    sections: {
      ...present("pipelines", sections.pipelines),
      ...present("lead_statuses", sections.lead_statuses),
      ...present("reps", repNames(sections)),
      ...present("teams", teamNames(sections)),
      ...present("forecast", sections.forecast),
      ...present("metrics", sections.metrics),
      ...present("review", sections.review),
      ...present("targeted_actions", sections.targeted_actions),
      ...present("sources", sections.sources),
      ...present("rules", sections.rules),
      ...present("feeds", sections.feeds),
      ...present("dashboards", sections.dashboards),
      ...present("digests", sections.digests),
      ...present("sign_in", sections.sign_in),
      ...rest.sections,
    },
  };
}

/** Sections are maps or lists. */
function present(name: string, value: unknown): { readonly [name: string]: object } {
  return value === undefined ? {} : { [name]: plainJson(value as object) };
}
