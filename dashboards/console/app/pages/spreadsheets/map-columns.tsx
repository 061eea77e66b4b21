import { Button, Group, MultiSelect, NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { call } from "../../api/client.ts";
import { useApi } from "../../api/hooks.ts";
import type { Preview } from "../../api/types.ts";
import { Card, Loading, Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { humanise } from "../../words/fields.ts";
import { useWords } from "../../words/index.ts";
import { ConnectSheet } from "./connect-sheet.tsx";
import { type Draft, fieldsOfTable, guess, newDraft, settingsOf } from "./draft.ts";
import { PreviewTable } from "./preview-table.tsx";
import { StageMeanings } from "./stage-meanings.tsx";
import { columnNames, tableNames, text } from "./words.ts";

/** What the columns of a file mean, with what each row becomes below. */
export function MapColumns({ from, onBack }: { readonly from: string; readonly onBack: () => void }): ReactNode {
  const t = useWords(text);
  const tables = useWords(tableNames);
  const [draft, setDraft] = useState<Draft>(() => newDraft(from));
  const [settled] = useDebouncedValue(draft, 400);
  const connector = useApi("GET /connectors", {}).data?.data.find(({ key }) => key === "csv");
  const fields = fieldsOfTable(connector, draft.table);
  const asked = useQuery({
    queryKey: ["preview", settled],
    queryFn: ({ signal }) =>
      call("POST /connections/preview", { body: { connector: "csv", settings: settingsOf(settled) } }, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const preview = asked.data?.data[0];
  const columns = preview?.columns ?? [];
  const known = columns.join("\n");
  // Columns that are called as fields are, are taken at once; what somebody has chosen stays.
  useEffect(() => {
    if (known === "" || fields.length === 0) return;
    setDraft((old) => ({
      ...old,
      columns: { ...guess(fields, known.split("\n")), ...old.columns },
      key: old.key.length > 0 ? old.key : firstKey(known.split("\n")),
    }));
    // Of another file or table only.
  }, [known, draft.table, fields.length]);

  return (
    <Stack>
      <Card
        title={t.means}
        actions={
          <Button variant="subtle" onClick={onBack}>
            {t.otherFile}
          </Button>
        }
      >
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <Select
            label={t.table}
            data={Object.entries(tables).map(([value, label]) => ({ value, label }))}
            value={draft.table}
            allowDeselect={false}
            onChange={(table) => table !== null && setDraft({ ...draft, table, columns: {}, stages: {} })}
          />
          <NumberInput
            label={t.headerRow}
            min={0}
            max={1000}
            value={draft.headerRow}
            onChange={(next) => setDraft({ ...draft, headerRow: Number(next) || 1, columns: {}, key: [] })}
          />
          {/xlsx$/i.test(from) ? (
            <TextInput
              label={t.sheet}
              value={draft.sheet}
              onChange={(event) => setDraft({ ...draft, sheet: event.currentTarget.value })}
            />
          ) : null}
        </SimpleGrid>
      </Card>
      <Problem error={asked.error} />
      {preview === undefined && asked.error === null ? <Loading /> : null}
      {preview === undefined ? null : (
        <>
          <Card title={t.columns}>
            <Stack>
              <Columns draft={draft} preview={preview} fields={fields} onChange={setDraft} />
              {draft.columns["stage"] === undefined ? null : (
                <StageMeanings draft={draft} preview={preview} onChange={setDraft} />
              )}
            </Stack>
          </Card>
          <PreviewTable preview={preview} draft={draft} />
          {preview.unfinished.length === 0 ? <ConnectSheet draft={draft} from={from} /> : null}
        </>
      )}
    </Stack>
  );
}

/** The likeliest of the columns to tell rows apart. */
function firstKey(columns: readonly string[]): readonly string[] {
  const likely = columns.find(
    (one) => /(^|[\s_-])(id|key|number|nr|no|ref|reference|numero)$/i.test(one) || /^id/i.test(one),
  );
  const first = likely ?? columns[0];
  return first === undefined ? [] : [first];
}

function Columns(props: {
  readonly draft: Draft;
  readonly preview: Preview;
  readonly fields: ReturnType<typeof fieldsOfTable>;
  readonly onChange: (draft: Draft) => void;
}): ReactNode {
  const { draft, preview, fields, onChange } = props;
  const t = useWords(text);
  const c = useWords(common);
  const names = useWords(columnNames);
  const columns = [...preview.columns];
  return (
    <>
      <MultiSelect
        label={t.key}
        description={t.keyHelp}
        data={columns}
        value={[...draft.key]}
        onChange={(key) => onChange({ ...draft, key })}
        hidePickedOptions
        maw={520}
      />
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {fields.map(({ name, isRequired }) => (
          <Select
            key={name}
            label={(names[name] ?? humanise(name)) + (isRequired ? ` (${t.needed})` : "")}
            placeholder={t.notMapped}
            data={columns}
            value={draft.columns[name] ?? null}
            clearable
            searchable
            onChange={(column) => {
              const { [name]: _old, ...others } = draft.columns;
              onChange({ ...draft, columns: column === null ? others : { ...others, [name]: column } });
            }}
          />
        ))}
      </SimpleGrid>
      <Group grow align="flex-start">
        <Select
          label={t.dateFormat}
          data={[
            { value: "", label: t.detected },
            { value: "iso", label: "2026-11-24" },
            { value: "d.M.yyyy", label: "24.11.2026" },
            { value: "d/M/yyyy", label: "24/11/2026" },
            { value: "M/d/yyyy", label: "11/24/2026" },
            { value: "d MMM yyyy", label: "24 Nov 2026" },
          ]}
          value={draft.dateFormat}
          allowDeselect={false}
          onChange={(next) => onChange({ ...draft, dateFormat: next ?? "" })}
        />
        <Select
          label={t.decimal}
          data={[
            { value: "", label: t.detected },
            { value: ".", label: "1,234.56" },
            { value: ",", label: "1.234,56" },
          ]}
          value={draft.decimal}
          allowDeselect={false}
          onChange={(next) => onChange({ ...draft, decimal: next ?? "" })}
        />
        <TextInput
          label={`${t.currency} (${c.optional})`}
          placeholder="EUR"
          maxLength={3}
          value={draft.currency}
          onChange={(event) => onChange({ ...draft, currency: event.currentTarget.value.toUpperCase() })}
        />
      </Group>
    </>
  );
}
