import { z } from "zod";
import { digest } from "../../core/digest/digest.ts";
import { readDigests } from "../../core/digest/settings.ts";
import { createFormat } from "../web/format.ts";
import { notFound } from "../web/problem.ts";
import { endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";

const access = { kind: "api", scope: "read" } as const;
const day = z.string();

/** Digests are defined in the config file; here is what there is, and what each says now. */
export const digestEndpoints = [
  endpoint({
    method: "get",
    path: "/digests",
    access,
    tag: "Digests",
    summary: "The digests there are",
    query: shortListQuery,
    response: pageOf(z.object({ id: z.string(), title: z.string().nullable(), at: z.string(), kpis: z.number() })),
    run: async ({ query }, { deps }) =>
      shortPage(
        await readDigests(deps.store.db),
        query,
        ({ id }) => id,
        ({ id, title, at, kpis }) => ({ id, title: title ?? null, at, kpis: kpis.length }),
      ),
  }),
  endpoint({
    method: "get",
    path: "/digests/{id}",
    access,
    tag: "Digests",
    summary: "What a digest says now, as text and as numbers",
    params: { id: z.string() },
    response: z
      .object({
        id: z.string(),
        title: z.string(),
        day,
        currency: z.string(),
        lines: z.array(
          z.object({
            metric: z.string(),
            title: z.string(),
            unit: z.string(),
            from: day.nullable(),
            to: day.nullable(),
            value: z.number().nullable().describe("Money in main units; of a breakdown null, see `rows`"),
            previous_value: z.number().nullable(),
            compared_with: z.string().nullable(),
            rows: z.array(z.object({ name: z.string(), value: z.number().nullable() })),
            fresh_as_of: z.string().nullable(),
            notes: z.array(z.string()).describe("What is left out or not current"),
          }),
        ),
        text: z.string(),
      })
      .meta({ id: "Digest" }),
    run: async ({ params }, { deps, now }) => {
      const settings = (await readDigests(deps.store.db)).find(({ id }) => id === params.id);
      if (settings === undefined) throw notFound("There is no digest with this id.");
      const said = await digest(deps.store.db, settings, createFormat, now);
      return { ...said, lines: said.lines.map((line) => ({ ...line, rows: [...line.rows], notes: [...line.notes] })) };
    },
  }),
];
