import type { RequestHandler } from "express";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type Counts, readCounts } from "../../core/store/counts.ts";
import type { ServerDeps } from "./deps.ts";

/** What Prometheus is told at `/metrics`. Names follow its conventions: base units, `_total` for what only grows. */
export type Measurements = {
  readonly registry: Registry;
  /** Times every request by route (never by address: those are without number). */
  readonly middleware: RequestHandler;
};

export function createMeasurements(deps: ServerDeps, openStreams: () => number): Measurements {
  const registry = new Registry();
  const registers = [registry];
  const duration = new Histogram({
    name: "tributary_http_request_duration_seconds",
    help: "How long requests took",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10],
    registers,
  });
  const errors = new Counter({
    name: "tributary_http_errors_total",
    help: "Requests that failed on our side",
    labelNames: ["route"],
    registers,
  });
  new Gauge({
    name: "tributary_tv_screens",
    help: "Screens that are connected to this process",
    registers,
    collect() {
      this.set(openStreams());
    },
  });
  registerQueues(deps, registers);
  registerCounts(deps, registers);
  return {
    registry,
    middleware: (request, response, next) => {
      const stop = duration.startTimer({ method: request.method });
      response.on("close", () => {
        const route = String(response.locals["route"] ?? "none");
        stop({ route, status: response.statusCode });
        if (response.statusCode >= 500) errors.inc({ route });
      });
      next();
    },
  };
}

function registerQueues(deps: ServerDeps, registers: Registry[]): void {
  new Gauge({
    name: "tributary_queue_jobs",
    help: "Jobs by queue and state",
    labelNames: ["queue", "state"],
    registers,
    async collect() {
      this.reset();
      for (const [queue, states] of Object.entries(await deps.health.queueDepths())) {
        for (const [state, count] of Object.entries(states)) this.set({ queue, state }, count);
      }
    },
  });
}

/** What the database says, read once a scrape. Each gauge fills itself: one that another fills would show the scrape before. */
function registerCounts(deps: ServerDeps, registers: Registry[]): void {
  const stream = ["connection", "stream"] as const;
  let reading: Promise<Counts> | null = null;
  // All gauges of a scrape ask at once.
  const counts = (): Promise<Counts> =>
    (reading ??= readCounts(deps.store.db).finally(() => {
      reading = null;
    }));
  new Gauge({
    name: "tributary_records_landed",
    help: "Changes of records that have landed, by stream",
    labelNames: [...stream],
    registers,
    async collect() {
      const { streams } = await counts();
      this.reset();
      for (const { connection, stream: name, landed } of streams) this.set({ connection, stream: name }, landed);
    },
  });
  new Gauge({
    name: "tributary_stream_age_seconds",
    help: "How long ago the state was that a stream has fully seen",
    labelNames: [...stream],
    registers,
    async collect() {
      const { streams } = await counts();
      const now = deps.clock.now().getTime();
      this.reset();
      for (const { connection, stream: name, freshAsOf } of streams)
        if (freshAsOf !== null) this.set({ connection, stream: name }, (now - freshAsOf.getTime()) / 1000);
    },
  });
  new Gauge({
    name: "tributary_webhook_deliveries",
    help: "Webhook deliveries by state",
    labelNames: ["state"],
    registers,
    async collect() {
      const { deliveries } = await counts();
      for (const state of ["pending", "delivered", "failed"])
        this.set({ state }, deliveries.find((row) => row.state === state)?.count ?? 0);
    },
  });
  new Gauge({
    name: "tributary_runs",
    help: "Runs in the history, by connection, stream and state",
    labelNames: [...stream, "state"],
    registers,
    async collect() {
      const { runs } = await counts();
      this.reset();
      for (const run of runs) this.set({ connection: run.connection, stream: run.stream, state: run.state }, run.count);
    },
  });
}
