import type { z } from "zod";
import type { Secrets } from "./index.ts";
import { alternatives, innerSchema, pipedSchema, schemaInside } from "../base/schema-parts.ts";

/**
 * Secrets that a schema declares. A field made with {@link secret} is sealed before it is stored, opened only for who uses it, sealed anew
 * by a rotation, hidden in messages and plans, and asked for from the environment in the config file. Its name says nothing.
 */
export function secret<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), secret: true });
}

/** Steps from the top of a value down to a field: names of keys, places in lists. */
export type FieldPath = readonly PropertyKey[];

/** Where a value holds declared secrets: each text (or part that is no text, when somebody wrote one there), in the order of the value. */
export function secretPaths(schema: z.ZodType, value: unknown): readonly FieldPath[] {
  const found = new Map<string, FieldPath>();
  visit(schema, value, [], (path) => found.set(JSON.stringify(path.map(String)), path));
  return [...found.values()];
}

/** Whether a path leads to a declared secret or into one, whatever stands there. */
export function isSecretPath(schema: z.ZodType, path: FieldPath): boolean {
  return branches(schema).some((branch) => {
    if (isMarked(branch)) return true;
    const [step, ...rest] = path;
    if (step === undefined) return false;
    const inner = schemaInside(branch, step);
    return inner !== null && isSecretPath(inner, rest);
  });
}

/** The value with each declared secret sealed. @param belongsTo what the secret at a path is sealed for. */
export function sealDeclared<Value>(
  schema: z.ZodType,
  value: Value,
  secrets: Secrets,
  belongsTo: (path: FieldPath) => string,
): Value {
  return mapSecrets(schema, value, (text, path) => secrets.seal(text, belongsTo(path)));
}

/** The value with each declared secret opened. @throws TributaryError of {@link Secrets.open} */
export function openDeclared<Value>(
  schema: z.ZodType,
  value: Value,
  secrets: Secrets,
  belongsTo: (path: FieldPath) => string,
): Value {
  return mapSecrets(schema, value, (text, path) => secrets.open(text, belongsTo(path)));
}

/** A copy of the value in which each declared secret is another text. */
export function mapSecrets<Value>(
  schema: z.ZodType,
  value: Value,
  change: (text: string, path: FieldPath) => string | null,
): Value {
  const copy = structuredClone(value);
  for (const path of secretPaths(schema, value)) {
    const last = path.at(-1);
    // A path has at least one step, and its parents are maps and lists: `secretPaths` has just walked them.
    const holder = path.slice(0, -1).reduce((at, step) => at[step] as Holder, copy as Holder);
    const text = last === undefined ? undefined : holder[last];
    if (last !== undefined && typeof text === "string") holder[last] = change(text, path);
  }
  return copy;
}

type Holder = { [step: PropertyKey]: unknown };

function visit(schema: z.ZodType, value: unknown, path: FieldPath, found: (path: FieldPath) => void): void {
  if (value === undefined || value === null) return;
  for (const branch of branches(schema)) {
    if (isMarked(branch)) found(path);
    else if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) visitStep(branch, one, [...path, index], found);
    } else if (typeof value === "object") {
      for (const [key, one] of Object.entries(value)) visitStep(branch, one, [...path, key], found);
    }
  }
}

function visitStep(schema: z.ZodType, value: unknown, path: FieldPath, found: (path: FieldPath) => void): void {
  const inner = schemaInside(schema, path.at(-1) ?? "");
  if (inner !== null) visit(inner, value, path, found);
}

const isMarked = (schema: z.ZodType): boolean => schema.meta()?.["secret"] === true;

/** What a value may be by its schema, without optional, default and the like; a marked schema as it is. */
function branches(schema: z.ZodType): readonly z.ZodType[] {
  if (isMarked(schema)) return [schema];
  const inner = innerSchema(schema) ?? pipedSchema(schema);
  if (inner !== null) return branches(inner);
  const options = alternatives(schema);
  return options.length === 0 ? [schema] : options.flatMap(branches);
}
