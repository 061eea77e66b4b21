import { addDays, type Day } from "../../../core/base/time.ts";
import type { ForecastAnswer } from "../../../core/forecast/index.ts";
import type { SheetPlan } from "../../../core/forecast/plans.ts";
import { GOAL_METRICS, type Scenario } from "../../../core/forecast/scenario.ts";
import { type Cell, dayCell, textCell } from "./cells.ts";
import { columnName } from "./client.ts";

/**
 * The forecast template: a tab whose inputs people edit. Pure: what it looks like, what is read of it, and what the hub writes beside the inputs.
 *
 *   1   Forecast inputs     what to do
 *   2   Read                when
 *   3   Status              all right, or how many cells are not
 *   5   Input | Value | Status | Meaning
 *   6   Cost of a win, …    one row each
 *   …   Price changes       a list: day, percent, status
 *   …   Hires               day, how many, ramp in days, status
 *   …   Goals               KPI, from, to, target, status
 *
 * Results stand from column H on. Sections are found by what column A says, so rows can be added to a list.
 */

type Field = "product_cost" | "cost_per_lead" | "lead_spend" | "addressable_market";
const FIELDS: readonly {
  readonly field: Field;
  readonly label: string;
  readonly least: number;
  readonly isWhole: boolean;
  readonly meaning: string;
}[] = [
  {
    field: "product_cost",
    label: "Cost of a win",
    least: 0,
    isWhole: false,
    meaning: "What a win costs to deliver: gives the margin",
  },
  {
    field: "cost_per_lead",
    label: "Cost per lead",
    least: Number.MIN_VALUE,
    isWhole: false,
    meaning: "What one lead costs",
  },
  {
    field: "lead_spend",
    label: "Lead spend a month",
    least: 0,
    isWhole: false,
    meaning: "At the cost per lead: so many leads come",
  },
  {
    field: "addressable_market",
    label: "Addressable market",
    least: 0,
    isWhole: true,
    meaning: "How many customers there can be, the present ones included",
  },
];

const LISTS = ["Price changes", "Hires", "Goals"] as const;
type List = (typeof LISTS)[number];
const LIST_HEADS: { readonly [list in List]: readonly string[] } = {
  "Price changes": ["Day", "Change", "Status"],
  Hires: ["Day", "How many", "Ramp in days", "Status"],
  Goals: ["KPI", "From", "To", "Target", "Status"],
};
const LIST_ROWS: { readonly [list in List]: number } = { "Price changes": 12, Hires: 12, Goals: 20 };
const INPUT_HEAD = ["Input", "Value", "Status", "Meaning"];
export const TEMPLATE_COLUMNS = 14;
/** Where results begin: column H. */
const RESULTS = 7;
/** So far down the tab is read. */
export const TEMPLATE_ROWS = 500;

/** What a new template holds. */
export function emptyTemplate(currency: string): readonly (readonly Cell[])[] {
  const rows: Cell[][] = [
    [
      "Forecast inputs",
      `Write into the columns left of a Status. Empty: what the config says. Amounts in ${currency}.`,
    ],
    ["Read", ""],
    ["Status", "not read yet"],
    [],
    [...INPUT_HEAD],
    ...FIELDS.map(({ label, meaning }) => [label, "", "", meaning]),
  ];
  for (const list of LISTS)
    rows.push([], [list], [...LIST_HEADS[list]], ...Array.from({ length: LIST_ROWS[list] }, () => []));
  return rows;
}

/** Ranges of a new template that have a format, by what they hold. */
export function templateLook(): readonly {
  readonly kind: "day" | "percent";
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
}[] {
  const at = placesOf(emptyTemplate("").map((row) => row));
  const list = (name: List): { row: number; rows: number } => ({
    row: at.lists[name]?.first ?? 0,
    rows: LIST_ROWS[name],
  });
  return [
    { kind: "day", ...list("Price changes"), column: 0, columns: 1 },
    { kind: "percent", ...list("Price changes"), column: 1, columns: 1 },
    { kind: "day", ...list("Hires"), column: 0, columns: 1 },
    { kind: "day", ...list("Goals"), column: 1, columns: 2 },
    { kind: "day", row: 5, rows: 20, column: RESULTS, columns: 1 },
  ];
}

type Places = {
  readonly fields: { readonly [field in Field]?: number };
  /** The first row of entries, and the row after the last. */
  readonly lists: { readonly [list in List]?: { readonly first: number; readonly end: number } };
  readonly missing: readonly string[];
};

function placesOf(rows: readonly (readonly Cell[])[]): Places {
  const rowOf = (label: string): number => rows.findIndex((row) => row[0] === label);
  const fields: { [field in Field]?: number } = {};
  const missing: string[] = [];
  for (const { field, label } of FIELDS) {
    const row = rowOf(label);
    if (row < 0) missing.push(label);
    else fields[field] = row;
  }
  const heads = LISTS.map((list) => ({ list, row: rowOf(list) }));
  const lists: { [list in List]?: { first: number; end: number } } = {};
  for (const { list, row } of heads) {
    if (row < 0) {
      missing.push(list);
      continue;
    }
    const next = heads.map((one) => one.row).filter((other) => other > row);
    lists[list] = { first: row + 2, end: next.length === 0 ? TEMPLATE_ROWS : Math.min(...next) - 1 };
  }
  return { fields, lists, missing };
}

/** A cell's status, written beside it. */
type Status = { readonly row: number; readonly column: number; readonly text: string };

export type ReadTemplate = Omit<SheetPlan, "destination"> & {
  readonly statuses: readonly Status[];
  readonly goalRows: readonly number[];
};

/**
 * What people have written. A cell that cannot be taken is left out, with what is wrong with it; all others count.
 *
 * @param rows unformatted, from the first row on; days as numbers.
 */
export function readTemplate(tab: string, rows: readonly (readonly Cell[])[]): ReadTemplate {
  const reading = new Reading(tab, rows);
  const places = placesOf(rows);
  for (const label of places.missing)
    reading.problem(
      0,
      0,
      `column A has no row "${label}" any more: put it back, or delete the tab and it is made anew`,
    );
  let inputs: Scenario = {};
  for (const { field, least, isWhole } of FIELDS) {
    const row = places.fields[field];
    if (row === undefined) continue;
    const value = reading.number(row, 1, { least, most: Infinity, isWhole });
    reading.status(row, 2, 1);
    if (value !== null) {
      inputs = { ...inputs, [field]: value };
      reading.cells[field] = reading.address(row, 1);
    }
  }
  const changes = reading.list(places.lists["Price changes"], 2, (row) => {
    const day = reading.day(row, 0);
    const share = reading.number(row, 1, { least: -0.99, most: 10, isWhole: false });
    return day === null || share === null ? null : { day, percent: Math.round(share * 1e6) / 1e4 };
  });
  const hires = reading.list(
    places.lists.Hires,
    3,
    (row) => {
      const day = reading.day(row, 0);
      const count = reading.number(row, 1, { least: -1000, most: 1000, isWhole: true });
      const ramp = reading.isEmpty(row, 2) ? 90 : reading.number(row, 2, { least: 0, most: 730, isWhole: true });
      return day === null || count === null || ramp === null ? null : { day, count, ramp_days: ramp };
    },
    [0, 1],
  );
  const goals = reading.list(places.lists.Goals, 4, (row) => {
    const metric = reading.choice(row, 0, GOAL_METRICS);
    const from = reading.day(row, 1);
    const to = reading.day(row, 2);
    const target = reading.number(row, 3, { least: Number.MIN_VALUE, most: Infinity, isWhole: false });
    if (metric === null || from === null || to === null || target === null) return null;
    if (to >= from) return { metric, from, to, target };
    reading.problem(row, 2, "lies before the day in From");
    return null;
  });
  const listed = (name: "price_changes" | "hires" | "goals", list: List, found: readonly unknown[]): void => {
    if (found.length > 0) reading.cells[name] = reading.address(places.lists[list]?.first ?? 0, 0);
  };
  listed("price_changes", "Price changes", changes.entries);
  listed("hires", "Hires", hires.entries);
  listed("goals", "Goals", goals.entries);
  return {
    inputs: {
      ...inputs,
      ...(changes.entries.length === 0 ? {} : { price_changes: changes.entries }),
      ...(hires.entries.length === 0 ? {} : { hires: hires.entries }),
      ...(goals.entries.length === 0 ? {} : { goals: goals.entries }),
    },
    cells: reading.cells,
    problems: reading.problems,
    statuses: reading.statuses,
    goalRows: goals.rows,
  };
}

type Bounds = { readonly least: number; readonly most: number; readonly isWhole: boolean };

/** Goes through the cells and writes down what is wrong with them. */
class Reading {
  readonly problems: { cell: string; problem: string }[] = [];
  readonly statuses: Status[] = [];
  readonly cells: { [input: string]: string } = {};
  readonly #tab: string;
  readonly #rows: readonly (readonly Cell[])[];

  constructor(tab: string, rows: readonly (readonly Cell[])[]) {
    this.#tab = tab;
    this.#rows = rows;
  }

  address(row: number, column: number): string {
    return `${this.#tab}!${columnName(column)}${row + 1}`;
  }

  isEmpty(row: number, column: number): boolean {
    const value = this.#rows[row]?.[column] ?? "";
    return typeof value === "string" && value.trim() === "";
  }

  problem(row: number, column: number, problem: string): void {
    this.problems.push({ cell: this.address(row, column), problem });
  }

  /** Null: it is empty, or no such number, which is then told. */
  number(row: number, column: number, { least, most, isWhole }: Bounds): number | null {
    if (this.isEmpty(row, column)) return null;
    const written = this.#rows[row]?.[column];
    const value = typeof written === "string" && /^\s*-?\d+(\.\d+)?\s*$/.test(written) ? Number(written) : written;
    if (typeof value !== "number" || !Number.isFinite(value))
      this.problem(
        row,
        column,
        `"${shortened(written)}" is no number: write it without currency, letters or separators of thousands`,
      );
    else if (isWhole && !Number.isInteger(value)) this.problem(row, column, `${value} is no whole number`);
    else if (value < least)
      this.problem(
        row,
        column,
        least === 0 || least === Number.MIN_VALUE
          ? `${value} is not ${least === 0 ? "0 or more" : "more than 0"}`
          : `${value} is less than ${least}`,
      );
    else if (value > most) this.problem(row, column, `${value} is more than ${most}`);
    else return value;
    return null;
  }

  /** A day that the sheet knows as one, or text as YYYY-MM-DD. */
  day(row: number, column: number): Day | null {
    if (this.isEmpty(row, column)) return null;
    const written = this.#rows[row]?.[column];
    const serial = typeof written === "string" ? serialOf(written.trim()) : written;
    if (typeof serial === "number" && serial >= 36_526 && serial < 73_051)
      return addDays("1899-12-30", Math.floor(serial));
    this.problem(row, column, `"${shortened(written)}" is no day between 2000 and 2099: write it as 2026-03-01`);
    return null;
  }

  choice<const Choice extends string>(row: number, column: number, choices: readonly Choice[]): Choice | null {
    if (this.isEmpty(row, column)) return null;
    const written = String(this.#rows[row]?.[column]).trim();
    const found = choices.find((one) => one === written.toLowerCase().replaceAll(" ", "_"));
    if (found === undefined) this.problem(row, column, `"${shortened(written)}" is none of ${choices.join(", ")}`);
    return found ?? null;
  }

  /** The entries of a list; of one that has some cells and lacks others, what it lacks is told. @param needed columns, default all before the status. */
  list<Entry>(
    place: { readonly first: number; readonly end: number } | undefined,
    statusColumn: number,
    entryOf: (row: number) => Entry | null,
    needed: readonly number[] = Array.from({ length: statusColumn }, (_, column) => column),
  ): { readonly entries: Entry[]; readonly rows: number[] } {
    const entries: Entry[] = [];
    const rows: number[] = [];
    if (place === undefined) return { entries, rows };
    for (let row = place.first; row < Math.min(place.end, this.#rows.length); row += 1) {
      const columns = Array.from({ length: statusColumn }, (_, column) => column);
      if (columns.every((column) => this.isEmpty(row, column))) {
        if (!this.isEmpty(row, statusColumn)) this.statuses.push({ row, column: statusColumn, text: "" });
        continue;
      }
      for (const column of needed)
        if (this.isEmpty(row, column)) this.problem(row, column, "is empty, and the row needs it");
      const entry = entryOf(row);
      if (entry !== null) {
        entries.push(entry);
        rows.push(row);
      }
      this.status(row, statusColumn, statusColumn);
    }
    return { entries, rows };
  }

  /** Beside the cells of a row: what is wrong with them, or that they are taken. */
  status(row: number, column: number, cells: number): void {
    const addresses = Array.from({ length: column }, (_, at) => this.address(row, at));
    const wrong = this.problems.filter(({ cell }) => addresses.includes(cell));
    const isEmpty = Array.from({ length: cells }, (_, at) => column - cells + at).every((at) => this.isEmpty(row, at));
    const text =
      wrong.length > 0
        ? wrong.map(({ cell, problem }) => `${cell.split("!").at(-1)}: ${problem}`).join("; ")
        : isEmpty
          ? ""
          : "taken";
    this.statuses.push({ row, column, text: textCell(text) });
  }
}

function shortened(value: unknown): string {
  return textCell(
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? String(value).slice(0, 40)
      : "",
  );
}

function serialOf(text: string): number | null {
  return /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text) && !Number.isNaN(Date.parse(text))
    ? dayCell(text)
    : null;
}

/** A block that the hub writes, from a row and column on. */
export type TemplateWrite = {
  readonly row: number;
  readonly column: number;
  readonly cells: readonly (readonly Cell[])[];
};

/** How many results have a place. */
const RESULT_ROWS = 12;
const REASON_ROWS = 12;

/** What the hub writes beside the inputs: when it has read them, what it thinks of each, and what comes of them. */
export function templateWrites(read: ReadTemplate, answer: ForecastAnswer, readAt: Cell): readonly TemplateWrite[] {
  const goals = answer.goals ?? [];
  const statuses = read.statuses.map(({ row, column, text }) => {
    const goal = goals[read.goalRows.indexOf(row)];
    const said = goal === undefined || text !== "taken" ? text : goalText(goal, answer.currency);
    return { row, column, cells: [[said]] };
  });
  const count = read.problems.length;
  const status =
    count === 0
      ? "all right"
      : `${count === 1 ? "1 cell is" : `${count} cells are`} not right: see ${[...new Set(read.problems.map(({ cell }) => cell.split("!").at(-1)))].slice(0, 10).join(", ")}`;
  const reasons = [
    ...new Set(
      answer.rows.flatMap(
        (row) =>
          row.scenario?.adjustments.map(
            (one) => `${one.what.replaceAll("_", " ")}: × ${one.factor.toFixed(3)}, ${one.because}`,
          ) ?? [],
      ),
    ),
  ];
  const results = answer.rows
    .slice(0, RESULT_ROWS)
    .map((row): Cell[] => [
      dayCell(row.until),
      rounded(row.count.expected),
      rounded(row.scenario?.count.expected ?? null),
      rounded(row.value?.expected ?? null),
      rounded(row.scenario?.value?.expected ?? null),
      rounded(row.scenario?.margin?.expected ?? null),
      row.value?.method ?? row.count.method,
    ]);
  const padded = <T>(list: readonly T[], length: number, empty: T): T[] => [
    ...list.slice(0, length),
    ...Array.from({ length: Math.max(0, length - list.length) }, () => empty),
  ];
  return [
    { row: 1, column: 1, cells: [[readAt], [status]] },
    ...statuses,
    {
      row: 4,
      column: RESULTS,
      cells: [
        [
          "Until",
          "Wins",
          "Wins as planned",
          `Value (${answer.currency})`,
          "Value as planned",
          "Margin as planned",
          "Method",
        ],
        ...padded(results, RESULT_ROWS, ["", "", "", "", "", "", ""]),
        ["Why", "", "", "", "", "", ""],
        ...padded(
          reasons.map((reason): Cell[] => [textCell(reason)]),
          REASON_ROWS,
          [""],
        ),
      ],
    },
  ];
}

function goalText(goal: NonNullable<ForecastAnswer["goals"]>[number], currency: string): string {
  const shown = (value: number | null): string =>
    value === null
      ? "nothing"
      : `${Math.round(value).toLocaleString("en-US")}${goal.metric === "won_value" ? ` ${currency}` : ""}`;
  const share = goal.share === null ? "" : ` (${Math.round(goal.share * 100)} %)`;
  return goal.expected === null
    ? `taken; so far ${shown(goal.so_far)}${share}`
    : `taken; so far ${shown(goal.so_far)}, expected ${shown(goal.expected)}${share}`;
}

function rounded(value: number | null): Cell {
  return value === null ? "" : Math.round(value * 100) / 100;
}
