import type { JsonObject } from "../core/base/json.ts";
import { minorUnitDigits } from "../core/base/money.ts";
import { addDays, type Day } from "../core/base/time.ts";
import type { FileSections } from "./sections.ts";

/** The connection that the file's own reps, teams and goals are pulled from. */
export const FILE_CONNECTION = "config-file";

type Row = { readonly [column: string]: string };

/**
 * The file's reps, teams and goals as settings of a connection of the spreadsheet connector, with the rows written out: from there on they
 * go the way of every other tool's (landed, related by e-mail address to the reps of other tools, taken away when the file drops them).
 * Null when the file has none of them.
 *
 * @param ownMoney the own KPIs whose numbers are money.
 */
export function writtenRows(sections: FileSections, ownMoney: ReadonlySet<string>): JsonObject | null {
  const { reps, teams, goals } = sections;
  if (reps === undefined && teams === undefined && goals === undefined) return null;
  const teamRows = (teams ?? []).map((team) => ({
    key: team.id,
    name: team.name ?? team.id,
    manager: team.manager ?? "",
  }));
  // Each table is there even when it has no rows, so that what the file has dropped is taken away.
  return {
    tables: {
      reps: table(repRows(sections), "key", ["name", "email", "phone", "is_active", "team"]),
      teams: table(teamRows, "key", ["name", "manager"]),
      goals: table(
        (goals ?? []).map((goal) =>
          goalRow(goal, ownMoney.has(goal.metric) ? (sections.workspace?.currency ?? null) : null),
        ),
        "key",
        ["metric", "from", "to", "target", "rep", "team"],
      ),
    },
  };
}

function table(rows: readonly Row[], key: string, fields: readonly string[]): JsonObject {
  const columns = Object.fromEntries(fields.map((field) => [field, field]));
  return { rows: [...rows], key, rows_that_disappear: "delete", columns };
}

/** A rep is known by e-mail address, else by name. Members of a team that `reps` does not list become reps of that address or name. */
function repRows({ reps = [], teams = [] }: FileSections): readonly Row[] {
  const rows = new Map<string, Row>();
  const keyOf = (text: string): string => (text.includes("@") ? text.toLowerCase() : text);
  for (const rep of reps) {
    const key = keyOf(rep.email ?? rep.name ?? "");
    const isActive = rep.active === undefined ? "" : rep.active ? "yes" : "no";
    rows.set(key, {
      key,
      name: rep.name ?? key,
      email: rep.email?.toLowerCase() ?? "",
      phone: rep.phone ?? "",
      is_active: isActive,
      team: rep.team ?? "",
    });
  }
  for (const team of teams) {
    for (const member of team.members ?? []) {
      const key = keyOf(member);
      const byName = [...rows.values()].find((row) => row["name"] === member);
      const known = rows.get(key) ?? byName;
      const email = key.includes("@") ? key : "";
      const row = known ?? { key, name: member, email, phone: "", is_active: "", team: "" };
      rows.set(row["key"] ?? key, { ...row, team: team.id });
    }
  }
  return [...rows.values()];
}

/** @param currency of a goal of an own KPI in money: the connector, which knows built-in KPIs alone, is given minor units. */
function goalRow(goal: NonNullable<FileSections["goals"]>[number], currency: string | null): Row {
  const { from, to } = goalDays(goal);
  const rep = goal.rep === undefined ? "" : goal.rep.includes("@") ? goal.rep.toLowerCase() : goal.rep;
  const team = goal.team ?? "";
  const key = [goal.metric, from, to, rep, team].join(" ").trim();
  return {
    key,
    metric: goal.metric,
    from,
    to,
    target: plainDecimal(currency === null ? goal.target : Math.round(goal.target * 10 ** minorUnitDigits(currency))),
    rep,
    team,
  };
}

/** Never in exponent form, which is not how people write numbers. */
function plainDecimal(value: number): string {
  return value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 });
}

function goalDays(goal: { period?: string | undefined; from?: Day | undefined; to?: Day | undefined }): {
  from: Day;
  to: Day;
} {
  const { period } = goal;
  // The section's check: with no period there are both days.
  if (period === undefined) return { from: goal.from ?? "", to: goal.to ?? "" };
  const year = Number(period.slice(0, 4));
  const quarter = /-Q([1-4])$/.exec(period)?.[1];
  const month = /-(\d\d)$/.exec(period)?.[1];
  const first = month !== undefined ? Number(month) : quarter !== undefined ? Number(quarter) * 3 - 2 : 1;
  const months = month !== undefined ? 1 : quarter !== undefined ? 3 : 12;
  const start = (index: number): Day =>
    `${year + Math.floor((index - 1) / 12)}-${String(((index - 1) % 12) + 1).padStart(2, "0")}-01`;
  return { from: start(first), to: addDays(start(first + months), -1) };
}
