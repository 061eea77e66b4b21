import { z } from "zod";
import { isSecretPath } from "../core/secrets/declared.ts";
import { nearest } from "../core/base/nearest.ts";
import { pathText, type FileIssue, type Path, type YamlFile } from "./yaml.ts";
import { alternatives, fieldSchemas, innerSchema, pipedSchema, schemaInside } from "../core/base/schema-parts.ts";

/** What zod says of a value, told so that the reader finds the line and sees what was expected. */
export function explain(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  file: YamlFile,
  base: Path,
): FileIssue[] {
  return issues.flatMap((issue) => explainOne(issue, schema, file, base));
}

function explainOne(issue: z.core.$ZodIssue, schema: z.ZodType, file: YamlFile, base: Path): FileIssue[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const guess = nearest(key, known);
      const hint = guess === null ? listed(known) : `; did you mean "${guess}"?`;
      return { ...file.place([...path, key], "key"), path, message: `unknown key "${key}"${hint}` };
    });
  }
  if (issue.code === "invalid_union") {
    const branch = likeliestBranch(issue.errors);
    if (branch !== null) return explain(branch, schemaAt(schema, issue.path), file, path);
  }
  // Credentials are held against the schema of their connector alone, so the path is looked at as well.
  const isSecret = isSecretPath(schema, issue.path) || base.includes("credentials");
  return [{ ...file.place(path), path, message: `${issue.message}${shownValue(file, path, isSecret)}` }];
}

function listed(known: readonly string[]): string {
  return known.length === 0 ? "" : `; known here: ${known.join(", ")}`;
}

/**
 * Of the alternatives that a value was held against, the one it was meant to be: not one that wants another type altogether, and the one
 * with the fewest complaints. Null when all want another type.
 */
function likeliestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  const fitting = branches.filter(
    (branch) => !branch.some((one) => one.code === "invalid_type" && one.path.length === 0),
  );
  return fitting.toSorted((a, b) => a.length - b.length)[0] ?? null;
}

/** The value as the file has it; never one that came from the environment or stands where secrets do. */
function shownValue(file: YamlFile, path: Path, isSecret: boolean): string {
  const value = valueAt(file.value, path);
  if (value === undefined) return ", but it is missing";
  if (file.isFromEnvironment(path) || isSecret) return ", got «hidden»";
  if (value === null) return ", but it is empty";
  if (Array.isArray(value)) return ", got a list";
  if (typeof value === "object") return ", got a map";
  const text = JSON.stringify(value);
  return `, got ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}

export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Reflect.get(current, step);
  }
  return current;
}

/** What keys a map at the path may have. */
function knownKeys(schema: z.ZodType, path: Path): readonly string[] {
  return keysOf(schemaAt(schema, path));
}

function keysOf(schema: z.ZodType): readonly string[] {
  if (schema instanceof z.ZodObject) return Object.keys(fieldSchemas(schema));
  return alternatives(schema).flatMap((option) => keysOf(unwrap(option)));
}

/** The schema of the value at the path; of alternatives, the first that has such a path. */
function schemaAt(schema: z.ZodType, path: Path): z.ZodType {
  let current = unwrap(schema);
  for (const step of path) {
    current = unwrap(stepInto(current, step) ?? z.unknown());
  }
  return current;
}

function stepInto(schema: z.ZodType, step: PropertyKey): z.ZodType | null {
  for (const option of alternatives(schema)) {
    const found = stepInto(unwrap(option), step);
    if (found !== null) return found;
  }
  return schemaInside(schema, step);
}

/** Without optional, default and the like; of alternatives that hold one map, that map. */
export function unwrap(schema: z.ZodType): z.ZodType {
  const inner = innerSchema(schema) ?? pipedSchema(schema);
  if (inner !== null) return unwrap(inner);
  const options = alternatives(schema).map(unwrap);
  const maps = options.filter((option) => option instanceof z.ZodObject);
  const hasList = options.some((option) => option instanceof z.ZodArray);
  return maps.length === 1 && maps[0] !== undefined && !hasList ? maps[0] : schema;
}

/** One line per issue: `config/tributary.yaml:12:5 connections[0].id: expected a text, got 5`. */
export function issueLines(file: string, issues: readonly FileIssue[]): string[] {
  return issues
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map((issue) => {
      const where = pathText(issue.path);
      return `${file}:${issue.line}:${issue.column} ${where === "" ? "" : `${where}: `}${issue.message}`;
    });
}
