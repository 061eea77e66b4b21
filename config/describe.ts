import { z } from "zod";
import type { AnyConnector } from "../core/connector/define.ts";
import { strict } from "./file.ts";
import { explain, unwrap } from "./issues.ts";
import { pathText, type YamlFile } from "./yaml.ts";
import { alternatives, fieldSchemas, innerSchema, pipedSchema } from "../core/base/schema-parts.ts";

/** One line of a connector's settings or credentials, for people. */
export type SettingLine = {
  /** `tables.deals` */
  readonly setting: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly default: string | null;
  readonly about: string;
};

/** What a schema asks for, nested maps by their path, down to `depth` levels. */
export function settingLines(schema: z.ZodType, depth: number, prefix = ""): readonly SettingLine[] {
  const object = unwrap(schema);
  if (!(object instanceof z.ZodObject)) return [];
  return Object.entries(fieldSchemas(object)).flatMap(([key, field]) => {
    const setting = prefix === "" ? key : `${prefix}.${key}`;
    const inner = unwrap(field);
    const map = inner instanceof z.ZodUnion ? alternatives(inner).find(isMap) : inner;
    const nested = isMap(map) && depth > 1 ? settingLines(map, depth - 1, setting) : [];
    return [{ setting, ...describe(field) }, ...nested];
  });
}

function isMap(schema: z.ZodType | undefined): schema is z.ZodObject {
  return schema instanceof z.ZodObject;
}

function describe(field: z.ZodType): Omit<SettingLine, "setting"> {
  const isRequired = !field.safeParse(undefined).success;
  const filled = field instanceof z.ZodDefault ? field.safeParse(undefined).data : undefined;
  return {
    type: typeText(bare(field)),
    isRequired,
    default: filled === undefined ? null : JSON.stringify(filled),
    about: aboutOf(field),
  };
}

/** Without optional and default, which are told apart from the type. */
function bare(field: z.ZodType): z.ZodType {
  const inner = innerSchema(field) ?? pipedSchema(field);
  return inner === null ? field : bare(inner);
}

function aboutOf(field: z.ZodType): string {
  const inner = innerSchema(field);
  return field.description ?? (inner === null ? "" : aboutOf(inner));
}

function typeText(schema: z.ZodType): string {
  if (schema instanceof z.ZodEnum) return schema.options.map(String).join(" | ");
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "true | false";
  if (schema instanceof z.ZodArray) return "list";
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return "map";
  if (schema instanceof z.ZodUnion)
    return [...new Set(alternatives(schema).map((option) => typeText(bare(option))))].join(" | ");
  return "text";
}

/** What is wrong with a connector's settings given outside of a file (`--set`, a form): one line each, none when they are right. */
export function settingProblems(connector: AnyConnector, value: unknown): readonly string[] {
  return problems(strict(connector.settings), value);
}

/** The same for anything else. Values are not shown where secrets stand. */
export function problems(schema: z.ZodType, value: unknown): readonly string[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  const file: YamlFile = {
    value,
    issues: [],
    place: () => ({ line: 0, column: 0 }),
    unset: [],
    isUnset: () => false,
    isFromEnvironment: () => false,
  };
  return explain(parsed.error.issues, schema, file, []).map((issue) => {
    const where = pathText(issue.path);
    return where === "" ? issue.message : `${where}: ${issue.message}`;
  });
}
