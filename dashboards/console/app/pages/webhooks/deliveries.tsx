import { Alert, Badge, Button, Group, Modal, Stack, Table, Text, Title } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useApi, usePages } from "../../api/hooks.ts";
import type { Delivery } from "../../api/types.ts";
import { Copyable } from "../../parts/copy.tsx";
import { useFormat } from "../../parts/format.ts";
import { Card, Empty, Loading, More, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { text } from "./words.ts";

const COLOURS = { pending: "blue", delivered: "green", failed: "red" } as const;

/** What was or will be sent to a webhook, newest first. */
export function Deliveries({ id }: { readonly id: string }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const listed = usePages("GET /webhooks/{id}/deliveries", { params: { id } }, { everyMs: 3_000 });
  const replay = useAct("POST /webhooks/{id}/replay");
  const [shown, setShown] = useState<Delivery | null>(null);
  if (listed.isLoading) return <Loading />;
  return (
    <Card>
      <Problem error={listed.error ?? replay.error} />
      <div aria-live="polite">
        {replay.data === undefined ? null : (
          <Alert color="green" mb="sm">
            {t.replayed(replay.data.deliveries, format.count(replay.data.deliveries))}
          </Alert>
        )}
      </div>
      {listed.error === null && listed.rows.length === 0 ? <Empty icon="hook" text={t.noDeliveries} /> : null}
      {listed.rows.length === 0 ? null : (
        <Table.ScrollContainer minWidth={620}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.event}</Table.Th>
                <Table.Th>{c.state}</Table.Th>
                <Table.Th>{t.when}</Table.Th>
                <Table.Th className="numbers">{t.attempts}</Table.Th>
                <Table.Th>{t.answer}</Table.Th>
                <Table.Th>{c.actions}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {listed.rows.map((row) => (
                <Table.Tr key={row.id}>
                  <Table.Td>{row.type}</Table.Td>
                  <Table.Td>
                    <Badge color={COLOURS[row.state]} miw="max-content">
                      {t[row.state]}
                    </Badge>
                  </Table.Td>
                  <Table.Td>
                    <Moment delivery={row} />
                  </Table.Td>
                  <Table.Td className="numbers">{format.count(row.attempts_made)}</Table.Td>
                  <Table.Td>
                    {row.last_status_code ?? "–"}{" "}
                    {row.last_error === null ? null : (
                      <Text span size="xs" c="dimmed" lang="en">
                        {row.last_error}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <Group gap={6} wrap="nowrap">
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`${c.details}: ${t.delivery(row.id)}`}
                        onClick={() => setShown(row)}
                      >
                        {c.details}
                      </Button>
                      {row.state === "pending" ? null : (
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={`${t.again}: ${t.delivery(row.id)}`}
                          loading={replay.isPending && deliveryOf(replay.variables.body) === row.id}
                          onClick={() => replay.mutate({ params: { id }, body: { delivery: row.id } })}
                        >
                          {t.again}
                        </Button>
                      )}
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <More more={listed.more} isLoading={listed.isLoadingMore} />
      {shown === null ? null : (
        <Modal
          opened
          size="xl"
          title={t.delivery(shown.id)}
          closeButtonProps={{ "aria-label": c.close }}
          onClose={() => setShown(null)}
        >
          <Log id={id} delivery={shown.id} />
        </Modal>
      )}
    </Card>
  );
}

function deliveryOf(body: object | undefined): number | null {
  return body !== undefined && "delivery" in body ? Number(body.delivery) : null;
}

/** When it arrived, or when it is tried next. */
function Moment({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const t = useWords(text);
  if (delivery.delivered_at !== null) return <When at={delivery.delivered_at} />;
  if (delivery.next_attempt_at === null) return "–";
  return (
    <>
      {t.nextAttempt} <When at={delivery.next_attempt_at} />
    </>
  );
}

/** The event, and what was sent and answered, attempt by attempt. */
function Log({ id, delivery }: { readonly id: string; readonly delivery: number }): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const asked = useApi(
    "GET /webhooks/{id}/deliveries/{delivery}/attempts",
    { params: { id, delivery } },
    { everyMs: 3_000 },
  );
  if (asked.data === undefined) return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  const { event, attempts } = asked.data;
  return (
    <Stack>
      <div>
        <Title order={3} size="h5">
          {t.payload}
        </Title>
        <Text size="sm" c="dimmed">
          {event.type} · {format.dateTime(event.timestamp)} · {event.id}
        </Text>
        <Copyable text={JSON.stringify(event, null, 2)} isBlock />
      </div>
      {attempts.length === 0 ? <Text c="dimmed">{t.noAttempts}</Text> : null}
      {attempts.map((one, index) => (
        <div key={one.at}>
          <Title order={3} size="h5">
            {t.attempt(index + 1)}
          </Title>
          <Text size="sm" c="dimmed">
            {format.dateTime(one.at)} · {t.took} {format.duration(one.duration_ms / 1000)}
            {one.status_code === null ? "" : ` · ${one.status_code}`}
          </Text>
          {one.error === null ? null : (
            <Text size="sm" c="var(--app-bad)" lang="en">
              {one.error}
            </Text>
          )}
          <Text size="sm" mt="xs">
            {t.request}
          </Text>
          <Copyable text={JSON.stringify(one.request, null, 2)} isBlock />
          <Text size="sm" mt="xs">
            {t.response}
          </Text>
          {one.response === null || one.response === undefined ? (
            <Text size="sm" c="dimmed">
              {t.noResponse}
            </Text>
          ) : (
            <Copyable text={JSON.stringify(one.response, null, 2)} isBlock />
          )}
        </div>
      ))}
    </Stack>
  );
}
