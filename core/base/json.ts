/** A value that survives `JSON.stringify` and `JSON.parse` unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Of what came as JSON: whether it has fields. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a field of any record, null when there is none. */
export function fieldOf(record: Json | undefined, name: string): Json {
  return isObject(record) ? (record[name] ?? null) : null;
}

/** Of what came as JSON: whether it is a list. `Array.isArray` does not tell so of a type that is read-only. */
export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The items of a list, none of what is no list. */
export function listOf(value: unknown): readonly Json[] {
  return isList(value) ? value : [];
}

/** `JSON.parse`, with the type of what it can give. @throws SyntaxError */
export function parseJson(text: string): Json {
  return JSON.parse(text) as Json;
}

/** An object as JSON has it: fields without a value are absent, instants are texts. */
export function plainJson(value: object): JsonObject {
  // What JSON.stringify writes of an object that is no list is an object.
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
