import { ActionIcon, Button, Fieldset, Group, MultiSelect, PasswordInput, Select, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useApi } from "../api/hooks.ts";
import { fieldNames, humanise } from "../words/fields.ts";
import { useWords, words } from "../words/index.ts";
import { useTitle } from "../words/kpis.ts";
import { Icon } from "./icons.tsx";
import { fieldsOf, SchemaFields, type Values } from "./schema-form.tsx";
import { asText } from "./text.ts";

const text = words({
  en: {
    add: (what: string) => `Add: ${what}`,
    remove: (what: string) => `Remove: ${what}`,
    kept: "Kept; write a new one to change it.",
    sealed: "Stored encrypted, never shown again.",
  },
  fr: {
    add: (what: string) => `Ajouter : ${what}`,
    remove: (what: string) => `Supprimer : ${what}`,
    kept: "Gardé ; écrivez-en un nouveau pour le changer.",
    sealed: "Stocké chiffré, jamais affiché à nouveau.",
  },
});

type Schema = {
  readonly type?: unknown;
  readonly description?: string;
  readonly secret?: boolean;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
};

/**
 * A form for whatever a schema declares, lists of things among it. What names a KPI (`metric`, `of`: so it is everywhere in settings) is chosen
 * from those there are; what is secret is written anew or stays.
 */
export function SchemaEditor(props: {
  readonly schema: unknown;
  readonly value: Values;
  /** Secrets that are there already, by their path. */
  readonly kept: readonly string[];
  readonly onChange: (value: Values) => void;
}): ReactNode {
  // Made by the server of its own schemas.
  const schema = props.schema as Schema;
  return <Part schema={schema} value={props.value} kept={props.kept} onChange={props.onChange} />;
}

function Part(props: {
  readonly schema: Schema;
  readonly value: Values;
  readonly kept: readonly string[];
  readonly onChange: (value: Values) => void;
}): ReactNode {
  const { schema, value, kept, onChange } = props;
  const names = useWords(fieldNames);
  const t = useWords(text);
  const set = (name: string, next: unknown): void => {
    const { [name]: _old, ...others } = value;
    onChange(next === undefined || next === "" ? others : { ...others, [name]: next });
  };
  return (
    <Stack gap="sm">
      {Object.entries(schema.properties ?? {}).map(([name, one]) => {
        const label = names[name] ?? humanise(name);
        if (one.secret === true)
          return (
            <PasswordInput
              key={name}
              label={label}
              description={
                <>
                  <span lang="en">{one.description}</span>. {kept.includes(name) ? t.kept : t.sealed}
                </>
              }
              autoComplete="new-password"
              value={asText(value[name])}
              onChange={(event) => set(name, event.currentTarget.value)}
            />
          );
        if (name === "metric" || name === "of")
          return <KpiField key={name} label={label} value={asText(value[name])} onChange={(next) => set(name, next)} />;
        if (one.type === "array" && one.items?.enum !== undefined)
          return (
            <MultiSelect
              key={name}
              label={label}
              description={<span lang="en">{one.description}</span>}
              searchable
              data={one.items.enum.map(String)}
              value={Array.isArray(value[name]) ? (value[name] as unknown[]).map(String) : []}
              onChange={(next) => set(name, next.length === 0 ? undefined : next)}
            />
          );
        if (one.type === "array" && one.items?.properties !== undefined)
          return (
            <Entries
              key={name}
              label={label}
              schema={one.items}
              values={Array.isArray(value[name]) ? (value[name] as Values[]) : []}
              onChange={(next) => set(name, next)}
            />
          );
        if (one.properties !== undefined)
          return (
            <Fieldset key={name} legend={label}>
              <Part
                schema={one}
                value={(value[name] ?? {}) as Values}
                kept={[]}
                onChange={(next) => set(name, Object.keys(next).length === 0 ? undefined : next)}
              />
            </Fieldset>
          );
        return (
          <SchemaFields
            key={name}
            fields={fieldsOf({ properties: { [name]: one }, required: schema.required ?? [] })}
            values={value}
            onChange={onChange}
          />
        );
      })}
    </Stack>
  );
}

function Entries(props: {
  readonly label: string;
  readonly schema: Schema;
  readonly values: readonly Values[];
  readonly onChange: (values: readonly Values[]) => void;
}): ReactNode {
  const { label, schema, values, onChange } = props;
  const t = useWords(text);
  return (
    <div role="group" aria-label={label}>
      <Text size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <Stack gap="sm">
        {values.map((one, index) => (
          <Fieldset
            key={index}
            legend={
              <Group gap={6}>
                {asText(one["id"] ?? one["tab"]) || `${label} ${index + 1}`}
                <ActionIcon
                  size="sm"
                  variant="default"
                  aria-label={t.remove(`${label} ${index + 1}`)}
                  onClick={() => onChange(values.filter((_, at) => at !== index))}
                >
                  <Icon name="close" size={12} />
                </ActionIcon>
              </Group>
            }
          >
            <Part
              schema={schema}
              value={one}
              kept={[]}
              onChange={(next) => onChange(values.map((each, at) => (at === index ? next : each)))}
            />
          </Fieldset>
        ))}
        <Group>
          <Button size="compact-sm" variant="default" onClick={() => onChange([...values, {}])}>
            {t.add(label)}
          </Button>
        </Group>
      </Stack>
    </div>
  );
}

function KpiField(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (id: string | undefined) => void;
}): ReactNode {
  const titleOf = useTitle();
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  return (
    <Select
      label={props.label}
      searchable
      clearable
      data={kpis.map((kpi) => ({ value: kpi.id, label: titleOf(kpi) }))}
      value={props.value === "" ? null : props.value}
      onChange={(next) => props.onChange(next ?? undefined)}
    />
  );
}
