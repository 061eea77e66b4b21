import { READABLE_TABLES } from "../../store/reader.ts";
import type { Problem } from "./problem.ts";

/**
 * What an own KPI's SQL may be: one SELECT over the tables of facts, with functions that compute and nothing else. PostgreSQL's own parser reads it,
 * and whatever is not listed here is refused: other tables (credentials, users, keys), schemas, functions that read files, change settings or run
 * text as SQL, placeholders, locks. Beside that it runs under a role that may read these
 * tables alone, in a transaction that can only read, with limits (core/store/sandbox.ts).
 */

/** What is known of a SELECT that may run. */
export type SqlShape = {
  /** Of its rows, in order. */
  readonly columns: readonly string[];
  /** What it reads. */
  readonly tables: readonly string[];
};

/** None of them reads anything but its arguments, or makes much out of little. `workspace_minor` converts money. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  `abs age array_length avg bool_and bool_or btrim cardinality ceil ceiling char_length character_length coalesce concat concat_ws corr count
  cume_dist date_bin date_part date_trunc dense_rank every exp extract first_value floor generate_series greatest isfinite jsonb_typeof
  justify_days justify_hours justify_interval lag last_value lead least left length like_escape ln log lower ltrim make_date make_interval max min mod mode
  now nth_value ntile nullif overlaps percent_rank percentile_cont percentile_disc position power rank replace right round
  row_number rtrim sign similar_to_escape split_part sqrt starts_with stddev stddev_pop stddev_samp strpos substr substring sum timezone
  to_char to_date trim trunc upper var_pop var_samp variance width_bucket workspace_minor`.split(/\s+/),
);
const TYPES: ReadonlySet<string> = new Set(
  "bool boolean bpchar date float4 float8 int2 int4 int8 interval jsonb numeric text time timestamp timestamptz uuid varchar".split(
    " ",
  ),
);
const TIMES: ReadonlySet<string> = new Set([
  "SVFOP_CURRENT_DATE",
  "SVFOP_CURRENT_TIMESTAMP",
  "SVFOP_CURRENT_TIMESTAMP_N",
  "SVFOP_LOCALTIMESTAMP",
  "SVFOP_LOCALTIMESTAMP_N",
]);

/** The fields that each kind of node may have. Kinds that are not here are refused, and so are their other fields. */
const NODES: { readonly [kind: string]: string } = {
  SelectStmt: `distinctClause targetList fromClause whereClause groupClause groupDistinct havingClause windowClause valuesLists sortClause
    limitOffset limitCount limitOption op all larg rarg withClause`,
  WithClause: "ctes",
  CommonTableExpr: "ctename aliascolnames ctematerialized ctequery",
  ResTarget: "name val",
  ColumnRef: "fields",
  A_Star: "",
  A_Const: "ival fval boolval sval bsval isnull",
  A_Expr: "kind name lexpr rexpr rexpr_list_start rexpr_list_end",
  A_ArrayExpr: "elements list_start list_end",
  BoolExpr: "boolop args",
  NullTest: "arg nulltesttype",
  BooleanTest: "arg booltesttype",
  CaseExpr: "arg args defresult",
  CaseWhen: "expr result",
  CoalesceExpr: "args",
  MinMaxExpr: "op args",
  TypeCast: "arg typeName",
  TypeName: "names typmods typemod arrayBounds",
  FuncCall: "funcname args agg_order agg_filter over agg_within_group agg_star agg_distinct func_variadic funcformat",
  WindowDef: "name refname partitionClause orderClause frameOptions startOffset endOffset",
  SQLValueFunction: "op typmod",
  SubLink: "subLinkType testexpr operName subselect",
  SortBy: "node sortby_dir sortby_nulls",
  RangeVar: "relname inh relpersistence alias",
  RangeSubselect: "lateral subquery alias",
  RangeFunction: "lateral ordinality functions alias",
  JoinExpr: "jointype isNatural larg rarg quals usingClause alias",
  Alias: "aliasname colnames",
  List: "items",
  String: "sval",
  Integer: "ival",
  Float: "fval",
  Boolean: "boolval",
};
const FIELDS = new Map(Object.entries(NODES).map(([kind, fields]) => [kind, new Set(fields.split(/\s+/))]));

/** Fields whose node stands in them without the name of its kind. */
const BARE: { readonly [field: string]: string } = {
  withClause: "WithClause",
  alias: "Alias",
  typeName: "TypeName",
  over: "WindowDef",
};

class Refused extends Error {}

type Json = { readonly [key: string]: unknown };
const isMap = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** The statement without the semicolon that may end it. */
export function statementOf(text: string): string {
  return text.trim().replace(/;\s*$/, "");
}

/** What is wrong with it as text, else its shape. Loads the parser at the first call. */
export async function readSql(text: string): Promise<SqlShape | Pick<Problem, "message" | "unknown">> {
  const { parse, SqlError } = await import("libpg-query");
  try {
    const tree: unknown = await parse(statementOf(text));
    return shapeOf(tree);
  } catch (error) {
    if (error instanceof Refused) return { message: error.message };
    if (error instanceof SqlError) return { message: `it is no SQL that PostgreSQL understands: ${error.message}` };
    // The parser runs out of stack before anything else does.
    if (error instanceof Error) return { message: "it is nested too deeply to be read" };
    throw error;
  }
}

function shapeOf(tree: unknown): SqlShape {
  const statements = isMap(tree) && Array.isArray(tree["stmts"]) ? (tree["stmts"] as readonly unknown[]) : [];
  const [first] = statements;
  const statement = isMap(first) ? first["stmt"] : null;
  if (statements.length !== 1 || !isMap(statement)) throw new Refused("it has to be one SELECT");
  const select = statement["SelectStmt"];
  if (!isMap(select)) throw new Refused("it has to be one SELECT, and nothing else");
  const tables = new Set<string>();
  visit("SelectStmt", select, new Set(), tables);
  return { columns: columnsOf(select), tables: [...tables] };
}

/** The names of a SELECT's columns; of a union, those of its first part. */
function columnsOf(select: Json): readonly string[] {
  const left = select["larg"];
  if (isMap(left)) return columnsOf(left);
  const targets = Array.isArray(select["targetList"]) ? (select["targetList"] as readonly unknown[]) : [];
  return targets.map((target) => {
    const result = isMap(target) ? target["ResTarget"] : null;
    const name = isMap(result) ? (result["name"] ?? lastName(result["val"])) : null;
    if (typeof name !== "string") throw new Refused("each of its columns needs a name (… as amount); * names none");
    return name;
  });
}

function lastName(value: unknown): string | null {
  const reference = isMap(value) ? value["ColumnRef"] : null;
  const fields =
    isMap(reference) && Array.isArray(reference["fields"]) ? (reference["fields"] as readonly unknown[]) : [];
  return fields.length === 0 ? null : stringOf(fields.at(-1));
}

function stringOf(node: unknown): string | null {
  const text = isMap(node) ? node["String"] : null;
  const value = isMap(text) ? text["sval"] : null;
  return typeof value === "string" ? value : null;
}

function namesIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? (list as readonly unknown[]).flatMap((node) => stringOf(node) ?? []) : [];
}

/** @param named what a table's name may mean here besides a table: the parts of a WITH before and around. */
function visit(kind: string, node: Json, named: ReadonlySet<string>, tables: Set<string>): void {
  const fields = FIELDS.get(kind);
  if (fields === undefined) throw new Refused(`it may not have ${kind}`);
  for (const field of Object.keys(node))
    if (field !== "location" && !fields.has(field)) throw new Refused(`${kind} may not have ${field}`);
  check(kind, node, named, tables);
  const inside = kind === "SelectStmt" ? withNames(node, named, tables) : named;
  for (const [field, value] of Object.entries(node)) if (field !== "withClause") descend(field, value, inside, tables);
}

/** A WITH's parts, each seen by those after it and by the statement. */
function withNames(select: Json, named: ReadonlySet<string>, tables: Set<string>): ReadonlySet<string> {
  const clause = select["withClause"];
  if (!isMap(clause)) return named;
  if (clause["recursive"] === true) throw new Refused("WITH may not be recursive");
  let seen = named;
  for (const part of Array.isArray(clause["ctes"]) ? (clause["ctes"] as readonly unknown[]) : []) {
    descend("ctes", part, seen, tables);
    const expression = isMap(part) ? part["CommonTableExpr"] : null;
    const name = isMap(expression) ? expression["ctename"] : null;
    if (typeof name === "string") seen = new Set([...seen, name]);
  }
  return seen;
}

function descend(field: string, value: unknown, named: ReadonlySet<string>, tables: Set<string>): void {
  if (Array.isArray(value)) {
    for (const one of value as readonly unknown[]) descend(field, one, named, tables);
    return;
  }
  if (!isMap(value)) return;
  const [kind, ...more] = Object.keys(value);
  // A place that nothing stands in.
  if (kind === undefined) return;
  if (more.length === 0 && /^[A-Z]/.test(kind)) {
    const node = value[kind];
    if (isMap(node)) visit(kind, node, named, tables);
    return;
  }
  const bare = BARE[field] ?? ((field === "larg" || field === "rarg") && "op" in value ? "SelectStmt" : undefined);
  if (bare !== undefined) visit(bare, value, named, tables);
  // A constant's own value: { ival: 1 }, { sval: "a" }, or nothing.
  else if (!/^([ifb]|bool|s|bs)val$/.test(field)) throw new Refused(`it may not have ${field}`);
}

function check(kind: string, node: Json, named: ReadonlySet<string>, tables: Set<string>): void {
  switch (kind) {
    case "RangeVar": {
      const table = String(node["relname"]);
      if (named.has(table)) return;
      if (!READABLE_TABLES.has(table))
        throw new Refused(`it may not read "${table}"; there are ${[...READABLE_TABLES].join(", ")}`);
      tables.add(table);
      return;
    }
    case "FuncCall": {
      const name = nameIn(node["funcname"]);
      if (name === null || !FUNCTIONS.has(name))
        throw new Refused(`it may not use the function "${namesIn(node["funcname"]).join(".")}"`);
      return;
    }
    case "TypeName": {
      const name = nameIn(node["names"]);
      if (name === null || !TYPES.has(name))
        throw new Refused(`it may not use the type "${namesIn(node["names"]).join(".")}"`);
      return;
    }
    case "A_Expr":
    case "SubLink": {
      const name = namesIn(node[kind === "A_Expr" ? "name" : "operName"]);
      if (name.length > 1) throw new Refused(`it may not use the operator "${name.join(".")}"`);
      return;
    }
    case "SQLValueFunction":
      if (!TIMES.has(String(node["op"])))
        throw new Refused("of such functions it may use current_date and current_timestamp");
      return;
    default:
  }
}

/** A name without a schema, or with that of PostgreSQL's own. Null: it has another. */
function nameIn(list: unknown): string | null {
  const names = namesIn(list);
  return names.length === 1 || (names.length === 2 && names[0] === "pg_catalog") ? (names.at(-1) ?? null) : null;
}
