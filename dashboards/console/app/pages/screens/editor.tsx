import {
  Alert,
  Badge,
  Button,
  Checkbox,
  Grid,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
  VisuallyHidden,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useBlocker, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import type { Operations, Showings } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { AsYaml, OwnerMark } from "../../parts/owner.tsx";
import { Card, Loading, Page, Problem } from "../../parts/page.tsx";
import { asText } from "../../parts/text.ts";
import { common } from "../../words/common.ts";
import { humanise } from "../../words/fields.ts";
import { useWords } from "../../words/index.ts";
import { useTitle } from "../../words/kpis.ts";
import {
  bodyOf,
  COLUMNS,
  type Draft,
  draftOf,
  type DraftTile,
  MOST_TILES,
  moved,
  NEW_DRAFT,
  onlyUsed,
  resized,
  sizeOf,
  slugOf,
} from "./draft.ts";
import { type FrameActions, ScreenFrame } from "./frame.tsx";
import { ShowingForm, usesOf } from "./showing.tsx";
import { screenWords, viewNames } from "./words.ts";

type Body = Operations["PUT /dashboards/{id}"]["body"];

/** `/screens/new`, with `?from=` the dashboard that it begins as. */
export function NewDashboard(): ReactNode {
  const { from } = useSearch({ strict: false }) as { readonly from?: string };
  const t = useWords(screenWords);
  const views = useApi("GET /tile-views", {});
  const source = useApi("GET /dashboards/{id}", { params: { id: from ?? "" } }, { enabled: from !== undefined });
  const error = views.error ?? source.error;
  if (error !== null) return <Problem error={error} />;
  if (views.data === undefined || (from !== undefined && source.data === undefined)) return <Loading />;
  const draft =
    source.data === undefined
      ? NEW_DRAFT
      : { ...draftOf(source.data, usesOf(views.data)), title: t.copyOf(source.data.title).slice(0, 80) };
  return <Editor key={from ?? ""} id={null} kept={null} owner="made" draft={draft} views={views.data} yaml={null} />;
}

/** `/screens/dashboard/{id}` */
export function EditDashboard(): ReactNode {
  const { id = "" } = useParams({ strict: false });
  const views = useApi("GET /tile-views", {});
  const asked = useApi("GET /dashboards/{id}", { params: { id } });
  const error = views.error ?? asked.error;
  if (error !== null && asked.data === undefined) return <Problem error={error} />;
  if (views.data === undefined || asked.data === undefined || asked.data.id !== id) return <Loading />;
  const kept = draftOf(asked.data, usesOf(views.data));
  return (
    <Editor
      key={`${id} ${asked.data.owner}`}
      id={id}
      kept={kept}
      owner={asked.data.owner}
      draft={kept}
      views={views.data}
      yaml={asked.data.yaml}
    />
  );
}

const SCREENS = {
  "1920×1080": { width: 1920, height: 1080 },
  "3840×2160": { width: 3840, height: 2160 },
  "1280×720": { width: 1280, height: 720 },
  "1080×1920": { width: 1080, height: 1920 },
} as const;

function Editor(props: {
  /** Null: it is new. */
  readonly id: string | null;
  readonly kept: Draft | null;
  readonly owner: "ready" | "file" | "made";
  readonly draft: Draft;
  readonly views: Showings;
  readonly yaml: string | null;
}): ReactNode {
  const { id, kept, owner, views, yaml } = props;
  const t = useWords(screenWords);
  const c = useWords(common);
  const navigate = useNavigate();
  const isAdmin = useIsAdmin();
  const save = useAct("PUT /dashboards/{id}");
  const all = useApi("GET /dashboards", {}).data?.data ?? [];
  const [history, setHistory] = useState<readonly Draft[]>([props.draft]);
  const [selected, setSelected] = useState<number | null>(null);
  const [written, setWritten] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const [asks, setAsks] = useState(false);
  const remove = useAct("DELETE /dashboards/{id}");
  const draft = history.at(-1) ?? props.draft;
  const mayEdit = isAdmin && owner !== "file";
  const address = id ?? written ?? slugOf(draft.title);
  const isChanged = mayEdit && JSON.stringify(draft) !== JSON.stringify(kept ?? props.draft);
  const [isLeaving, setIsLeaving] = useState(false);
  useBlocker({
    shouldBlockFn: () => isChanged && !isLeaving && !save.isSuccess && !window.confirm(t.leave),
    enableBeforeUnload: () => isChanged && !save.isSuccess,
  });
  const change = (next: Partial<Draft>): void => {
    save.reset();
    setHistory([...history.slice(-50), { ...draft, ...next }]);
  };
  const setTile = (at: number, tile: DraftTile): void =>
    change({ tiles: draft.tiles.map((one, index) => (index === at ? onlyUsed(tile, usesOf(views)) : one)) });
  const actions: FrameActions = {
    select: setSelected,
    move: (from, to) => {
      const tiles = moved(draft.tiles, from, to);
      if (tiles === draft.tiles) return;
      change({ tiles });
      setSelected(to);
      setSaid(t.movedTo(to + 1, tiles.length));
      refocus(to);
    },
    resize: (at, size) => {
      const tile = resized(draft.tiles[at] ?? {}, size);
      setTile(at, tile);
      const now = sizeOf(tile);
      setSaid(t.sizedTo(now.width, now.height));
    },
    remove: (at) => {
      if (draft.tiles.length === 1) return;
      change({ tiles: draft.tiles.filter((_, index) => index !== at) });
      setSelected(null);
      setSaid(t.removed);
      refocus(Math.max(0, at - 1));
    },
  };
  const add = (): void => {
    change({ tiles: [...draft.tiles, { view: "number", metric: "won_value", period: "this_month" }] });
    setSelected(draft.tiles.length);
  };
  const submit = (): void => {
    setIsLeaving(true);
    save.mutate(
      // The tiles are what the schema's own form made of them; what is not right the server says.
      { params: { id: address }, body: bodyOf(draft, t.newDashboard) as Body },
      {
        onSuccess: () => {
          if (id === null) void navigate({ to: "/screens/dashboard/$id", params: { id: address } });
        },
        onSettled: () => setIsLeaving(false),
      },
    );
  };
  const tile = selected === null ? undefined : draft.tiles[selected];
  return (
    <Page
      title={id === null ? t.newDashboard : draft.title}
      about={
        <Group gap="xs">
          <OwnerMark owner={owner} />
          {owner === "file" ? t.fileAbout : owner === "ready" ? t.readyAbout : null}
        </Group>
      }
      actions={
        <>
          {id === null ? null : (
            <Button component="a" href={`/tv/${id}`} target="_blank" rel="noreferrer" variant="default">
              {t.open}
            </Button>
          )}
          {id === null || !isAdmin ? null : (
            <Button variant="default" onClick={() => void navigate({ to: "/screens/new", search: { from: id } })}>
              {t.copyIt}
            </Button>
          )}
          {id !== null && owner === "made" && isAdmin ? (
            <Button variant="default" color="red" onClick={() => setAsks(true)}>
              {t.remove}
            </Button>
          ) : null}
          {mayEdit ? (
            <>
              <Button
                variant="default"
                disabled={history.length < 2}
                onClick={() => {
                  setHistory(history.slice(0, -1));
                  setSelected(null);
                }}
              >
                {t.undo}
              </Button>
              <Button
                loading={save.isPending}
                disabled={address === "" || (id !== null && !isChanged)}
                onClick={submit}
              >
                {c.save}
              </Button>
            </>
          ) : null}
        </>
      }
    >
      <Problem error={save.error ?? remove.error} />
      {save.isSuccess ? (
        <Alert color="green" role="status">
          {t.saved}
        </Alert>
      ) : null}
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      <Grid>
        <Grid.Col span={{ base: 12, lg: mayEdit ? 8 : 12 }}>
          <Stack>
            <Preview draft={draft} selected={selected} actions={mayEdit ? actions : null} />
            {mayEdit ? (
              <Group justify="space-between">
                <Text size="xs" c="dimmed" id="frame-help" flex="1 1 300px">
                  {t.frameHelp}
                </Text>
                <Button
                  variant="default"
                  disabled={draft.tiles.length >= MOST_TILES}
                  {...(draft.tiles.length >= MOST_TILES ? { title: t.full } : {})}
                  onClick={add}
                >
                  {t.addTile}
                </Button>
              </Group>
            ) : null}
          </Stack>
        </Grid.Col>
        {mayEdit ? (
          <Grid.Col span={{ base: 12, lg: 4 }}>
            {tile === undefined || selected === null ? (
              <DashboardSettings
                draft={draft}
                change={change}
                others={all.filter((one) => one.id !== id)}
                address={
                  id === null ? (
                    <TextInput
                      label={t.address}
                      description={`/tv/${address}`}
                      value={address}
                      error={all.some((one) => one.id === address) ? t.addressTaken : null}
                      onChange={(event) =>
                        setWritten(event.currentTarget.value.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-"))
                      }
                    />
                  ) : null
                }
              />
            ) : (
              <Card
                title={t.tileOf(selected + 1, draft.tiles.length)}
                actions={
                  <Button size="compact-sm" variant="default" onClick={() => setSelected(null)}>
                    {t.back}
                  </Button>
                }
              >
                <Stack gap="sm">
                  <ShowingForm showings={views} by="view" value={tile} onChange={(next) => setTile(selected, next)} />
                  <TileSize tile={tile} onResize={(size) => actions.resize(selected, size)} />
                  <Group gap="xs">
                    <Button
                      size="compact-sm"
                      variant="default"
                      disabled={selected === 0}
                      onClick={() => actions.move(selected, selected - 1)}
                    >
                      {t.earlier}
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="default"
                      disabled={selected === draft.tiles.length - 1}
                      onClick={() => actions.move(selected, selected + 1)}
                    >
                      {t.later}
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="default"
                      disabled={draft.tiles.length >= MOST_TILES}
                      onClick={() => {
                        change({
                          tiles: [...draft.tiles.slice(0, selected + 1), tile, ...draft.tiles.slice(selected + 1)],
                        });
                        setSelected(selected + 1);
                      }}
                    >
                      {t.duplicate}
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="default"
                      color="red"
                      disabled={draft.tiles.length === 1}
                      onClick={() => actions.remove(selected)}
                    >
                      {t.removeTile}
                    </Button>
                  </Group>
                </Stack>
              </Card>
            )}
          </Grid.Col>
        ) : null}
      </Grid>
      {yaml === null ? null : (
        <AsYaml yaml={yaml} about={owner === "file" ? null : isChanged ? t.yamlUnsaved : t.yamlAbout} />
      )}
      {asks && id !== null ? (
        <Confirm
          title={t.removeTitle}
          about={t.removeAbout(draft.title)}
          isDangerous
          onConfirm={() =>
            remove.mutate(
              { params: { id } },
              { onSuccess: () => void navigate({ to: "/screens", ignoreBlocker: true }) },
            )
          }
          onClose={() => setAsks(false)}
        />
      ) : null}
    </Page>
  );
}

/** After the page is drawn anew, the keyboard stays where it was. */
function refocus(at: number): void {
  setTimeout(() => document.querySelector<HTMLElement>(`[data-tile="${at}"]`)?.focus(), 50);
}

function Preview(props: {
  readonly draft: Draft;
  readonly selected: number | null;
  readonly actions: FrameActions | null;
}): ReactNode {
  const { draft, selected, actions } = props;
  const t = useWords(screenWords);
  const names = useWords(viewNames);
  const titleOf = useTitle();
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const [size, setSize] = useState<keyof typeof SCREENS>("1920×1080");
  const [shown] = useDebouncedValue(draft, 150);
  const asked = useApi(
    "POST /dashboards/preview",
    { body: bodyOf(shown, t.newDashboard) as Body },
    { everyMs: 60_000 },
  );
  const nameOf = (tile: DraftTile): string => {
    const kpi = kpis.find(({ id }) => id === tile["metric"]);
    const view = asText(tile["view"]) || "number";
    return asText(tile["title"]) || (kpi === undefined ? (names[view] ?? humanise(view)) : titleOf(kpi));
  };
  return (
    <Stack gap="xs">
      <Group justify="flex-end">
        <SegmentedControl
          size="xs"
          aria-label={t.previewOn}
          data={Object.keys(SCREENS)}
          value={size}
          onChange={(next) => setSize(next as keyof typeof SCREENS)}
        />
      </Group>
      <Problem error={asked.error} />
      {asked.data === undefined ? (
        asked.error === null ? (
          <Loading />
        ) : null
      ) : (
        <div {...(SCREENS[size].height > SCREENS[size].width ? { className: "portrait" } : {})}>
          <ScreenFrame
            key={size}
            page={asked.data.page}
            screen={SCREENS[size]}
            tiles={draft.tiles.map((tile) => ({ title: nameOf(tile), ...sizeOf(tile) }))}
            selected={selected}
            actions={actions}
          />
        </div>
      )}
    </Stack>
  );
}

function TileSize(props: {
  readonly tile: DraftTile;
  readonly onResize: (size: { readonly width: number; readonly height: number }) => void;
}): ReactNode {
  const t = useWords(screenWords);
  const size = sizeOf(props.tile);
  return (
    <Group grow>
      <NumberInput
        label={t.width}
        min={2}
        max={COLUMNS}
        value={size.width}
        onChange={(next) => (next === "" ? undefined : props.onResize({ ...size, width: Number(next) }))}
      />
      <NumberInput
        label={t.height}
        min={1}
        max={6}
        value={size.height}
        onChange={(next) => (next === "" ? undefined : props.onResize({ ...size, height: Number(next) }))}
      />
    </Group>
  );
}

function DashboardSettings(props: {
  readonly draft: Draft;
  readonly change: (next: Partial<Draft>) => void;
  readonly others: readonly { readonly id: string; readonly title: string }[];
  readonly address: ReactNode;
}): ReactNode {
  const { draft, change, others } = props;
  const t = useWords(screenWords);
  const { celebrate, rotate } = draft;
  return (
    <Card title={t.settings}>
      <Stack gap="sm">
        <TextInput
          label={t.dashboardTitle}
          maxLength={80}
          value={draft.title}
          onChange={(event) => change({ title: event.currentTarget.value })}
        />
        {props.address}
        <div>
          <Text size="sm" fw={500} mb={4}>
            {t.theme}
          </Text>
          <SegmentedControl
            aria-label={t.theme}
            data={[
              { value: "dark", label: t.dark },
              { value: "light", label: t.light },
            ]}
            value={draft.theme}
            onChange={(next) => change({ theme: next === "light" ? "light" : "dark" })}
          />
        </div>
        <Select
          label={t.rotate}
          data={[{ value: "", label: t.rotateNone }, ...others.map(({ id, title }) => ({ value: id, label: title }))]}
          value={rotate?.to ?? ""}
          allowDeselect={false}
          onChange={(to) =>
            change({ rotate: to === null || to === "" ? null : { to, after_s: rotate?.after_s ?? 60 } })
          }
        />
        {rotate === null ? null : (
          <NumberInput
            label={t.rotateAfter}
            min={10}
            max={86_400}
            value={rotate.after_s}
            onChange={(next) => change({ rotate: { ...rotate, after_s: Number(next) || 60 } })}
          />
        )}
        <Checkbox
          label={t.wins}
          checked={celebrate.wins}
          onChange={(event) => change({ celebrate: { ...celebrate, wins: event.currentTarget.checked } })}
        />
        {celebrate.wins ? (
          <Checkbox
            label={t.sound}
            checked={celebrate.sound}
            onChange={(event) => change({ celebrate: { ...celebrate, sound: event.currentTarget.checked } })}
          />
        ) : null}
        {celebrate.wins && celebrate.sound ? (
          <Group grow>
            <TextInput
              type="time"
              label={t.soundFrom}
              value={celebrate.from}
              onChange={(event) => change({ celebrate: { ...celebrate, from: event.currentTarget.value } })}
            />
            <TextInput
              type="time"
              label={t.soundTo}
              value={celebrate.to}
              onChange={(event) => change({ celebrate: { ...celebrate, to: event.currentTarget.value } })}
            />
          </Group>
        ) : null}
        <Badge color="gray">{t.tiles(draft.tiles.length)}</Badge>
      </Stack>
    </Card>
  );
}
