import { TributaryError } from "../base/errors.ts";
import type { Db } from "../store/db.ts";
import type { MetricDefinition } from "./engine/define.ts";
import { readOwn } from "./own/read.ts";
import { METRICS } from "./registry.ts";

/** The KPIs of a workspace: the built-in ones and its own. Whatever lists KPIs, or looks one up, does it here. */
export type Catalogue = {
  /** In the order that lists show them. */
  readonly metrics: readonly MetricDefinition[];
  readonly find: (id: string) => MetricDefinition | null;
  /** @throws TributaryError `kpi.unknown_metric`, naming those there are; `kpi.bad_definition` for an own KPI that is not right */
  readonly need: (id: string) => MetricDefinition;
};

export async function readCatalogue(db: Db): Promise<Catalogue> {
  const { metrics: own, problems } = await readOwn(db, METRICS);
  return catalogueOf(
    [...METRICS, ...own],
    problems.map(({ path, message }) => `metrics[${path.join("].")}: ${message}`),
  );
}

/** @param problems with own KPIs, a line each */
export function catalogueOf(metrics: readonly MetricDefinition[], problems: readonly string[] = []): Catalogue {
  const byId = new Map(metrics.map((metric) => [metric.id, metric]));
  return {
    metrics,
    find: (id) => byId.get(id) ?? null,
    need: (id) => {
      const metric = byId.get(id);
      if (metric !== undefined) return metric;
      throw unknown(id, metrics, problems);
    },
  };
}

function unknown(id: string, metrics: readonly MetricDefinition[], problems: readonly string[]): TributaryError {
  const known = `Use one of: ${metrics.map((metric) => metric.id).join(", ")}.`;
  if (problems.length === 0)
    return new TributaryError({
      code: "kpi.unknown_metric",
      kind: "config",
      message: `There is no KPI "${id}".`,
      mend: known,
    });
  return new TributaryError({
    code: "kpi.bad_definition",
    kind: "config",
    message: `There is no KPI "${id}", and own KPIs are not right: ${problems.join("; ")}.`,
    mend: `Correct \`metrics\` in the config file and apply it. ${known}`,
  });
}
