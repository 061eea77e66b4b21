import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { drift } from "../../connectors/drift/index.ts";
import { startDriftSimulator } from "../../connectors/drift/simulator/index.ts";
import { atVendor, pull } from "../support/vendor.ts";

/**
 * The connector's requests, held against a public description of Drift's API, which lies beside the checkout of whoever has it. It describes no
 * answers: there is nothing to hold the simulator's against.
 */
const SPEC = fileURLToPath(new URL("../../../shared/specs/drift/drift-com-openapi.yml", import.meta.url));
const hasSpec = existsSync(SPEC);
if (!hasSpec) process.stderr.write(`skipped: Drift's OpenAPI description is not at ${SPEC}\n`);

/** Older accounts page with `next`, which the vendor's older page on the list describes. */
const TOLERATED = new Set(["GET /conversations/list?next"]);

type Operation = { readonly parameters?: readonly { readonly name: string }[] };
type Spec = { readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } } };

it.skipIf(!hasSpec)(
  "Drift's description knows each request of the connector: path, method and query",
  async () => {
    const { paths } = parse(readFileSync(SPEC, "utf8")) as Spec;
    const clock = { now: () => new Date("2026-03-02T12:00:00Z") };
    const company = createCompany({ seed: 7, now: clock.now(), scale: 0.25 });
    const sim = await startDriftSimulator({ company, clock, limits: "off", chats: "all" });
    const at = atVendor(drift, { settings: { base_url: sim.baseUrl }, credentials: sim.credentials, clock });
    for (const paging of ["links", "pagination"] as const) {
      sim.dial.paging = paging;
      for (const stream of Object.keys(drift.streams)) await pull(at, stream);
    }
    await drift.check(at.client, at.settings);
    await drift.totals?.(at.client, at.settings);
    const [conversation] = sim.store.conversations.keys();
    const body = Buffer.from(JSON.stringify({ type: "new_conversation", data: { id: conversation } }));
    await drift.webhook?.parts({ headers: {}, body }, at.client);

    const unknown = new Set<string>();
    for (const { method, path, query } of sim.log) {
      const template = path.replace(/\/\d+(?=\/|$)/, "/{id}");
      const operation = paths[template]?.[method.toLowerCase()];
      if (operation === undefined) unknown.add(`${method} ${template}`);
      const names = new Set(operation?.parameters?.map(({ name }) => name));
      for (const name of new URLSearchParams(query).keys()) {
        const said = `${method} ${template}?${name}`;
        if (!names.has(name) && !TOLERATED.has(said)) unknown.add(said);
      }
    }
    expect([...unknown]).toEqual([]);
    expect(sim.log.length).toBeGreaterThan(200);
    await sim.close();
  },
  60_000,
);
