import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { inputSchema } from "../api/connectors.ts";
import { type Html, html } from "../web/html.ts";

/**
 * Forms made from zod schemas, by way of their JSON Schema: one field for each property. What has no field of its own kind (objects,
 * unions) is written as JSON. What comes back is only shaped here; the schema itself judges it.
 */
export type FormField = {
  readonly name: string;
  readonly label: string;
  readonly help: string | null;
  readonly isRequired: boolean;
  readonly kind: FieldKind;
};

export type FieldKind =
  | { readonly type: "text"; readonly input: "text" | "url" | "email" | "date" }
  | { readonly type: "number"; readonly isInteger: boolean }
  | { readonly type: "checkbox" }
  | { readonly type: "select"; readonly options: readonly string[] }
  | { readonly type: "lines" }
  | { readonly type: "json" };

const property = z.object({
  type: z.unknown().optional(),
  description: z.string().optional(),
  title: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  default: z.unknown().optional(),
  items: z.object({ type: z.unknown().optional() }).optional(),
});
const objectSchema = z.object({
  properties: z.record(z.string(), property).default({}),
  required: z.array(z.string()).default([]),
});

/** The fields of an object schema, in its order; none for what is no object. */
export function fieldsOf(schema: z.ZodType): FormField[] {
  const parsed = objectSchema.safeParse(inputSchema(schema));
  if (!parsed.success) return [];
  const { properties, required } = parsed.data;
  return Object.entries(properties).map(([name, field]) => ({
    name,
    label: field.title ?? labelOf(name),
    help: field.description ?? null,
    isRequired: required.includes(name),
    kind: kindOf(field),
  }));
}

function kindOf(field: z.output<typeof property>): FieldKind {
  const options = field.enum?.filter((option) => typeof option === "string");
  if (options !== undefined && options.length > 0) return { type: "select", options };
  switch (field.type) {
    case "string":
      return { type: "text", input: INPUTS[field.format ?? ""] ?? "text" };
    case "number":
    case "integer":
      return { type: "number", isInteger: field.type === "integer" };
    case "boolean":
      return { type: "checkbox" };
    case "array":
      return field.items?.type === "string" ? { type: "lines" } : { type: "json" };
    default:
      return { type: "json" };
  }
}

const INPUTS: { readonly [format: string]: "url" | "email" | "date" } = { uri: "url", email: "email", date: "date" };

/** `backfill_from` → `Backfill from`. */
function labelOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export type FormState = {
  /** Before every field's name: `settings`, `credentials`. */
  readonly group: string;
  readonly values: JsonObject;
  /** Values are never shown back, and an empty field means: as it was. */
  readonly isSecret: boolean;
  /** By field name. */
  readonly problems: ReadonlyMap<string, string>;
};

export function renderFields(fields: readonly FormField[], state: FormState): Html {
  return html`${fields.map((field) => renderField(field, state))}`;
}

function renderField(field: FormField, state: FormState): Html {
  const id = `${state.group}.${field.name}`;
  const problem = state.problems.get(field.name) ?? null;
  const helpId = `${id}-help`;
  const about = [field.help, state.isSecret ? "Stored encrypted, never shown again." : null].filter(
    (text) => text !== null,
  );
  return html`<div class="field">
    <label for="${id}">${field.label}${field.isRequired ? null : html` <span class="soft">(optional)</span>`}</label>
    ${renderInput(field, state, id, helpId, problem !== null)}
    <p class="help" id="${helpId}">
      ${about.join(" ")}${problem === null ? null : html` <strong class="bad">${problem}</strong>`}
    </p>
  </div>`;
}

function renderInput(field: FormField, state: FormState, id: string, helpId: string, isWrong: boolean): Html {
  const value = state.isSecret ? undefined : state.values[field.name];
  const invalid = isWrong ? html` aria-invalid="true"` : null;
  const required = field.isRequired && !state.isSecret ? html` required` : null;
  const { kind } = field;
  switch (kind.type) {
    case "text":
      return html`<input
        id="${id}"
        name="${id}"
        type="${state.isSecret ? "password" : kind.input}"
        value="${asText(value)}"
        autocomplete="${state.isSecret ? "new-password" : "off"}"
        aria-describedby="${helpId}"
        ${required}${invalid}
      />`;
    case "number":
      return html`<input
        id="${id}"
        name="${id}"
        type="number"
        step="${kind.isInteger ? "1" : "any"}"
        value="${asText(value)}"
        aria-describedby="${helpId}"
        ${required}${invalid}
      />`;
    case "checkbox":
      return html`<input
        id="${id}"
        name="${id}"
        type="checkbox"
        value="true"
        aria-describedby="${helpId}"
        ${value === true ? html` checked` : null}${invalid}
      />`;
    case "select":
      return html`<select id="${id}" name="${id}" aria-describedby="${helpId}" ${required}${invalid}>
        ${field.isRequired ? null : html`<option value="">–</option>`}
        ${kind.options.map((option) => html`<option${option === value ? html` selected` : null}>${option}</option>`)}
      </select>`;
    case "lines":
      return html`<textarea id="${id}" name="${id}" rows="4" aria-describedby="${helpId}" ${invalid}>
${Array.isArray(value) ? value.map(asText).join("\n") : ""}</textarea>
        <p class="help">One on each line.</p>`;
    case "json":
      return html`<textarea
          id="${id}"
          name="${id}"
          rows="10"
          class="code"
          spellcheck="false"
          aria-describedby="${helpId}"
          ${required}${invalid}
        >
${value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2)}</textarea>
        <p class="help">Written as JSON.</p>`;
    default:
      return kind satisfies never;
  }
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Reads a group of fields back from a posted form. Empty fields are left out; what is no JSON stays text, for the schema to refuse. */
export function readFields(fields: readonly FormField[], group: string, body: unknown): JsonObject {
  const posted = z.record(z.string(), z.unknown()).safeParse(body);
  const values: { [name: string]: Json } = {};
  if (!posted.success) return values;
  for (const { name, kind } of fields) {
    const raw = posted.data[`${group}.${name}`];
    const text = typeof raw === "string" ? raw.trim() : "";
    if (kind.type === "checkbox") values[name] = text === "true";
    else if (text !== "") values[name] = readValue(kind, text);
  }
  return values;
}

function readValue(kind: FieldKind, text: string): Json {
  switch (kind.type) {
    case "number":
      return Number.isNaN(Number(text)) ? text : Number(text);
    case "lines":
      return text.split(/\r?\n/).flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
    case "json":
      try {
        return JSON.parse(text) as Json;
      } catch {
        return text;
      }
    default:
      return text;
  }
}

/** What is wrong with each field, in the schema's words. */
export function problemsOf(schema: z.ZodType, values: JsonObject): ReadonlyMap<string, string> {
  const result = schema.safeParse(values);
  const problems = new Map<string, string>();
  if (result.success) return problems;
  for (const issue of result.error.issues) {
    const [field, ...rest] = issue.path;
    const at = rest.length === 0 ? "" : `${rest.join(".")}: `;
    if (!problems.has(String(field))) problems.set(String(field), at + issue.message);
  }
  return problems;
}
