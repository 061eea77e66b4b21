import { Alert, Button, Grid, Group, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import type { Operations, Showings } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Copyable } from "../../parts/copy.tsx";
import { AsYaml, OwnerMark } from "../../parts/owner.tsx";
import { Card, Loading, Page, Problem } from "../../parts/page.tsx";
import { asText } from "../../parts/text.ts";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { useTitle } from "../../words/kpis.ts";
import { type DraftTile, onlyUsed, slugOf } from "./draft.ts";
import { MakeLink } from "./list.tsx";
import { ShowingForm, usesOf } from "./showing.tsx";
import { screenWords } from "./words.ts";

type Body = Operations["PUT /feeds/{id}"]["body"];

/** `/screens/new-feed` */
export function NewFeed(): ReactNode {
  const widgets = useApi("GET /feed-widgets", {});
  if (widgets.data === undefined) return widgets.error === null ? <Loading /> : <Problem error={widgets.error} />;
  const draft = { widget: "number_and_secondary", metric: "won_value", period: "this_month" };
  return <Editor id={null} owner="made" draft={draft} widgets={widgets.data} yaml={null} />;
}

/** `/screens/feed/{id}` */
export function EditFeed(): ReactNode {
  const { id = "" } = useParams({ strict: false });
  const widgets = useApi("GET /feed-widgets", {});
  const asked = useApi("GET /feeds/{id}", { params: { id } });
  const error = widgets.error ?? asked.error;
  if (error !== null && asked.data === undefined) return <Problem error={error} />;
  if (widgets.data === undefined || asked.data === undefined || asked.data.id !== id) return <Loading />;
  const { id: _id, owner, path: _path, yaml, ...definition } = asked.data;
  return (
    <Editor
      key={`${id} ${owner}`}
      id={id}
      owner={owner}
      draft={onlyUsed(definition, usesOf(widgets.data))}
      widgets={widgets.data}
      yaml={yaml}
    />
  );
}

function Editor(props: {
  readonly id: string | null;
  readonly owner: "ready" | "file" | "made";
  readonly draft: DraftTile;
  readonly widgets: Showings;
  readonly yaml: string | null;
}): ReactNode {
  const { id, owner, widgets, yaml } = props;
  const t = useWords(screenWords);
  const c = useWords(common);
  const titleOf = useTitle();
  const navigate = useNavigate();
  const isAdmin = useIsAdmin();
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const feeds = useApi("GET /feeds", {}).data?.data ?? [];
  const save = useAct("PUT /feeds/{id}");
  const remove = useAct("DELETE /feeds/{id}");
  const [draft, setDraft] = useState<DraftTile>(props.draft);
  const [written, setWritten] = useState<string | null>(null);
  const [asks, setAsks] = useState(false);
  const mayEdit = isAdmin && owner !== "file";
  const isChanged = mayEdit && JSON.stringify(draft) !== JSON.stringify(props.draft);
  const kpi = kpis.find((one) => one.id === draft["metric"]);
  const title = asText(draft["title"]) || (kpi === undefined ? asText(draft["metric"]) : titleOf(kpi));
  const address = id ?? written ?? slugOf(title);
  const change = (next: DraftTile): void => {
    save.reset();
    setDraft(onlyUsed(next, usesOf(widgets)));
  };
  return (
    <Page
      title={id === null ? t.newFeed : title}
      about={
        <Group gap="xs">
          <OwnerMark owner={owner} />
          {owner === "file" ? t.fileAbout : owner === "ready" ? t.readyAbout : null}
        </Group>
      }
      actions={
        <>
          {id !== null && owner === "made" && isAdmin ? (
            <Button variant="default" color="red" onClick={() => setAsks(true)}>
              {t.remove}
            </Button>
          ) : null}
          {mayEdit ? (
            <Button
              loading={save.isPending}
              disabled={address === "" || (id !== null && !isChanged)}
              onClick={() =>
                save.mutate(
                  // What the schema's own form made of it; what is not right the server says.
                  { params: { id: address }, body: draft as Body },
                  {
                    onSuccess: () => {
                      if (id === null) void navigate({ to: "/screens/feed/$id", params: { id: address } });
                    },
                  },
                )
              }
            >
              {c.save}
            </Button>
          ) : null}
        </>
      }
    >
      <Problem error={save.error ?? remove.error} />
      {save.isSuccess ? (
        <Alert color="green" role="status">
          {t.feedSaved}
        </Alert>
      ) : null}
      <Grid>
        {mayEdit ? (
          <Grid.Col span={{ base: 12, md: 5 }}>
            <Card>
              <Stack gap="sm">
                <ShowingForm showings={widgets} by="widget" value={draft} onChange={change} />
                {id === null ? (
                  <TextInput
                    label={t.address}
                    description={`/feeds/${address}`}
                    value={address}
                    error={feeds.some((one) => one.id === address) ? t.feedTaken : null}
                    onChange={(event) =>
                      setWritten(event.currentTarget.value.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-"))
                    }
                  />
                ) : null}
              </Stack>
            </Card>
          </Grid.Col>
        ) : null}
        <Grid.Col span={{ base: 12, md: mayEdit ? 7 : 12 }}>
          <Stack>
            <Answer draft={draft} />
            {id === null ? null : (
              <Card title={t.pollAddress}>
                <Stack gap="xs">
                  <Copyable text={`${location.origin}/feeds/${id}?key=…`} />
                  <Text size="sm" c="dimmed">
                    {t.keyAbout}
                  </Text>
                  <Group>
                    <MakeLink kind="feed" id={id} title={title} path={`/feeds/${id}`} />
                  </Group>
                </Stack>
              </Card>
            )}
          </Stack>
        </Grid.Col>
      </Grid>
      {yaml === null ? null : (
        <AsYaml yaml={yaml} about={owner === "file" ? null : isChanged ? t.yamlUnsaved : t.yamlAbout} />
      )}
      {asks && id !== null ? (
        <Confirm
          title={t.removeFeedTitle}
          about={t.removeFeedAbout(title)}
          isDangerous
          onConfirm={() => remove.mutate({ params: { id } }, { onSuccess: () => void navigate({ to: "/screens" }) })}
          onClose={() => setAsks(false)}
        />
      ) : null}
    </Page>
  );
}

/** What is polled, as it would be answered this moment. */
function Answer({ draft }: { readonly draft: DraftTile }): ReactNode {
  const t = useWords(screenWords);
  const [shown] = useDebouncedValue(draft, 300);
  const asked = useApi("POST /feeds/preview", { body: shown as Body }, { everyMs: 30_000 });
  return (
    <Card title={t.answer}>
      <Stack gap="xs">
        <Problem error={asked.error} />
        {asked.data === undefined ? (
          asked.error === null ? (
            <Loading />
          ) : null
        ) : (
          <>
            {asked.data.notes.map((note) => (
              <Text key={note} size="sm" c="var(--app-warn)" lang="en">
                {note}
              </Text>
            ))}
            <Copyable isBlock text={JSON.stringify(asked.data.document, null, 2)} />
            {asked.data.fresh_as_of === null ? null : (
              <Text size="xs" c="dimmed">
                <When at={asked.data.fresh_as_of} />
              </Text>
            )}
          </>
        )}
      </Stack>
    </Card>
  );
}
