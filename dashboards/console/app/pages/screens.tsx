import { Alert, Anchor, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useAct, useApi, useIsAdmin } from "../api/hooks.ts";
import { Copyable } from "../parts/copy.tsx";
import { Loading, Page, Problem } from "../parts/page.tsx";
import { useWords, words } from "../words/index.ts";
import { useTitle } from "../words/kpis.ts";

const text = words({
  en: {
    title: "Screens and feeds",
    about:
      "TV dashboards for the wall, and feeds for Geckoboard and whatever else polls. A link with its key needs no sign-in; it is revoked under Keys.",
    dashboards: "TV dashboards",
    feeds: "Feeds",
    open: "Open",
    link: "Make a link",
    linkMade: "The address with its key. It is shown now and never again:",
    tiles: (count: number) => `${count} tiles`,
    none: "There is none yet: dashboards are written in the config file’s section dashboards.",
  },
  fr: {
    title: "Écrans et flux",
    about:
      "Des tableaux de bord pour le mur, et des flux pour Geckoboard et tout ce qui interroge. Un lien avec sa clé ne demande pas de connexion ; il se révoque sous Clés.",
    dashboards: "Tableaux de bord TV",
    feeds: "Flux",
    open: "Ouvrir",
    link: "Créer un lien",
    linkMade: "L’adresse avec sa clé. Elle est affichée maintenant et plus jamais :",
    tiles: (count: number) => `${count} tuiles`,
    none: "Il n’y en a pas encore : les tableaux de bord s’écrivent dans la section dashboards du fichier de configuration.",
  },
});

/** `/screens` */
export function Screens(): ReactNode {
  const t = useWords(text);
  const titleOf = useTitle();
  const dashboards = useApi("GET /dashboards", {});
  const feeds = useApi("GET /feeds", {});
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  if (dashboards.data === undefined || feeds.data === undefined)
    return dashboards.error === null ? <Loading /> : <Problem error={dashboards.error} />;
  return (
    <Page title={t.title} about={t.about}>
      <Title order={2} size="h4">
        {t.dashboards}
      </Title>
      {dashboards.data.data.length === 0 ? <Text c="dimmed">{t.none}</Text> : null}
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
        {dashboards.data.data.map((one) => (
          <OneScreen
            key={one.id}
            kind="tv"
            id={one.id}
            title={one.title}
            about={t.tiles(one.tiles.length)}
            path={one.path}
          />
        ))}
      </SimpleGrid>
      <Title order={2} size="h4">
        {t.feeds}
      </Title>
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
        {feeds.data.data.map((one) => {
          const kpi = kpis.find(({ id }) => id === one.metric);
          return (
            <OneScreen
              key={one.id}
              kind="feed"
              id={one.id}
              title={kpi === undefined || kpi.title !== one.title ? one.title : titleOf(kpi)}
              about={`${one.id} · ${one.widget}`}
              path={one.path}
            />
          );
        })}
      </SimpleGrid>
    </Page>
  );
}

function OneScreen(props: {
  readonly kind: "tv" | "feed";
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly path: string;
}): ReactNode {
  const { kind, id, title, about, path } = props;
  const t = useWords(text);
  const isAdmin = useIsAdmin();
  const make = useAct("POST /api-keys");
  return (
    <Paper withBorder p="md">
      <Stack gap="xs">
        <div>
          <Title order={3} size="h5">
            {title}
          </Title>
          <Text size="xs" c="dimmed">
            {about}
          </Text>
        </div>
        <Group gap="xs">
          <Anchor href={path} target="_blank" rel="noreferrer" size="sm" aria-label={`${t.open}: ${title}`}>
            {t.open}
          </Anchor>
          {isAdmin ? (
            <Button
              size="compact-sm"
              variant="default"
              loading={make.isPending}
              aria-label={`${t.link}: ${title}`}
              onClick={() => make.mutate({ body: { name: title.slice(0, 100), scopes: [`${kind}:${id}`] } })}
            >
              {t.link}
            </Button>
          ) : null}
        </Group>
        <Problem error={make.error} />
        {make.data === undefined ? null : (
          <Alert color="green" role="status">
            <Text size="sm">{t.linkMade}</Text>
            <Copyable text={`${location.origin}${path}?key=${make.data.token}`} />
          </Alert>
        )}
      </Stack>
    </Paper>
  );
}
