import { Alert, Badge, Button, Group, Table, Text } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct, useApi, usePages } from "../../api/hooks.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Card, Loading, More, Page, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { useWords } from "../../words/index.ts";
import { text } from "./words.ts";

const COLOURS = { pending: "blue", delivered: "green", failed: "red" } as const;

/** `/webhooks/{id}`: one receiver, and what was sent to it. */
export function WebhookPage(): ReactNode {
  const { id = "" } = useParams({ strict: false });
  const t = useWords(text);
  const navigate = useNavigate();
  const params = { id };
  const asked = useApi("GET /webhooks/{id}", { params }, { everyMs: 5_000 });
  const deliveries = usePages("GET /webhooks/{id}/deliveries", { params }, { everyMs: 5_000 });
  const acts = {
    test: useAct("POST /webhooks/{id}/test"),
    pause: useAct("POST /webhooks/{id}/pause"),
    resume: useAct("POST /webhooks/{id}/resume"),
    replay: useAct("POST /webhooks/{id}/replay"),
    remove: useAct("DELETE /webhooks/{id}"),
  };
  const [asksToRemove, setAsksToRemove] = useState(false);
  const webhook = asked.data;
  if (webhook === undefined) return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  const error = Object.values(acts).find((one) => one.error !== null)?.error ?? null;
  const isPaused = webhook.state === "paused";
  return (
    <Page
      title={webhook.description ?? t.title}
      about={webhook.url}
      actions={<Badge color={isPaused ? "gray" : "green"}>{t[webhook.state]}</Badge>}
    >
      <Group gap="xs">
        <Button onClick={() => acts.test.mutate({ params })} loading={acts.test.isPending} disabled={isPaused}>
          {t.test}
        </Button>
        <Button variant="default" onClick={() => (isPaused ? acts.resume : acts.pause).mutate({ params })}>
          {isPaused ? t.resume : t.pause}
        </Button>
        <Button variant="default" onClick={() => acts.replay.mutate({ params, body: { failed: true } })}>
          {t.replayFailed}
        </Button>
        <Button variant="subtle" color="red" onClick={() => setAsksToRemove(true)}>
          {t.remove}
        </Button>
      </Group>
      <div aria-live="polite">
        <Problem error={error} />
        {acts.test.isSuccess || acts.replay.isSuccess ? <Alert color="green">{t.asked}</Alert> : null}
      </div>
      {webhook.state_reason === null ? null : (
        <Alert color="yellow" lang="en">
          {webhook.state_reason}
        </Alert>
      )}
      <Card title={t.deliveries}>
        {!deliveries.isLoading && deliveries.rows.length === 0 ? <Text c="dimmed">{t.noDeliveries}</Text> : null}
        {deliveries.rows.length === 0 ? null : (
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.deliveries}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.event}</Table.Th>
                  <Table.Th>{t.outcome}</Table.Th>
                  <Table.Th className="numbers">{t.attempts}</Table.Th>
                  <Table.Th>{t.when}</Table.Th>
                  <Table.Th>
                    <span className="visually-hidden">{t.again}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {deliveries.rows.map((one) => (
                  <Table.Tr key={one.id}>
                    <Table.Td>{one.type}</Table.Td>
                    <Table.Td>
                      <Badge color={COLOURS[one.state]}>{t[one.state]}</Badge>{" "}
                      {one.last_error === null ? one.last_status_code : <span lang="en">{one.last_error}</span>}
                    </Table.Td>
                    <Table.Td className="numbers">{one.attempts_made}</Table.Td>
                    <Table.Td>
                      <When at={one.delivered_at} />
                    </Table.Td>
                    <Table.Td>
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`${t.again}: ${one.type} ${one.id}`}
                        onClick={() => acts.replay.mutate({ params, body: { delivery: one.id } })}
                      >
                        {t.again}
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
        <More more={deliveries.more} isLoading={deliveries.isLoadingMore} />
      </Card>
      {asksToRemove ? (
        <Confirm
          title={t.remove}
          about={t.removeAbout}
          isDangerous
          onConfirm={() => acts.remove.mutate({ params }, { onSuccess: () => void navigate({ to: "/webhooks" }) })}
          onClose={() => setAsksToRemove(false)}
        />
      ) : null}
    </Page>
  );
}
