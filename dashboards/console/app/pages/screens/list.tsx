import { Alert, Anchor, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import { Copyable } from "../../parts/copy.tsx";
import { OwnerMark } from "../../parts/owner.tsx";
import { Loading, Page, Problem } from "../../parts/page.tsx";
import { humanise } from "../../words/fields.ts";
import { useWords } from "../../words/index.ts";
import { useTitle } from "../../words/kpis.ts";
import { screenWords, viewNames } from "./words.ts";

/** `/screens` */
export function Screens(): ReactNode {
  const t = useWords(screenWords);
  const views = useWords(viewNames);
  const titleOf = useTitle();
  const isAdmin = useIsAdmin();
  const dashboards = useApi("GET /dashboards", {});
  const feeds = useApi("GET /feeds", {});
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const error = dashboards.error ?? feeds.error;
  if (dashboards.data === undefined || feeds.data === undefined)
    return error === null ? <Loading /> : <Problem error={error} />;
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        isAdmin ? (
          <>
            <Button component={Link} to="/screens/new">
              {t.newDashboard}
            </Button>
            <Button component={Link} to="/screens/new-feed" variant="default">
              {t.newFeed}
            </Button>
          </>
        ) : null
      }
    >
      <Title order={2} size="h4">
        {t.dashboards}
      </Title>
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
        {dashboards.data.data.map((one) => (
          <OneScreen
            key={one.id}
            kind="tv"
            id={one.id}
            title={one.title}
            owner={one.owner}
            about={t.tiles(one.tiles.length)}
            path={one.path}
            page={`/screens/dashboard/${one.id}`}
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
              owner={one.owner}
              about={`${one.id} · ${views[one.widget] ?? humanise(one.widget)}`}
              path={one.path}
              page={`/screens/feed/${one.id}`}
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
  readonly owner: "ready" | "file" | "made";
  readonly about: string;
  readonly path: string;
  readonly page: string;
}): ReactNode {
  const { kind, id, title, owner, about, path, page } = props;
  const t = useWords(screenWords);
  const isAdmin = useIsAdmin();
  const change = isAdmin && owner !== "file" ? t.edit : t.look;
  return (
    <Paper withBorder p="md">
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Title order={3} size="h5" style={{ overflowWrap: "anywhere" }}>
              {title}
            </Title>
            <Text size="xs" c="dimmed">
              {about}
            </Text>
          </div>
          <OwnerMark owner={owner} />
        </Group>
        <Group gap="xs">
          <Button component={Link} to={page} size="compact-sm" variant="light" aria-label={`${change}: ${title}`}>
            {change}
          </Button>
          <MakeLink kind={kind} id={id} title={title} path={path} />
          <Anchor href={path} target="_blank" rel="noreferrer" size="sm" aria-label={`${t.open}: ${title}`}>
            {t.open}
          </Anchor>
        </Group>
      </Stack>
    </Paper>
  );
}

/** Makes a key that opens one screen or feed, and shows the address with it, once. */
export function MakeLink(props: {
  readonly kind: "tv" | "feed";
  readonly id: string;
  readonly title: string;
  readonly path: string;
}): ReactNode {
  const { kind, id, title, path } = props;
  const t = useWords(screenWords);
  const isAdmin = useIsAdmin();
  const make = useAct("POST /api-keys");
  if (!isAdmin) return null;
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        loading={make.isPending}
        aria-label={`${t.link}: ${title}`}
        onClick={() => make.mutate({ body: { name: title.slice(0, 100), scopes: [`${kind}:${id}`] } })}
      >
        {t.link}
      </Button>
      <Problem error={make.error} />
      {make.data === undefined ? null : (
        <Alert color="green" role="status" w="100%">
          <Text size="sm">{t.linkMade}</Text>
          <Copyable text={`${location.origin}${path}?key=${make.data.token}`} />
        </Alert>
      )}
    </>
  );
}
