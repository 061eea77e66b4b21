import { Alert, Anchor, Button, Collapse, Group, List, Select, Stack, Text, UnstyledButton } from "@mantine/core";
import { Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { call } from "../../api/client.ts";
import { queryClient, useAct, useApi } from "../../api/hooks.ts";
import type { CheckResult, Connector } from "../../api/types.ts";
import { Copyable } from "../../parts/copy.tsx";
import { Icon } from "../../parts/icons.tsx";
import { Card, Empty, Loading, Page, Problem } from "../../parts/page.tsx";
import { type Field, fieldsOf, SchemaFields, type Values } from "../../parts/schema-form.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { type Choice, firstChoice, PullChoice } from "./pull-choice.tsx";
import { text } from "./wizard-words.ts";

/** `/connections/new/{connector}` */
export function Wizard(): ReactNode {
  const t = useWords(text);
  const { connector: key } = useParams({ strict: false });
  const connectors = useApi("GET /connectors", {});
  const existing = useApi("GET /connections", { query: { limit: 200 } });
  const connector = connectors.data?.data.find((one) => one.key === key);
  if (connectors.data === undefined || existing.data === undefined)
    return connectors.error === null ? <Loading /> : <Problem error={connectors.error} />;
  // Sheets have a page of their own, where columns are mapped with the rows in view.
  if (key === "csv") return <Navigate to="/spreadsheets" replace />;
  if (connector === undefined) return <Empty icon="plug" text={t.unknown} />;
  const taken = existing.data.data.map(({ id }) => id);
  return (
    <Page
      title={t.title(connector.title)}
      about={
        <Anchor href={connector.docs} target="_blank" rel="noreferrer" size="sm">
          {t.docs}
        </Anchor>
      }
    >
      <Steps key={connector.key} connector={connector} taken={taken} />
    </Page>
  );
}

function Steps({ connector, taken }: { readonly connector: Connector; readonly taken: readonly string[] }): ReactNode {
  const t = useWords(text);
  const navigate = useNavigate();
  const [at, setAt] = useState(0);
  const [settings, setSettings] = useState<Values>({});
  const [credentials, setCredentials] = useState<Values>({});
  const [choice, setChoice] = useState<Choice>(() => firstChoice(connector, taken));
  // What was tested: what is saved must be that.
  const [tested, setTested] = useState<string | null>(null);
  const check = useAct("POST /connections/check");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const method = connector.auth[at];
  if (method === undefined) return null;
  const given = JSON.stringify([at, settings, credentials]);
  const signsInThere = method.grant === "authorization_code";
  const isTested = check.isSuccess && tested === given;
  // Values are what the fields gave; the server judges them by the very schema that the fields were made from.
  const body = { connector: connector.key, settings: settings as never, credentials: credentials as never };

  const test = (): void => {
    setTested(given);
    check.mutate({ body });
  };
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await call("POST /connections", {
        body: {
          ...body,
          id: choice.id,
          title: choice.title,
          streams: choice.streams === null ? null : [...choice.streams],
          schedule: choice.everyS === null ? null : { every_s: choice.everyS },
          backfill_from: choice.since === "" ? null : choice.since,
        },
      });
      await queryClient.invalidateQueries();
      if (signsInThere) location.assign(`/oauth/start/${encodeURIComponent(choice.id)}`);
      else await navigate({ to: "/connections/$id", params: { id: choice.id } });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const ready = signsInThere || isTested;
  return (
    <Stack maw={720}>
      <Card title={`1. ${t.signIn}`}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!signsInThere) test();
          }}
        >
          <Stack>
            {connector.auth.length > 1 ? (
              <Select
                label={t.choose}
                data={connector.auth.map(({ title }, index) => ({ value: String(index), label: title }))}
                value={String(at)}
                allowDeselect={false}
                onChange={(next) => {
                  setAt(Number(next));
                  setCredentials({});
                }}
              />
            ) : null}
            <WhereFrom madeAt={method.made_at} needs={method.needs} />
            <SchemaFields
              fields={fieldsOf(method.credentials).filter(({ isRequired }) => isRequired)}
              values={credentials}
              isSecret
              onChange={setCredentials}
            />
            <Settings fields={fieldsOf(connector.settings)} values={settings} onChange={setSettings} />
            {signsInThere ? (
              <div>
                <Text size="sm" fw={500}>
                  {t.redirect}
                </Text>
                <Copyable text={`${location.origin}/oauth/callback`} />
              </div>
            ) : (
              <Group>
                <Button type="submit" loading={check.isPending}>
                  {t.test}
                </Button>
                <Text size="sm" c="dimmed">
                  {t.nothingSaved}
                </Text>
              </Group>
            )}
            <div aria-live="polite">
              {tested === given ? <Problem error={check.error} /> : null}
              {isTested && check.data !== undefined ? <Answered found={check.data} /> : null}
              {check.isSuccess && !isTested && !check.isPending ? <Text size="sm">{t.changed}</Text> : null}
            </div>
          </Stack>
        </form>
      </Card>
      {ready ? (
        <Card title={`2. ${t.what}`}>
          <Stack>
            <PullChoice connector={connector} choice={choice} onChange={setChoice} />
            <Problem error={error} />
            {signsInThere ? <Text size="sm">{t.oauthAbout}</Text> : null}
            <Group>
              <Button loading={isBusy} onClick={() => void save()}>
                {signsInThere ? t.oauthSave : t.connect}
              </Button>
            </Group>
          </Stack>
        </Card>
      ) : null}
    </Stack>
  );
}

function WhereFrom({
  madeAt,
  needs,
}: {
  readonly madeAt: string | null;
  readonly needs: readonly string[];
}): ReactNode {
  const t = useWords(text);
  if (madeAt === null && needs.length === 0) return null;
  return (
    <Alert variant="light" icon={<Icon name="key" />}>
      <Stack gap={4}>
        {madeAt === null ? null : (
          <Anchor href={madeAt} target="_blank" rel="noreferrer" size="sm" fw={500}>
            {t.makeIt} <Icon name="link" size={13} />
          </Anchor>
        )}
        {needs.length === 0 ? null : (
          <Text size="sm">
            {t.needs}: <span lang="en">{needs.join(", ")}</span>
          </Text>
        )}
      </Stack>
    </Alert>
  );
}

/** What must be said is here; what has a good value already is folded away. */
function Settings(props: {
  readonly fields: readonly Field[];
  readonly values: Values;
  readonly onChange: (values: Values) => void;
}): ReactNode {
  const c = useWords(common);
  const [isOpen, setOpen] = useState(false);
  const basic = props.fields.filter(({ isBasic }) => isBasic);
  const advanced = props.fields.filter(({ isBasic, kind }) => !isBasic && kind !== "other");
  return (
    <>
      <SchemaFields {...props} fields={basic} />
      {advanced.length === 0 ? null : (
        <>
          <UnstyledButton onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
            <Group gap={4}>
              <Icon name={isOpen ? "up" : "down"} size={14} />
              <Text size="sm">{c.advanced}</Text>
            </Group>
          </UnstyledButton>
          <Collapse expanded={isOpen}>
            <Stack>
              <SchemaFields {...props} fields={advanced} />
            </Stack>
          </Collapse>
        </>
      )}
    </>
  );
}

function Answered({ found }: { readonly found: CheckResult }): ReactNode {
  const t = useWords(text);
  return (
    <Alert
      color={found.missing_permissions.length === 0 ? "green" : "yellow"}
      icon={<Icon name="check" />}
      title={t.reached(found.account_name)}
    >
      {found.missing_permissions.length === 0 ? null : (
        <Stack gap={4}>
          <Text size="sm" fw={500}>
            {t.missing}
          </Text>
          <Lines lines={found.missing_permissions} />
          <Text size="sm">{t.missingAbout}</Text>
        </Stack>
      )}
      <Lines lines={found.warnings} />
      <Lines lines={found.details} />
    </Alert>
  );
}

function Lines({ lines }: { readonly lines: readonly string[] }): ReactNode {
  return lines.length === 0 ? null : (
    <List size="sm" lang="en">
      {lines.map((line) => (
        <List.Item key={line}>{line}</List.Item>
      ))}
    </List>
  );
}
