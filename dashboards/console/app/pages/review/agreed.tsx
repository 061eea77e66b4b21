import { Badge, Button, Group, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useIsAdmin, usePages } from "../../api/hooks.ts";
import type { ReviewAction } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { Card, Empty, Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { Named, Owner, Rest, SHOWN } from "./parts.tsx";
import { reviewWords } from "./words.ts";

/** What was agreed on: ticked, dropped and opened again here. `isKept`: as it was when a review was made, and no more to be changed. */
export function Agreed(props: { readonly actions: readonly ReviewAction[]; readonly isKept: boolean }): ReactNode {
  const t = useWords(reviewWords);
  const isAdmin = useIsAdmin();
  const change = useAct("PATCH /review-actions/{id}");
  const { actions, isKept } = props;
  const mayChange = isAdmin && !isKept;
  return (
    <Stack>
      <Card title={t.agreed}>
        <Problem error={change.error} />
        {actions.length === 0 ? <Empty icon="check" text={t.nothingAgreed} /> : null}
        {actions.length === 0 ? null : (
          <ActionTable
            actions={actions}
            busy={change.isPending ? (change.variables?.params.id ?? null) : null}
            onChange={
              mayChange ? (action, state) => change.mutate({ params: { id: action.id }, body: { state } }) : null
            }
          />
        )}
      </Card>
      {mayChange ? <AddAction /> : null}
    </Stack>
  );
}

export function ActionTable(props: {
  readonly actions: readonly ReviewAction[];
  readonly busy: string | null;
  readonly onChange: ((action: ReviewAction, state: ReviewAction["state"]) => void) | null;
}): ReactNode {
  const t = useWords(reviewWords);
  const c = useWords(common);
  const format = useFormat();
  const { actions, busy, onChange } = props;
  const [count, setCount] = useState(SHOWN);
  const stateOf = { open: t.notDone, done: t.done, dropped: t.dropped };
  return (
    <>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={t.actions}>
        <Table miw={720}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{c.state}</Table.Th>
              <Table.Th>{t.what}</Table.Th>
              <Table.Th>{t.whose}</Table.Th>
              <Table.Th>{t.due}</Table.Th>
              {onChange === null ? null : <Table.Th>{c.actions}</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {actions.slice(0, count).map((action) => (
              <Table.Tr key={action.id}>
                <Table.Td>
                  <Badge color={action.state === "done" ? "green" : action.state === "open" ? "orange" : "gray"}>
                    {stateOf[action.state]}
                  </Badge>
                  {action.state === "open" ? null : (
                    <Text size="xs" c="dimmed">
                      {action.settled_by !== null ? t.byHand(action.settled_by.replace(/^user:/, "")) : t.byData}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <Text size="sm" fw={500}>
                    {action.text}
                  </Text>
                  {action.subject === null ? null : <Named name={action.subject} url={action.url} />}
                  {action.evidence === null ? null : (
                    <Text size="xs" c="var(--app-good)">
                      {action.evidence}
                    </Text>
                  )}
                  {action.note === null ? null : (
                    <Text size="xs" c="dimmed">
                      {action.note}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <Owner rep={action.rep} />
                </Table.Td>
                <Table.Td className="one-line">
                  {action.due_on === null ? t.none : format.day(action.due_on)}
                  {action.is_late ? (
                    <Text size="xs" c="var(--app-bad)">
                      {t.overdue}
                    </Text>
                  ) : null}
                </Table.Td>
                {onChange === null ? null : (
                  <Table.Td>
                    <Group gap={4} wrap="nowrap">
                      {action.state === "open" ? (
                        <>
                          <Button
                            size="compact-sm"
                            loading={busy === action.id}
                            aria-label={`${t.done}: ${action.text}`}
                            onClick={() => onChange(action, "done")}
                          >
                            {t.done}
                          </Button>
                          <Button
                            size="compact-sm"
                            variant="default"
                            disabled={busy === action.id}
                            aria-label={`${t.drop}: ${action.text}`}
                            onClick={() => onChange(action, "dropped")}
                          >
                            {t.drop}
                          </Button>
                        </>
                      ) : (
                        <Button
                          size="compact-sm"
                          variant="default"
                          loading={busy === action.id}
                          aria-label={`${t.reopen}: ${action.text}`}
                          onClick={() => onChange(action, "open")}
                        >
                          {t.reopen}
                        </Button>
                      )}
                    </Group>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Rest count={count} total={actions.length} more={() => setCount(count + SHOWN)} />
    </>
  );
}

function AddAction(): ReactNode {
  const t = useWords(reviewWords);
  const reps = usePages("GET /reps", { query: { limit: 200 } }).rows;
  const add = useAct("POST /review-actions");
  const [text, setText] = useState("");
  const [rep, setRep] = useState<string | null>(null);
  const [due, setDue] = useState("");
  return (
    <Card title={t.add}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate(
            { body: { text, ...(rep === null ? {} : { rep }), ...(due === "" ? {} : { due_on: due }) } },
            { onSuccess: () => setText("") },
          );
        }}
      >
        <Group align="flex-end">
          <TextInput
            label={t.addText}
            required
            withAsterisk={false}
            maxLength={500}
            flex="1 1 280px"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Select
            label={t.addRep}
            searchable
            clearable
            placeholder={t.nobody}
            data={reps.map(({ id, name, email }) => ({ value: id, label: name ?? email ?? id }))}
            value={rep}
            onChange={setRep}
          />
          <TextInput type="date" label={t.addDue} value={due} onChange={(event) => setDue(event.currentTarget.value)} />
          <Button type="submit" loading={add.isPending} disabled={text.trim() === ""}>
            {t.add}
          </Button>
        </Group>
        <Problem error={add.error} />
      </form>
    </Card>
  );
}
