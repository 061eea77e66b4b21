import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct } from "../../api/hooks.ts";
import { Copyable } from "../../parts/copy.tsx";
import { Card, Page, Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { type Manner, MannerFields, type Subscription, SubscriptionFields, wantedOf } from "./parts.tsx";
import { text } from "./words.ts";

/** `/webhooks/new` */
export function NewWebhook(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const create = useAct("POST /webhooks");
  const [url, setUrl] = useState("");
  const [subscription, setSubscription] = useState<Subscription>({ events: [], filters: {} });
  const [manner, setManner] = useState<Manner>({ ordered: false, perSecond: "", description: "" });
  if (create.data !== undefined)
    return (
      <Page title={t.secretTitle} about={create.data.url}>
        <Alert color="yellow" title={t.secretAbout}>
          <Copyable text={create.data.secret} />
        </Alert>
        <Group>
          <Button component={Link} to={`/webhooks/${create.data.id}`}>
            {t.toIt}
          </Button>
        </Group>
      </Page>
    );
  const submit = (): void =>
    create.mutate({
      body: {
        url,
        ...wantedOf(subscription),
        ordered: manner.ordered,
        ...(manner.perSecond === "" ? {} : { per_second: manner.perSecond }),
        ...(manner.description === "" ? {} : { description: manner.description }),
      },
    });
  return (
    <Page title={t.add} about={t.newAbout}>
      <Card>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Stack maw={760}>
            <TextInput
              label={t.address}
              description={t.addressHelp}
              type="url"
              required
              value={url}
              maxLength={2000}
              onChange={(event) => setUrl(event.currentTarget.value)}
            />
            <TextInput
              label={`${t.description} (${c.optional})`}
              value={manner.description}
              maxLength={500}
              onChange={(event) => setManner({ ...manner, description: event.currentTarget.value })}
            />
            <SubscriptionFields value={subscription} onChange={setSubscription} />
            <MannerFields value={manner} onChange={setManner} />
            <Problem error={create.error} />
            <Group>
              <Button type="submit" loading={create.isPending} disabled={subscription.events.length === 0}>
                {t.create}
              </Button>
              <Button variant="default" component={Link} to="/webhooks">
                {c.cancel}
              </Button>
              {subscription.events.length === 0 ? (
                <Text size="sm" c="dimmed">
                  {t.whichEventsHelp}
                </Text>
              ) : null}
            </Group>
          </Stack>
        </form>
      </Card>
    </Page>
  );
}
