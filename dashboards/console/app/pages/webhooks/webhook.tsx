import { Alert, Button, Group, Stack, Tabs, Text, TextInput } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct, useApi } from "../../api/hooks.ts";
import type { Webhook } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Copyable } from "../../parts/copy.tsx";
import { useFormat } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { Card, Loading, Page, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { Deliveries } from "./deliveries.tsx";
import { type Manner, MannerFields, type Subscription, SubscriptionFields, WebhookBadge, wantedOf } from "./parts.tsx";
import { text } from "./words.ts";

/** `/webhooks/{id}` */
export function WebhookPage(): ReactNode {
  const { id = "" } = useParams({ strict: false });
  const t = useWords(text);
  const asked = useApi("GET /webhooks/{id}", { params: { id } }, { everyMs: 4_000 });
  const webhook = asked.data;
  if (webhook === undefined) return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return (
    <Page
      title={webhook.url}
      about={
        <Group gap="xs">
          <WebhookBadge webhook={webhook} />
          <span>
            {webhook.description === null ? "" : `${webhook.description} · `}
            {t.made} <When at={webhook.created_at} /> {t.by} {webhook.created_by}
          </span>
        </Group>
      }
    >
      <Actions webhook={webhook} />
      <Trouble webhook={webhook} />
      <Tabs defaultValue="deliveries" keepMounted={false}>
        <Tabs.List mb="lg">
          <Tabs.Tab value="deliveries">{t.deliveries}</Tabs.Tab>
          <Tabs.Tab value="settings">{t.settings}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="deliveries">
          <Deliveries id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <Edit webhook={webhook} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Trouble({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  if (webhook.state === "active" && webhook.failing_since === null) return null;
  const why = { failures: t.pausedByFailures, gone: t.pausedByGone, person: t.pausedByPerson } as const;
  return (
    <Alert color={webhook.paused_by === "person" ? "gray" : "yellow"} icon={<Icon name="warn" />}>
      <Stack gap={4}>
        {webhook.paused_by === null ? null : <Text size="sm">{why[webhook.paused_by]}</Text>}
        {webhook.state_reason === null ? null : (
          <Text size="sm" lang="en">
            {webhook.state_reason}
          </Text>
        )}
        {webhook.failing_since === null ? null : (
          <Text size="sm">
            {t.failingSince} {format.dateTime(webhook.failing_since)}
            {webhook.not_before === null ? null : (
              <>
                {" · "}
                {t.notBefore} <When at={webhook.not_before} />
              </>
            )}
          </Text>
        )}
      </Stack>
    </Alert>
  );
}

type Question = "rotate" | "replay" | "remove";

function Actions({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const navigate = useNavigate();
  const [question, setQuestion] = useState<Question | null>(null);
  const acts = {
    test: useAct("POST /webhooks/{id}/test"),
    pause: useAct("POST /webhooks/{id}/pause"),
    resume: useAct("POST /webhooks/{id}/resume"),
    rotate: useAct("POST /webhooks/{id}/rotate"),
    replay: useAct("POST /webhooks/{id}/replay"),
    remove: useAct("DELETE /webhooks/{id}"),
  };
  const count = useAct("POST /webhooks/{id}/replay");
  const params = { id: webhook.id };
  const isPaused = webhook.state === "paused";
  const reset = (): void => [...Object.values(acts), count].forEach((one) => one.reset());
  const error = [...Object.values(acts), count].find((one) => one.error !== null)?.error ?? null;
  const due = count.data?.deliveries ?? 0;
  const questions = {
    rotate: { title: t.rotate, about: t.rotateAbout, go: () => acts.rotate.mutate({ params, body: {} }) },
    replay: {
      title: t.replayFailed,
      about: t.replayAbout(due, format.count(due)),
      go: () => {
        count.reset();
        acts.replay.mutate({ params, body: { failed: true } });
      },
    },
    remove: {
      title: t.removeIt,
      about: t.removeAbout,
      go: () => acts.remove.mutate({ params }, { onSuccess: () => void navigate({ to: "/webhooks" }) }),
    },
  } as const;
  const asked = question === null ? null : questions[question];
  const ask = (one: Question): void => {
    reset();
    setQuestion(one);
  };
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Button
          loading={acts.test.isPending}
          onClick={() => {
            reset();
            acts.test.mutate({ params });
          }}
        >
          {t.test}
        </Button>
        <Button
          variant="default"
          loading={acts.pause.isPending || acts.resume.isPending}
          onClick={() => {
            reset();
            (isPaused ? acts.resume : acts.pause).mutate({ params });
          }}
        >
          {isPaused ? t.resume : t.pause}
        </Button>
        <Button
          variant="default"
          loading={count.isPending || acts.replay.isPending}
          onClick={() => {
            reset();
            // How many it would be, before it is done.
            count.mutate(
              { params, body: { failed: true, dry_run: true } },
              { onSuccess: ({ deliveries }) => (deliveries > 0 ? setQuestion("replay") : undefined) },
            );
          }}
        >
          {t.replayFailed}
        </Button>
        <Button variant="default" loading={acts.rotate.isPending} onClick={() => ask("rotate")}>
          {t.rotate}
        </Button>
        <Button variant="light" color="red" loading={acts.remove.isPending} onClick={() => ask("remove")}>
          {t.removeIt}
        </Button>
      </Group>
      <div aria-live="polite">
        <Problem error={error} />
        {acts.test.isSuccess ? <Alert color="green">{t.testSent}</Alert> : null}
        {count.data?.deliveries === 0 ? <Alert color="gray">{t.replayNone}</Alert> : null}
        {acts.replay.data === undefined ? null : (
          <Alert color="green">
            {t.replayed(acts.replay.data.deliveries, format.count(acts.replay.data.deliveries))}
          </Alert>
        )}
        {acts.rotate.data === undefined ? null : (
          <Alert color="yellow" title={t.secretAbout}>
            <Copyable text={acts.rotate.data.secret} />
            <Text size="sm" mt="xs">
              {t.rotated(format.dateTime(acts.rotate.data.former_until))}
            </Text>
          </Alert>
        )}
      </div>
      {asked === null ? null : (
        <Confirm
          title={asked.title}
          about={asked.about}
          isDangerous={question === "remove"}
          onConfirm={asked.go}
          onClose={() => setQuestion(null)}
        />
      )}
    </Stack>
  );
}

function Edit({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const save = useAct("PATCH /webhooks/{id}");
  const [subscription, setSubscription] = useState<Subscription>(webhook);
  const [manner, setManner] = useState<Manner>({
    ordered: webhook.ordered,
    perSecond: webhook.per_second ?? "",
    description: webhook.description ?? "",
  });
  const submit = (): void =>
    save.mutate({
      params: { id: webhook.id },
      body: {
        ...wantedOf(subscription),
        ordered: manner.ordered,
        per_second: manner.perSecond === "" ? null : manner.perSecond,
        description: manner.description === "" ? null : manner.description,
      },
    });
  return (
    <Card>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack maw={760}>
          <TextInput
            label={`${t.description} (${c.optional})`}
            value={manner.description}
            maxLength={500}
            onChange={(event) => setManner({ ...manner, description: event.currentTarget.value })}
          />
          <SubscriptionFields value={subscription} onChange={setSubscription} />
          <MannerFields value={manner} onChange={setManner} />
          <div aria-live="polite">
            <Problem error={save.error} />
            {save.isSuccess ? <Alert color="green">{t.saved}</Alert> : null}
          </div>
          <Group>
            <Button type="submit" loading={save.isPending} disabled={subscription.events.length === 0}>
              {c.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
