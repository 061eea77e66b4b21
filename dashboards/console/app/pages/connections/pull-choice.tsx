import { Checkbox, Select, SimpleGrid, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { Connector } from "../../api/types.ts";
import { useWords } from "../../words/index.ts";
import { text } from "./wizard-words.ts";

/** What of an account is pulled, how often, and what it is called here. */
export type Choice = {
  readonly id: string;
  readonly title: string;
  /** Null: all there are, also those that come with a later version. */
  readonly streams: readonly string[] | null;
  /** Null: as is usual for the tool. */
  readonly everyS: number | null;
  /** A day, or nothing. */
  readonly since: string;
};

/** @param taken ids that are in use. */
export function firstChoice(connector: Connector, taken: readonly string[]): Choice {
  const ids = [`${connector.key}-main`, ...Array.from({ length: 99 }, (_, index) => `${connector.key}-${index + 2}`)];
  const id = ids.find((one) => !taken.includes(one)) ?? "";
  const number = ids.indexOf(id);
  // Two accounts of one tool are told apart by name as well.
  return {
    id,
    title: number === 0 ? connector.title : `${connector.title} ${number + 1}`,
    streams: null,
    everyS: null,
    since: "",
  };
}

const MINUTES = [1, 2, 5, 15, 30, 60, 360, 1440];

export function PullChoice(props: {
  readonly connector: Connector;
  readonly choice: Choice;
  readonly onChange: (choice: Choice) => void;
  /** Of a connection that is there, whose id stays. */
  readonly isOld?: boolean;
}): ReactNode {
  const { connector, choice, onChange } = props;
  const t = useWords(text);
  const all = connector.streams.map(({ stream }) => stream);
  const usual = Math.round(connector.every_s / 60);
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t.name}
          value={choice.title}
          onChange={(event) => onChange({ ...choice, title: event.currentTarget.value })}
        />
        <TextInput
          label={t.id}
          description={t.idHelp}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={choice.id}
          disabled={props.isOld === true}
          onChange={(event) =>
            onChange({ ...choice, id: event.currentTarget.value.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-") })
          }
        />
        <TextInput
          type="date"
          label={t.since}
          description={t.sinceHelp}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={choice.since}
          onChange={(event) => onChange({ ...choice, since: event.currentTarget.value })}
        />
        <Select
          label={t.every}
          data={[
            { value: "", label: t.usual(t.minutes(usual)) },
            ...[...new Set([...MINUTES, (choice.everyS ?? 60) / 60])]
              .filter((one) => one !== usual)
              .map((one) => ({ value: String(one * 60), label: t.minutes(one) })),
          ]}
          value={choice.everyS === null ? "" : String(choice.everyS)}
          allowDeselect={false}
          onChange={(next) => onChange({ ...choice, everyS: next === null || next === "" ? null : Number(next) })}
        />
      </SimpleGrid>
      <Checkbox.Group
        label={t.streams}
        value={[...(choice.streams ?? all)]}
        onChange={(next) => onChange({ ...choice, streams: next.length === all.length ? null : next })}
      >
        <SimpleGrid cols={{ base: 1, sm: 3 }} mt="xs" spacing="xs" lang="en">
          {connector.streams.map(({ stream, title }) => (
            <Checkbox key={stream} value={stream} label={title} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
    </>
  );
}
