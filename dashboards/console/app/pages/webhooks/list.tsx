import {
  Alert,
  Badge,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  Paper,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Input } from "../../api/client.ts";
import { useAct, useApi } from "../../api/hooks.ts";
import { Copyable } from "../../parts/copy.tsx";
import { Card, Empty, Loading, Page, Problem } from "../../parts/page.tsx";
import { useWords } from "../../words/index.ts";
import { text } from "./words.ts";

/** `/webhooks` */
export function Webhooks(): ReactNode {
  const t = useWords(text);
  const asked = useApi("GET /webhooks", {}, { everyMs: 10_000 });
  const all = asked.data?.data;
  return (
    <Page title={t.title} about={t.about}>
      <Problem error={asked.error} />
      {all === undefined && asked.error === null ? <Loading /> : null}
      {all?.length === 0 ? <Empty icon="hook" text={t.none} /> : null}
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        {all?.map((one) => (
          <Paper key={one.id} withBorder p="lg" component="article">
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Title order={2} size="h5" style={{ overflowWrap: "anywhere" }}>
                <Link to="/webhooks/$id" params={{ id: one.id }}>
                  {one.url}
                </Link>
              </Title>
              <Badge color={one.state === "active" ? "green" : "gray"}>{t[one.state]}</Badge>
            </Group>
            <Text size="sm">{one.description}</Text>
            <Text size="sm" c="dimmed">
              {one.events.join(", ")}
            </Text>
            {one.state_reason === null ? null : (
              <Text size="sm" c="var(--app-bad)" lang="en">
                {one.state_reason}
              </Text>
            )}
          </Paper>
        ))}
      </SimpleGrid>
      <Add />
    </Page>
  );
}

type Body = NonNullable<Input<"POST /webhooks">["body"]>;

function Add(): ReactNode {
  const t = useWords(text);
  const types = useApi("GET /event-types", {}).data?.data ?? [];
  const add = useAct("POST /webhooks");
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [events, setEvents] = useState<string[]>(["deal.won"]);
  const [ordered, setOrdered] = useState(false);
  const submit = (): void =>
    add.mutate(
      // The names are those that the API has just given.
      { body: { url, events: events as Body["events"], ordered, ...(description === "" ? {} : { description }) } },
      { onSuccess: () => setUrl("") },
    );
  return (
    <Card title={t.add}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack maw={720}>
          <TextInput
            type="url"
            required
            withAsterisk={false}
            label={t.address}
            placeholder="https://…"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <MultiSelect
            label={t.events}
            data={types.map(({ type }) => type)}
            value={events}
            onChange={setEvents}
            searchable
            hidePickedOptions
          />
          <TextInput
            label={t.description}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Checkbox label={t.ordered} checked={ordered} onChange={(event) => setOrdered(event.currentTarget.checked)} />
          <Problem error={add.error} />
          {add.data === undefined ? null : (
            <Alert color="green" role="status">
              <Text size="sm" fw={500}>
                {t.secret}
              </Text>
              <Copyable text={add.data.secret} />
              <Text size="sm">{t.secretHelp}</Text>
            </Alert>
          )}
          <Group>
            <Button type="submit" loading={add.isPending} disabled={events.length === 0}>
              {t.add}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
