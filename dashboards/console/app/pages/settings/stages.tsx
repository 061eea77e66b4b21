import { Alert, Group, Paper, Select, Stack, Text, Title } from "@mantine/core";
import { type DragEvent, type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import type { Stage } from "../../api/types.ts";
import { AsYaml, OwnerMark } from "../../parts/owner.tsx";
import { Card, Empty, Loading, Problem } from "../../parts/page.tsx";
import { yamlOf } from "../../parts/yaml.ts";
import { plural, useWords, words } from "../../words/index.ts";
import { stageNames, STAGES } from "../../words/stages.ts";

const text = words({
  en: {
    about:
      "Every tool calls the stages of a sale what it likes. Say here which of the shared stages each one is, so that numbers of several pipelines can stand side by side. Drag a stage to its column, or choose from its list; numbers follow at once.",
    is: (stage: string) => `${stage}: which stage it is`,
    unmapped: "Not mapped yet",
    choose: "Choose …",
    deals: (count: number) => `${count} open ${plural("en", count, "deal", "deals")}`,
    nothing: "none",
    waiting: (count: number) =>
      `${count} ${plural("en", count, "stage is", "stages are")} not mapped: deals in ${plural("en", count, "it", "them")} are missing where stages are compared.`,
    none: "There is no pipeline yet. Connect a tool that has deals; its stages appear here once they are loaded.",
    owned: "The stages stand in the config file and are changed there.",
  },
  fr: {
    about:
      "Chaque outil nomme à sa façon les étapes d’une vente. Dites ici à quelle étape commune chacune correspond, pour que les chiffres de plusieurs pipelines se comparent. Glissez une étape dans sa colonne, ou choisissez dans sa liste ; les chiffres suivent aussitôt.",
    is: (stage: string) => `${stage} : l’étape qu’elle est`,
    unmapped: "Pas encore associées",
    choose: "Choisir …",
    deals: (count: number) => `${count} ${plural("fr", count, "affaire ouverte", "affaires ouvertes")}`,
    nothing: "aucune",
    waiting: (count: number) =>
      `${count} ${plural("fr", count, "étape n’est pas associée", "étapes ne sont pas associées")} : ces affaires manquent là où les étapes se comparent.`,
    none: "Il n’y a pas encore de pipeline. Connectez un outil qui a des affaires ; ses étapes apparaîtront ici une fois chargées.",
    owned: "Les étapes sont écrites dans le fichier de configuration et s’y modifient.",
  },
});

type Canonical = NonNullable<Stage["canonical"]>;
type Pipeline = { readonly connection: string; readonly name: string; readonly stages: readonly Stage[] };

/** Which shared stage each stage of the tools' pipelines is. */
export function Stages(): ReactNode {
  const t = useWords(text);
  const isAdmin = useIsAdmin();
  const asked = useApi("GET /stages", { query: { limit: 1000 } });
  const file = useApi("GET /config-file", {});
  const save = useAct("PUT /stages");
  const all = asked.data?.data;
  if (all === undefined || file.data === undefined)
    return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  if (all.length === 0) return <Empty icon="board" text={t.none} />;
  const isOwned = file.data.sections.includes("pipelines");
  const unmapped = all.filter(({ canonical }) => canonical === null).length;
  const pipelines = pipelinesOf(all);
  const onMap = (stage: Stage, canonical: Canonical): void => {
    if (stage.canonical === canonical) return;
    save.mutate({ body: { pipeline: stage.pipeline, stages: { [stage.name]: { canonical } } } });
  };
  return (
    <Stack>
      <Group justify="space-between" align="flex-start">
        <Text size="sm" c="dimmed" maw={760}>
          {isOwned ? t.owned : t.about}
        </Text>
        {isOwned ? <OwnerMark owner="file" /> : null}
      </Group>
      {unmapped === 0 ? null : (
        <Alert color="yellow" role="status">
          {t.waiting(unmapped)}
        </Alert>
      )}
      <Problem error={save.error} />
      {pipelines.map((one) => (
        <Board key={`${one.connection} ${one.name}`} pipeline={one} onMap={isAdmin && !isOwned ? onMap : null} />
      ))}
      {isOwned ? null : <AsYaml yaml={yamlOf({ pipelines: asSection(pipelines) })} />}
    </Stack>
  );
}

/** `onMap`: null for who may only look. */
function Board(props: {
  readonly pipeline: Pipeline;
  readonly onMap: ((stage: Stage, canonical: Canonical) => void) | null;
}): ReactNode {
  const { pipeline, onMap } = props;
  const t = useWords(text);
  const names = useWords(stageNames);
  const [over, setOver] = useState<string | null>(null);
  const drop = (event: DragEvent, canonical: Canonical): void => {
    event.preventDefault();
    setOver(null);
    const dragged = pipeline.stages.find(({ id }) => id === event.dataTransfer.getData("text/plain"));
    if (dragged !== undefined) onMap?.(dragged, canonical);
  };
  const without = pipeline.stages.filter(({ canonical }) => canonical === null);
  return (
    <Card title={`${pipeline.name} (${pipeline.connection})`}>
      <div className="board" tabIndex={0} role="region" aria-label={pipeline.name}>
        {without.length === 0 ? null : <Column title={t.unmapped} stages={without} onMap={onMap} isOver={false} />}
        {STAGES.map((one) => (
          <div
            key={one}
            className="drop"
            onDragOver={(event) => {
              if (onMap === null) return;
              event.preventDefault();
              setOver(one);
            }}
            onDragLeave={() => setOver(null)}
            onDrop={(event) => drop(event, one)}
          >
            <Column
              title={names[one] ?? one}
              stages={pipeline.stages.filter(({ canonical }) => canonical === one)}
              onMap={onMap}
              isOver={over === one}
            />
          </div>
        ))}
      </div>
    </Card>
  );
}

function Column(props: {
  readonly title: string;
  readonly stages: readonly Stage[];
  readonly onMap: ((stage: Stage, canonical: Canonical) => void) | null;
  readonly isOver: boolean;
}): ReactNode {
  const { title, stages, onMap, isOver } = props;
  const t = useWords(text);
  const names = useWords(stageNames);
  return (
    <Paper withBorder p="xs" className={isOver ? "is-over" : ""}>
      <Title order={3} size="h6" mb="xs">
        {title}
      </Title>
      <Stack gap="xs">
        {stages.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t.nothing}
          </Text>
        ) : null}
        {stages.map((stage) => (
          <Paper
            key={stage.id}
            withBorder
            p="xs"
            draggable={onMap !== null}
            onDragStart={(event) => event.dataTransfer.setData("text/plain", stage.id)}
            className={onMap === null ? "" : "draggable"}
          >
            <Text size="sm" fw={600}>
              {stage.name}
            </Text>
            <Text size="xs" c="dimmed" mb={onMap === null ? 0 : 6}>
              {t.deals(stage.open_deals)}
            </Text>
            {onMap === null ? null : (
              <Select
                size="xs"
                aria-label={t.is(stage.name)}
                placeholder={t.choose}
                data={STAGES.map((one) => ({ value: one, label: names[one] ?? one }))}
                value={stage.canonical}
                allowDeselect={false}
                onChange={(value) => {
                  const canonical = STAGES.find((one) => one === value);
                  if (canonical !== undefined) onMap(stage, canonical);
                }}
              />
            )}
          </Paper>
        ))}
      </Stack>
    </Paper>
  );
}

/** In the order of the answer. */
function pipelinesOf(stages: readonly Stage[]): readonly Pipeline[] {
  const all = new Map<string, Pipeline>();
  for (const stage of stages) {
    const key = `${stage.connection} ${stage.pipeline}`;
    const known = all.get(key) ?? { connection: stage.connection, name: stage.pipeline, stages: [] };
    all.set(key, { ...known, stages: [...known.stages, stage] });
  }
  return [...all.values()];
}

/** Pipelines of one name are one there. */
function asSection(pipelines: readonly Pipeline[]): object {
  const section: { [pipeline: string]: { stages: { [stage: string]: Canonical } } } = {};
  for (const { pipeline, name, canonical } of pipelines.flatMap(({ stages }) => stages)) {
    if (canonical === null) continue;
    const { stages } = (section[pipeline] ??= { stages: {} });
    stages[name] = canonical;
  }
  return section;
}
