import type { CompanyData } from "../../connectors/_simulator/company/model.ts";

/** The spreadsheets that a sales team keeps beside its CRM, as published CSV: who is in which team, targets, and marketing spend. */
export const SHEETS = ["reps", "teams", "goals", "spend"] as const;
export type Sheet = (typeof SHEETS)[number];

/** The sheet as CSV with a header line, as it is now. Reps go by their e-mail address, teams by their name. */
export function sheetText(company: CompanyData, sheet: Sheet): string {
  return [HEADERS[sheet], ...rowsOf(company, sheet)].map((row) => row.map(cell).join(",")).join("\r\n");
}

const HEADERS: { readonly [sheet in Sheet]: readonly string[] } = {
  reps: ["Email", "Name", "Team", "Active"],
  teams: ["Team", "Manager"],
  goals: ["Id", "KPI", "From", "To", "Target", "Rep", "Team"],
  spend: ["Id", "Day", "Channel", "Campaign", "Amount"],
};

function rowsOf(company: CompanyData, sheet: Sheet): readonly (readonly string[])[] {
  const teams = new Map(company.teams.map((team) => [team.id, team.name]));
  const emails = new Map(company.reps.map((rep) => [rep.id, rep.email]));
  switch (sheet) {
    case "reps":
      return company.reps.map((rep) => [
        rep.email,
        rep.name,
        teams.get(rep.teamId) ?? "",
        rep.leftAt === null ? "yes" : "no",
      ]);
    case "teams":
      return company.teams.map((team) => [team.name, emails.get(team.managerId) ?? ""]);
    case "goals":
      return company.goals.map((goal) => [
        goal.id,
        goal.metric,
        goal.from,
        goal.to,
        goal.metric === "won_value" ? main(goal.target) : String(goal.target),
        emails.get(goal.repId ?? "") ?? "",
        teams.get(goal.teamId ?? "") ?? "",
      ]);
    case "spend":
      // In the words in which the leads' sources are written down: what a lead of a channel costs is told only where both say the same.
      return company.spend.map((each) => [
        each.id,
        each.day,
        each.channel.toLowerCase().replaceAll(" ", "_"),
        each.campaign,
        main(each.amountMinor),
      ]);
  }
}

/** Cents as dollars; the company's currency has two digits. */
function main(amountMinor: number): string {
  return (amountMinor / 100).toFixed(2);
}

/** RFC 4180: quotes around what holds a comma, a quote or a line end. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
