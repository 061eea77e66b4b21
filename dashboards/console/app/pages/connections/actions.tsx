import { Alert, Badge, Button, Group, Menu, Stack, Table } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct } from "../../api/hooks.ts";
import type { Connection, Connector } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { useFormat } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { Problem } from "../../parts/page.tsx";
import { useWords } from "../../words/index.ts";
import { text } from "./connection-words.ts";

type Question = "full" | "replay" | "accept" | "remove";

/** What can be done with a connection; what is heavy or cannot be taken back says so first. */
export function Actions({
  connection,
  connector,
}: {
  readonly connection: Connection;
  readonly connector: Connector;
}): ReactNode {
  const t = useWords(text);
  const navigate = useNavigate();
  const { id } = connection;
  const [question, setQuestion] = useState<Question | null>(null);
  const acts = {
    sync: useAct("POST /connections/{id}/sync"),
    test: useAct("POST /connections/{id}/test"),
    pause: useAct("POST /connections/{id}/pause"),
    resume: useAct("POST /connections/{id}/resume"),
    replay: useAct("POST /connections/{id}/replay"),
    reconcile: useAct("POST /connections/{id}/reconcile"),
    remove: useAct("DELETE /connections/{id}"),
  };
  const params = { id };
  const hasHeld = connection.stream_states.some((one) => one.held_deletions > 0);
  const isPaused = connection.state === "paused";
  const error = Object.values(acts).find((one) => one.error !== null)?.error ?? null;
  const reset = (): void => Object.values(acts).forEach((one) => one.reset());
  const sync = (body: { full?: boolean; accept_deletions?: boolean }): void => {
    reset();
    acts.sync.mutate({ params, body });
  };
  const questions: {
    readonly [name in Question]: { readonly title: string; readonly about: string; readonly go: () => void };
  } = {
    full: { title: t.full, about: t.fullAbout, go: () => sync({ full: true }) },
    accept: { title: t.accept, about: t.acceptAbout, go: () => sync({ accept_deletions: true }) },
    replay: {
      title: t.replay,
      about: t.replayAbout,
      go: () => {
        reset();
        acts.replay.mutate({ params });
      },
    },
    remove: {
      title: t.remove,
      about: t.removeAbout,
      go: () => {
        reset();
        acts.remove.mutate({ params }, { onSuccess: () => void navigate({ to: "/connections" }) });
      },
    },
  };
  const asked = question === null ? null : questions[question];
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Button
          leftSection={<Icon name="sync" />}
          onClick={() => sync({})}
          loading={acts.sync.isPending}
          disabled={isPaused}
        >
          {t.sync}
        </Button>
        <Button
          variant="default"
          loading={acts.test.isPending}
          onClick={() => {
            reset();
            acts.test.mutate({ params });
          }}
        >
          {t.test}
        </Button>
        <Button
          variant="default"
          onClick={() => {
            reset();
            (isPaused ? acts.resume : acts.pause).mutate({ params });
          }}
        >
          {isPaused ? t.resume : t.pause}
        </Button>
        {hasHeld ? (
          <Button color="yellow" variant="light" onClick={() => setQuestion("accept")}>
            {t.accept}
          </Button>
        ) : null}
        <Menu>
          <Menu.Target>
            <Button variant="default" loading={acts.reconcile.isPending || acts.replay.isPending}>
              {t.moreActions} …
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              onClick={() => {
                reset();
                acts.reconcile.mutate({ params });
              }}
            >
              {t.reconcile}
            </Menu.Item>
            <Menu.Item onClick={() => setQuestion("replay")}>{t.replay}</Menu.Item>
            <Menu.Item onClick={() => setQuestion("full")}>{t.full}</Menu.Item>
            {connector.auth.some(({ grant }) => grant === "authorization_code") ? (
              <Menu.Item component="a" href={`/oauth/start/${encodeURIComponent(id)}`}>
                {t.signInThere}
              </Menu.Item>
            ) : null}
            <Menu.Divider />
            <Menu.Item color="red" onClick={() => setQuestion("remove")}>
              {t.remove}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      <div aria-live="polite">
        <Problem error={error} />
        {acts.sync.isSuccess || acts.replay.isSuccess ? <Alert color="green">{t.asked}</Alert> : null}
        {acts.test.data === undefined ? null : (
          <Alert color={acts.test.data.missing_permissions.length === 0 ? "green" : "yellow"}>
            {t.reached(acts.test.data.account_name)}
            {[...acts.test.data.missing_permissions, ...acts.test.data.warnings].map((line) => (
              <div key={line} lang="en">
                {line}
              </div>
            ))}
          </Alert>
        )}
        {acts.reconcile.data === undefined ? null : <Compared rows={acts.reconcile.data.data} />}
      </div>
      {asked === null ? null : (
        <Confirm
          title={asked.title}
          about={asked.about}
          isDangerous={question === "remove" || question === "accept"}
          {...(question === "remove" ? { mustType: { label: t.removeType(id), text: id } } : {})}
          onConfirm={asked.go}
          onClose={() => setQuestion(null)}
        />
      )}
    </Stack>
  );
}

type Row = {
  readonly name: string;
  readonly theirs: number;
  readonly ours: number;
  readonly is_equal: boolean;
  readonly note: string | null;
};

function Compared({ rows }: { readonly rows: readonly Row[] }): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t.streams}</Table.Th>
          <Table.Th className="numbers">{t.theirs}</Table.Th>
          <Table.Th className="numbers">{t.ours}</Table.Th>
          <Table.Th>{t.state}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.name}>
            <Table.Td lang="en">{row.name}</Table.Td>
            <Table.Td className="numbers">{format.count(row.theirs)}</Table.Td>
            <Table.Td className="numbers">{format.count(row.ours)}</Table.Td>
            <Table.Td>
              <Badge color={row.is_equal ? "green" : "yellow"}>{row.is_equal ? t.same : t.other}</Badge>
              {row.note === null ? null : <span lang="en"> {row.note}</span>}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
