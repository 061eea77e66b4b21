import { Button, Group, Paper, SimpleGrid, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ApiError } from "../api/client.ts";
import { useApi, useIsAdmin } from "../api/hooks.ts";
import type { Connection } from "../api/types.ts";
import { Icon } from "../parts/icons.tsx";
import { KeyNumbers } from "../parts/key-numbers.tsx";
import { Card, Loading, Page, Problem } from "../parts/page.tsx";
import { useWords, words } from "../words/index.ts";
import { Troubles } from "./connections/parts.tsx";

const text = words({
  en: {
    title: "Overview",
    about: "What is connected, what needs you, and where to go from here.",
    steps: "Set this hub up",
    done: "done",
    connect: "Connect a tool",
    connectAbout: "A CRM, a help desk, a spreadsheet: within minutes its numbers are here.",
    stages: "Map the stages",
    stagesAbout: "Say what each stage of your pipelines is, so that they can be compared.",
    goals: "Set goals",
    goalsAbout: "What is to be reached, by the company, a team or a person: quota and pace are measured by it.",
    screen: "Open a TV",
    screenAbout: "Make a link for the sales floor’s screen; it needs no sign-in.",
    webhook: "Add a webhook",
    webhookAbout: "Have your own programs told when a deal is won.",
    go: "Go",
    demo: "To look around with demo data first: npm run demo starts a hub of its own beside this one.",
    trouble: "Needs you",
    noTrouble: "Everything runs.",
  },
  fr: {
    title: "Vue d’ensemble",
    about: "Ce qui est connecté, ce qui vous attend, et où aller ensuite.",
    steps: "Mettre ce hub en place",
    done: "fait",
    connect: "Connecter un outil",
    connectAbout: "Un CRM, un support, un tableur : ses chiffres sont là en quelques minutes.",
    stages: "Associer les étapes",
    stagesAbout: "Dites ce qu’est chaque étape de vos pipelines, pour qu’ils se comparent.",
    goals: "Fixer des objectifs",
    goalsAbout:
      "Ce qu’il faut atteindre, par l’entreprise, une équipe ou une personne : le quota et le rythme s’y mesurent.",
    screen: "Ouvrir un écran",
    screenAbout: "Créez un lien pour l’écran de l’équipe ; il ne demande pas de connexion.",
    webhook: "Ajouter un webhook",
    webhookAbout: "Faites prévenir vos propres programmes quand une affaire est gagnée.",
    go: "Aller",
    demo: "Pour regarder d’abord avec des données de démonstration : npm run demo lance un hub à part à côté de celui-ci.",
    trouble: "Vous attend",
    noTrouble: "Tout fonctionne.",
  },
});

/** A first load that goes on needs nobody. */
function isOnlyLoading({ state, stream_states: streams }: Connection): boolean {
  return (
    state === "active" &&
    streams.some((one) => !one.is_first_load_done) &&
    streams.every((one) => one.failures_in_a_row === 0 && one.refused === 0 && !one.is_partial)
  );
}

/** `/` */
export function Home(): ReactNode {
  const t = useWords(text);
  const isAdmin = useIsAdmin();
  const connections = useApi("GET /connections", { query: { limit: 200 } }, { everyMs: 10_000 });
  const keys = useApi("GET /api-keys", { query: { limit: 200 } }, { enabled: isAdmin });
  const webhooks = useApi("GET /webhooks", {}, { enabled: isAdmin });
  const stages = useApi("GET /stages", { query: { limit: 1000 } }, { enabled: isAdmin });
  const goals = useApi("GET /goals", {}, { enabled: isAdmin });
  const health = useApi("GET /health", {}, { everyMs: 30_000 });
  const all = connections.data?.data;
  if (all === undefined) return connections.error === null ? <Loading /> : <Problem error={connections.error} />;
  const steps = [
    { to: "/connections/new", title: t.connect, about: t.connectAbout, isDone: all.length > 0 },
    {
      to: "/settings/stages",
      title: t.stages,
      about: t.stagesAbout,
      isDone: (stages.data?.data.length ?? 0) > 0 && stages.data?.data.every((one) => one.canonical !== null) === true,
    },
    { to: "/goals", title: t.goals, about: t.goalsAbout, isDone: (goals.data?.data.length ?? 0) > 0 },
    {
      to: "/screens",
      title: t.screen,
      about: t.screenAbout,
      isDone:
        keys.data?.data.some(
          ({ scopes, revoked_at }) => revoked_at === null && scopes.some((one) => one.startsWith("tv:")),
        ) === true,
    },
    { to: "/webhooks", title: t.webhook, about: t.webhookAbout, isDone: (webhooks.data?.data.length ?? 0) > 0 },
  ];
  const troubled = all.filter((one) => one.state === "ended" || (one.troubles.length > 0 && !isOnlyLoading(one)));
  return (
    <Page title={t.title} about={t.about}>
      {health.data?.problems.map(({ code, message, mend }) => (
        <Problem key={code} error={new ApiError(500, code, message, mend)} />
      ))}
      {isAdmin && steps.some(({ isDone }) => !isDone) ? (
        <Card title={t.steps}>
          <Stack>
            {steps.map((step) => (
              <Group key={step.to} wrap="nowrap" align="flex-start">
                <ThemeIcon
                  radius="xl"
                  variant={step.isDone ? "filled" : "light"}
                  color={step.isDone ? "green" : "gray"}
                  aria-hidden
                >
                  {step.isDone ? <Icon name="check" size={14} /> : null}
                </ThemeIcon>
                <div style={{ flex: 1 }}>
                  <Text fw={600}>
                    {step.title}
                    {step.isDone ? ` (${t.done})` : ""}
                  </Text>
                  <Text size="sm" c="dimmed">
                    {step.about}
                  </Text>
                </div>
                {step.isDone ? null : (
                  <Button component={Link} to={step.to} size="xs" variant="light" aria-label={`${t.go}: ${step.title}`}>
                    {t.go}
                  </Button>
                )}
              </Group>
            ))}
            {all.length === 0 ? (
              <Text size="sm" c="dimmed">
                {t.demo}
              </Text>
            ) : null}
          </Stack>
        </Card>
      ) : null}
      {all.length === 0 ? null : <KeyNumbers />}
      {all.length === 0 ? null : (
        <Card title={t.trouble}>
          {troubled.length === 0 ? (
            <Group gap="xs" c="var(--app-good)">
              <Icon name="check" />
              <Text>{t.noTrouble}</Text>
            </Group>
          ) : (
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              {troubled.map((one) => (
                <Paper key={one.id} withBorder p="md">
                  <Title order={3} size="h5">
                    <Link to="/connections/$id" params={{ id: one.id }}>
                      {one.title}
                    </Link>
                  </Title>
                  <Troubles connection={one} />
                </Paper>
              ))}
            </SimpleGrid>
          )}
        </Card>
      )}
    </Page>
  );
}
