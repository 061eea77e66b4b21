import { Checkbox, NumberInput, PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { asText } from "./text.ts";
import { fieldNames, humanise } from "../words/fields.ts";
import { useWords, words } from "../words/index.ts";

const text = words({
  en: {
    secret: "Stored encrypted, never shown again.",
    lines: "One on each line.",
    pairs: "One on each line: name = value.",
    optional: "optional",
  },
  fr: {
    secret: "Stocké chiffré, jamais affiché à nouveau.",
    lines: "Un par ligne.",
    pairs: "Un par ligne : nom = valeur.",
    optional: "facultatif",
  },
});

/** A field of a connector's settings or credentials, as its JSON Schema declares it. */
export type Field = {
  readonly name: string;
  readonly help: string | null;
  readonly isRequired: boolean;
  readonly isBasic: boolean;
  readonly default: unknown;
  readonly kind: "text" | "number" | "integer" | "boolean" | "lines" | "pairs" | "other" | readonly string[];
};

type Schema = {
  readonly properties?: { readonly [name: string]: Property };
  readonly required?: readonly string[];
};
type Property = {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly isBasic?: boolean;
  readonly items?: { readonly type?: unknown };
  readonly additionalProperties?: { readonly type?: unknown };
};

/** The fields of an object's schema, in its order. */
export function fieldsOf(schema: unknown): readonly Field[] {
  // Made by the server of its own schemas.
  const { properties = {}, required = [] } = (schema ?? {}) as Schema;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    help: property.description ?? null,
    isRequired: required.includes(name),
    isBasic: required.includes(name) || property.isBasic === true,
    default: property.default,
    kind: kindOf(property),
  }));
}

function kindOf(property: Property): Field["kind"] {
  if (property.enum !== undefined) return property.enum.map(String);
  switch (property.type) {
    case "string":
      return "text";
    case "number":
    case "integer":
    case "boolean":
      return property.type;
    case "array":
      return property.items?.type === "string" ? "lines" : "other";
    case "object":
      return property.additionalProperties?.type === "string" ? "pairs" : "other";
    default:
      return "other";
  }
}

export type Values = { readonly [name: string]: unknown };

export function SchemaFields(props: {
  readonly fields: readonly Field[];
  readonly values: Values;
  readonly isSecret?: boolean;
  /** What fields are called, before the names that all forms share. */
  readonly labels?: { readonly [name: string]: string };
  readonly onChange: (values: Values) => void;
}): ReactNode {
  return props.fields.map((field) => (
    <OneField
      key={field.name}
      field={field}
      name={props.labels?.[field.name]}
      value={props.values[field.name]}
      isSecret={props.isSecret === true}
      onChange={(value) => {
        const { [field.name]: _old, ...others } = props.values;
        props.onChange(value === undefined || value === "" ? others : { ...others, [field.name]: value });
      }}
    />
  ));
}

function OneField(props: {
  readonly field: Field;
  readonly name: string | undefined;
  readonly value: unknown;
  readonly isSecret: boolean;
  readonly onChange: (value: unknown) => void;
}): ReactNode {
  const { field, value, isSecret, onChange } = props;
  const t = useWords(text);
  const names = useWords(fieldNames);
  const { kind, name } = field;
  const label =
    (props.name ?? names[name] ?? humanise(name)) +
    (field.isRequired || isSecret || kind === "boolean" ? "" : ` (${t.optional})`);
  const common = {
    label,
    description: (
      <Help
        text={field.help}
        extra={isSecret ? t.secret : kind === "lines" ? t.lines : kind === "pairs" ? t.pairs : null}
      />
    ),
    required: field.isRequired,
    withAsterisk: false,
  };
  if (typeof kind !== "string")
    return (
      <Select
        {...common}
        data={[...kind]}
        value={asText(value ?? field.default)}
        allowDeselect={!field.isRequired}
        onChange={(next) => onChange(next ?? undefined)}
      />
    );
  switch (kind) {
    case "boolean":
      return (
        <Checkbox
          label={label}
          description={common.description}
          checked={value === undefined ? field.default === true : value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "number":
    case "integer":
      return (
        <NumberInput
          {...common}
          value={typeof value === "number" ? value : ""}
          placeholder={asText(field.default)}
          allowDecimal={kind === "number"}
          onChange={(next) => onChange(next === "" ? undefined : Number(next))}
        />
      );
    case "lines":
    case "pairs":
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          value={kind === "lines" ? linesText(value) : pairsText(value)}
          onChange={(event) =>
            onChange(kind === "lines" ? linesOf(event.currentTarget.value) : pairsOf(event.currentTarget.value))
          }
        />
      );
    case "text":
      if (name.endsWith("_json"))
        return (
          <Textarea
            {...common}
            rows={5}
            autoComplete="off"
            value={asText(value)}
            onChange={(event) => onChange(event.currentTarget.value)}
          />
        );
      if (isSecret && name !== "client_id" && name !== "email")
        return (
          <PasswordInput
            {...common}
            autoComplete="new-password"
            value={asText(value)}
            onChange={(event) => onChange(event.currentTarget.value)}
          />
        );
      return (
        <TextInput
          {...common}
          autoComplete="off"
          placeholder={asText(field.default)}
          value={asText(value)}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "other":
      return null;
    default:
      return kind satisfies never;
  }
}

/** What a connector says of its fields is English. */
function Help({ text: said, extra }: { readonly text: string | null; readonly extra: string | null }): ReactNode {
  return (
    <>
      {said === null ? null : <span lang="en">{said}</span>}
      {said !== null && extra !== null ? ". " : null}
      {extra}
    </>
  );
}

function linesText(value: unknown): string {
  return Array.isArray(value) ? value.join("\n") : "";
}

function linesOf(written: string): readonly string[] | undefined {
  return written === "" ? undefined : written.split("\n");
}

function pairsText(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .map(([name, one]) => (name === "" ? String(one) : `${name} = ${String(one)}`))
    .join("\n");
}

/** A line that is still being written has no name yet; it is kept under the empty one. */
function pairsOf(written: string): { readonly [name: string]: string } | undefined {
  if (written === "") return undefined;
  return Object.fromEntries(
    written.split("\n").map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? ["", line] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}
