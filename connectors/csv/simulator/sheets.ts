import { DateTime } from "luxon";
import { createCompany } from "../../_simulator/company/company.ts";
import type { JsonObject } from "../../../core/base/json.ts";
import type { HarnessOptions } from "../../_check/harness.ts";

/** A spreadsheet that can be changed. Rows are texts by column. */
export type Sheet = { readonly columns: string[]; rows: { [column: string]: string }[] };

export type Sheets = { readonly [table: string]: Sheet };

/** What the invented company's sales people keep in spreadsheets. Dates are days of the form 31.12.2026, decimals have a comma. */
export function companySheets({ seed, records, now }: HarnessOptions): Sheets {
  const company = createCompany({ seed, now, months: 6, scale: Math.max(0.2, records / 600) });
  const stages = new Map(
    company.pipelines.flatMap(({ stages: all }) => all.map((stage) => [stage.id, stage] as const)),
  );
  const pipelines = new Map(company.pipelines.map((pipeline) => [pipeline.id, pipeline.name]));
  const reps = new Map(company.reps.map((rep) => [rep.id, rep]));
  const leads = new Map(company.leads.map((lead) => [lead.id, lead]));
  const deals = company.deals.slice(0, Math.round(records * 0.7));
  const named = new Set(deals.map((deal) => deal.leadId));
  return {
    teams: sheet(company.teams.map((team) => ({ Team: team.name, Manager: reps.get(team.managerId)?.name ?? "" }))),
    reps: sheet(
      company.reps.map((rep) => ({
        Email: rep.email,
        Name: rep.name,
        Team: company.teams.find((team) => team.id === rep.teamId)?.name ?? "",
        Active: rep.leftAt === null ? "yes" : "no",
      })),
    ),
    companies: sheet(
      company.leads
        .filter((lead) => named.has(lead.id))
        .map((lead) => ({ Firm: lead.name, Site: lead.domain, Industry: lead.industry, Since: toDay(lead.createdAt) })),
    ),
    deals: sheet(
      deals.map((deal) => ({
        Id: deal.id,
        Name: deal.name,
        Pipeline: pipelines.get(deal.pipelineId) ?? "",
        Stage: stages.get(deal.state.stageId)?.name ?? "",
        Value: deal.state.amountMinor === null ? "" : (deal.state.amountMinor / 100).toFixed(2).replace(".", ","),
        Owner: reps.get(deal.state.ownerId)?.email ?? "",
        Firm: leads.get(deal.leadId)?.name ?? "",
        Opened: toDay(deal.createdAt),
        Closed: deal.closedAt === null ? "" : toDay(deal.closedAt),
        Product: deal.product,
      })),
    ),
  };
}

function toDay(instant: Date): string {
  return DateTime.fromJSDate(instant, { zone: "utc" }).toFormat("dd.MM.yyyy");
}

function sheet(rows: { [column: string]: string }[]): Sheet {
  return { columns: Object.keys(rows[0] ?? {}), rows };
}

/** Settings of a connection that reads these sheets from `${origin}/<table>.csv`. */
export function sheetSettings(origin: string, options: HarnessOptions): JsonObject {
  const company = createCompany({ seed: options.seed, now: options.now, months: 1, scale: 0.1 });
  const pipelines = Object.fromEntries(
    company.pipelines.map((pipeline) => {
      const named = (type: "open" | "won" | "lost"): string[] =>
        pipeline.stages.filter((stage) => stage.type === type).map((stage) => stage.name);
      return [pipeline.name, { stages: named("open"), won: named("won"), lost: named("lost") }];
    }),
  );
  const from = (table: string): { from: string; rows_that_disappear: string } => ({
    from: `${origin}/${table}.csv`,
    rows_that_disappear: "delete",
  });
  return {
    currency: "USD",
    date_format: "dd.MM.yyyy",
    decimal: ",",
    pipelines,
    tables: {
      teams: { ...from("teams"), key: "Team", columns: { manager: "Manager" } },
      reps: {
        ...from("reps"),
        key: "Email",
        columns: { name: "Name", email: "Email", team: "Team", is_active: "Active" },
      },
      companies: {
        ...from("companies"),
        key: "Firm",
        columns: { domain: "Site", lead_created_at: "Since" },
        attributes: { industry: "Industry" },
      },
      deals: {
        ...from("deals"),
        key: "Id",
        columns: {
          name: "Name",
          pipeline: "Pipeline",
          stage: "Stage",
          value: "Value",
          rep: "Owner",
          company: "Firm",
          created_at: "Opened",
          closed_at: "Closed",
        },
        attributes: { product: "Product" },
      },
    },
  };
}
