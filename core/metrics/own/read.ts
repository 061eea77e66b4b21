import { readList } from "../../store/setup/settings.ts";
import type { Db } from "../../store/db.ts";
import type { MetricDefinition } from "../engine/define.ts";
import { compileOwn, type Compiled } from "./compile.ts";
import type { Problem } from "./problem.ts";
import { metricsSection, type OwnMetric } from "./section.ts";
import { readSql, type SqlShape } from "./sql-guard.ts";

/** How many workspaces' definitions are remembered: a hub has one, tests have more. */
const REMEMBERED = 8;
const remembered = new Map<string, Promise<Compiled>>();

/** The own KPIs of the workspace, as they were applied last. What an older version had let pass and this one does not is a problem. */
export async function readOwn(db: Db, builtIn: readonly MetricDefinition[]): Promise<Compiled> {
  const stored = await readList(db, "metrics");
  if (stored === null) return { metrics: [], problems: [] };
  const text = JSON.stringify(stored);
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const compiled = compileStored(stored, builtIn);
  remembered.set(text, compiled);
  const oldest = remembered.keys().next().value;
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  return compiled;
}

async function compileStored(stored: unknown, builtIn: readonly MetricDefinition[]): Promise<Compiled> {
  const parsed = metricsSection.safeParse(stored);
  if (!parsed.success)
    return {
      metrics: [],
      problems: parsed.error.issues.map(({ path, message }) => ({ path: path.map(named), message })),
    };
  const { shapes, problems } = await shapesOf(parsed.data);
  const compiled = compileOwn(parsed.data, builtIn, shapes);
  return { metrics: compiled.metrics, problems: [...compiled.problems, ...problems] };
}

function named(step: PropertyKey): string | number {
  return typeof step === "number" ? step : String(step);
}

/** What is known of the SQL of those that have it, and what is wrong with it. */
export async function shapesOf(
  specs: readonly OwnMetric[],
): Promise<{ readonly shapes: ReadonlyMap<string, SqlShape>; readonly problems: readonly Problem[] }> {
  const shapes = new Map<string, SqlShape>();
  const problems: Problem[] = [];
  for (const [index, { id, sql }] of specs.entries()) {
    if (sql === undefined) continue;
    const shape = await readSql(sql);
    if ("message" in shape) problems.push({ path: [index, "sql"], ...shape });
    else if (shape.columns.length !== new Set(shape.columns).size)
      problems.push({ path: [index, "sql"], message: "two of its columns have one name" });
    else shapes.set(id, shape);
  }
  return { shapes, problems };
}
