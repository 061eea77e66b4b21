import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi } from "../../api/hooks.ts";
import type { Webhook } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { Empty, Loading, Page, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { useWords } from "../../words/index.ts";
import { WebhookBadge } from "./parts.tsx";
import { text } from "./words.ts";

/** `/webhooks` */
export function Webhooks(): ReactNode {
  const t = useWords(text);
  const asked = useApi("GET /webhooks", {}, { everyMs: 5_000 });
  const rows = asked.data?.data ?? [];
  const add = (
    <Button component={Link} to="/webhooks/new" leftSection={<Icon name="plus" />}>
      {t.add}
    </Button>
  );
  return (
    <Page title={t.title} about={t.about} actions={rows.length === 0 ? undefined : add}>
      <Problem error={asked.error} />
      {asked.isLoading ? <Loading /> : null}
      {asked.data !== undefined && rows.length === 0 ? (
        <Empty icon="hook" text={t.none}>
          {add}
        </Empty>
      ) : null}
      <Stack gap="sm">
        {rows.map((one) => (
          <One key={one.id} webhook={one} />
        ))}
      </Stack>
    </Page>
  );
}

function One({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const { events } = webhook;
  return (
    <Paper withBorder p="md" component="article">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <Title order={2} size="h5" style={{ overflowWrap: "anywhere" }}>
          <Link to="/webhooks/$id" params={{ id: webhook.id }}>
            {webhook.url}
          </Link>
        </Title>
        <WebhookBadge webhook={webhook} />
      </Group>
      {webhook.description === null ? null : <Text size="sm">{webhook.description}</Text>}
      <Text size="sm" c="dimmed">
        {events.includes("*") ? t.every : events.length > 3 ? t.eventCount(events.length) : events.join(", ")}
        {" · "}
        {t.made} <When at={webhook.created_at} />
      </Text>
      {webhook.failing_since === null ? null : (
        <Text size="sm" c="var(--app-bad)">
          {t.failingSince} {format.dateTime(webhook.failing_since)}
        </Text>
      )}
    </Paper>
  );
}
