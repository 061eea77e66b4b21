import { Alert, Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct } from "../../api/hooks.ts";
import type { Connection, Connector } from "../../api/types.ts";
import { Card, Problem } from "../../parts/page.tsx";
import { fieldsOf, SchemaFields, type Values } from "../../parts/schema-form.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { text } from "./connection-words.ts";
import { type Choice, PullChoice } from "./pull-choice.tsx";

/** What of a connection can be changed later. */
export function EditConnection({
  connection,
  connector,
}: {
  readonly connection: Connection;
  readonly connector: Connector;
}): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const save = useAct("PATCH /connections/{id}");
  const [settings, setSettings] = useState<Values>(connection.settings);
  const [credentials, setCredentials] = useState<Values | null>(null);
  const [choice, setChoice] = useState<Choice>({
    id: connection.id,
    title: connection.title,
    streams: connection.streams,
    everyS: connection.schedule !== null && "every_s" in connection.schedule ? connection.schedule.every_s : null,
    since: connection.backfill_from ?? "",
  });
  const hasCron = connection.schedule !== null && "cron" in connection.schedule;
  // A key and an app's secret are told apart by what is stored, which nobody is shown: the way that holds the most of what is asked for comes first.
  const methods = connector.auth.filter(({ kind }) => kind !== "none");
  const [at, setAt] = useState(0);
  const submit = (): void =>
    save.mutate({
      params: { id: connection.id },
      body: {
        title: choice.title,
        settings: settings,
        streams: choice.streams === null ? null : [...choice.streams],
        ...(hasCron ? {} : { schedule: choice.everyS === null ? null : { every_s: choice.everyS } }),
        backfill_from: choice.since === "" ? null : choice.since,
        ...(credentials === null || Object.keys(credentials).length === 0 ? {} : { credentials: credentials }),
      },
    });
  return (
    <Card>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack maw={720}>
          <PullChoice connector={connector} choice={choice} onChange={setChoice} isOld />
          <SchemaFields fields={fieldsOf(connector.settings)} values={settings} onChange={setSettings} />
          {methods.length === 0 ? null : (
            <Checkbox
              label={t.newCredentials}
              description={t.credentialsAbout}
              checked={credentials !== null}
              onChange={(event) => setCredentials(event.currentTarget.checked ? {} : null)}
            />
          )}
          {credentials === null ? null : (
            <>
              {methods.length < 2 ? null : (
                <Group gap="xs">
                  {methods.map(({ title }, index) => (
                    <Button
                      key={title}
                      size="xs"
                      variant={index === at ? "filled" : "default"}
                      aria-pressed={index === at}
                      onClick={() => {
                        setAt(index);
                        setCredentials({});
                      }}
                    >
                      {title}
                    </Button>
                  ))}
                </Group>
              )}
              <SchemaFields
                fields={fieldsOf(methods[at]?.credentials).filter(({ isRequired }) => isRequired)}
                values={credentials}
                isSecret
                onChange={setCredentials}
              />
            </>
          )}
          <Problem error={save.error} />
          {save.isSuccess ? <Alert color="green">{t.saved}</Alert> : null}
          <Group>
            <Button type="submit" loading={save.isPending}>
              {c.save}
            </Button>
            {hasCron ? (
              <Text size="sm">
                cron: {connection.schedule !== null && "cron" in connection.schedule ? connection.schedule.cron : ""}
              </Text>
            ) : null}
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
