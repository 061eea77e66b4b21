import { Badge, Button, Chip, Group, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useIsAdmin } from "../../api/hooks.ts";
import type { ReviewAgenda } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { Card, Empty, Problem } from "../../parts/page.tsx";
import { useWords } from "../../words/index.ts";
import { Flags, Named, type OpenDeal, Owner, Rest, SHOWN } from "./parts.tsx";
import { flagNames, reviewWords } from "./words.ts";

/** For each rep the deals to talk about; a pick's note is written where the deal stands. */
export function Talk({ talk, isKept }: { readonly talk: ReviewAgenda["talk"]; readonly isKept: boolean }): ReactNode {
  const t = useWords(reviewWords);
  const format = useFormat();
  if (talk.length === 0) return <Empty icon="people" text={t.nothingToTalk} />;
  return talk.map(({ rep_id, rep, deals }) => (
    <Card key={rep_id} title={rep ?? t.nobody}>
      <Stack gap="md">
        {deals.map((deal) => (
          <Stack key={deal.id} gap={4}>
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <div>
                <Named name={deal.name} url={deal.url} />{" "}
                {deal.is_picked ? <Badge color="blue">{t.picked}</Badge> : null}
                <Text size="xs" c="dimmed">
                  {[deal.stage, deal.expected === null ? null : `${t.expected} ${format.day(deal.expected)}`]
                    .filter((one) => one !== null)
                    .join(" · ")}
                </Text>
              </div>
              <Text fw={600} className="one-line">
                {format.money(deal.value)}
              </Text>
            </Group>
            <Flags flags={deal.flags} />
            {isKept ? (
              deal.note === null ? null : (
                <Text size="sm">{deal.note}</Text>
              )
            ) : (
              <Pick key={`${deal.id} ${String(deal.is_picked)}`} deal={deal} isPicked={deal.is_picked} />
            )}
          </Stack>
        ))}
      </Stack>
    </Card>
  ));
}

function Pick(props: {
  readonly deal: OpenDeal & { readonly note: string | null };
  readonly isPicked: boolean;
}): ReactNode {
  const t = useWords(reviewWords);
  const isAdmin = useIsAdmin();
  const pick = useAct("POST /review-picks");
  const unpick = useAct("DELETE /review-picks/{deal}");
  const { deal, isPicked } = props;
  const [note, setNote] = useState(deal.note ?? "");
  if (!isAdmin) return deal.note === null ? null : <Text size="sm">{deal.note}</Text>;
  const name = deal.name ?? "";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        pick.mutate({ body: { deal: deal.id, ...(note.trim() === "" ? {} : { note }) } });
      }}
    >
      <Group gap="xs">
        <TextInput
          size="xs"
          flex="1 1 200px"
          aria-label={`${t.noteOn}: ${name}`}
          placeholder={t.noteOn}
          maxLength={5000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Button
          type="submit"
          size="xs"
          variant="default"
          loading={pick.isPending}
          disabled={isPicked ? note === (deal.note ?? "") : false}
          aria-label={`${isPicked ? t.addNote : t.pick}: ${name}`}
        >
          {isPicked ? t.addNote : t.pick}
        </Button>
        {isPicked ? (
          <Button
            size="xs"
            variant="default"
            loading={unpick.isPending}
            aria-label={`${t.unpick}: ${name}`}
            onClick={() => unpick.mutate({ params: { deal: deal.id } })}
          >
            {t.unpick}
          </Button>
        ) : null}
      </Group>
      <Problem error={pick.error ?? unpick.error} />
    </form>
  );
}

/** Every deal that something is wrong with: by what is wrong, and from there to be talked about. */
export function NeedsAttention(props: {
  readonly deals: readonly OpenDeal[];
  readonly picked: ReadonlySet<string>;
  readonly isKept: boolean;
}): ReactNode {
  const t = useWords(reviewWords);
  const names = useWords(flagNames);
  const isAdmin = useIsAdmin();
  const pick = useAct("POST /review-picks");
  const [kind, setKind] = useState("");
  const { deals, picked, isKept } = props;
  const kinds = [...new Set(deals.flatMap(({ flags }) => flags.map((flag) => flag.kind)))];
  const shown = deals.filter(({ flags }) => kind === "" || flags.some((flag) => flag.kind === kind));
  const countOf = (one: string): number => deals.filter(({ flags }) => flags.some((flag) => flag.kind === one)).length;
  if (deals.length === 0) return <Empty icon="check" text={t.allWell} />;
  return (
    <Card title={t.attention}>
      <Stack>
        <Chip.Group value={kind} onChange={(next) => setKind(typeof next === "string" ? next : "")}>
          <Group gap="xs" role="group" aria-label={t.wrong}>
            <Chip value="" size="xs">
              {t.all} ({deals.length})
            </Chip>
            {kinds.map((one) => (
              <Chip key={one} value={one} size="xs">
                {names[one]} ({countOf(one)})
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        <Problem error={pick.error} />
        <DealTable
          name={t.attention}
          deals={shown}
          action={
            isAdmin && !isKept
              ? (deal) =>
                  picked.has(deal.id) ? (
                    <Badge color="blue">{t.picked}</Badge>
                  ) : (
                    <Button
                      size="compact-sm"
                      variant="default"
                      className="one-line"
                      aria-label={`${t.pick}: ${deal.name ?? ""}`}
                      onClick={() => pick.mutate({ body: { deal: deal.id } })}
                    >
                      {t.pick}
                    </Button>
                  )
              : null
          }
        />
      </Stack>
    </Card>
  );
}

function DealTable(props: {
  readonly name: string;
  readonly deals: readonly OpenDeal[];
  readonly action: ((deal: OpenDeal) => ReactNode) | null;
}): ReactNode {
  const t = useWords(reviewWords);
  const format = useFormat();
  const [count, setCount] = useState(SHOWN);
  const { name, deals, action } = props;
  return (
    <>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={name}>
        <Table miw={760}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.deal}</Table.Th>
              <Table.Th>{t.whose}</Table.Th>
              <Table.Th>{t.stage}</Table.Th>
              <Table.Th className="numbers">{t.value}</Table.Th>
              <Table.Th>{t.wrong}</Table.Th>
              {action === null ? null : <Table.Th>{t.talk}</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {deals.slice(0, count).map((deal) => (
              <Table.Tr key={deal.id}>
                <Table.Td>
                  <Named name={deal.name} url={deal.url} />
                </Table.Td>
                <Table.Td>
                  <Owner rep={deal.rep} />
                </Table.Td>
                <Table.Td>{deal.stage ?? t.none}</Table.Td>
                <Table.Td className="numbers">{format.money(deal.value)}</Table.Td>
                <Table.Td>
                  <Flags flags={deal.flags} />
                </Table.Td>
                {action === null ? null : <Table.Td>{action(deal)}</Table.Td>}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Rest count={count} total={deals.length} more={() => setCount(count + SHOWN)} />
    </>
  );
}

/** Won or lost deals of the period. */
export function Closed(props: {
  readonly title: string;
  readonly closed: ReviewAgenda["won"];
  readonly summary: string;
  readonly none: string;
  readonly hasReasons: boolean;
}): ReactNode {
  const t = useWords(reviewWords);
  const format = useFormat();
  const [count, setCount] = useState(SHOWN);
  const { title, closed, hasReasons } = props;
  return (
    <Card
      title={title}
      actions={
        <Text size="sm" c="dimmed">
          {props.summary} · {format.money(closed.value)}
        </Text>
      }
    >
      {closed.deals.length === 0 ? (
        <Text c="dimmed">{props.none}</Text>
      ) : (
        <div className="scroll-x" tabIndex={0} role="region" aria-label={title}>
          <Table miw={520}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.deal}</Table.Th>
                <Table.Th>{t.whose}</Table.Th>
                <Table.Th>{t.on}</Table.Th>
                {hasReasons ? <Table.Th>{t.reason}</Table.Th> : null}
                <Table.Th className="numbers">{t.value}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {closed.deals.slice(0, count).map((deal) => (
                <Table.Tr key={deal.id}>
                  <Table.Td>
                    <Named name={deal.name} url={deal.url} />
                  </Table.Td>
                  <Table.Td>
                    <Owner rep={deal.rep} />
                  </Table.Td>
                  <Table.Td className="one-line">{format.day(deal.at)}</Table.Td>
                  {hasReasons ? (
                    <Table.Td>
                      {deal.lost_reason ?? (
                        <Text span size="sm" c="var(--app-warn)">
                          {t.noReason}
                        </Text>
                      )}
                    </Table.Td>
                  ) : null}
                  <Table.Td className="numbers">{format.money(deal.value)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      <Rest count={count} total={closed.deals.length} more={() => setCount(count + SHOWN)} />
    </Card>
  );
}

/** What goes nowhere: deals and leads to revive or to let go. */
export function CleanUp({ clean }: { readonly clean: ReviewAgenda["clean_up"] }): ReactNode {
  const t = useWords(reviewWords);
  return (
    <Stack>
      <Card title={`${t.stale} (${clean.stale_deals.length})`}>
        {clean.stale_deals.length === 0 ? (
          <Text c="dimmed">{t.clear}</Text>
        ) : (
          <DealTable name={t.stale} deals={clean.stale_deals} action={null} />
        )}
      </Card>
      <Leads title={t.untouched} of={clean.untouched_leads} />
      <Leads title={t.cold} of={clean.cold_leads} />
    </Stack>
  );
}

function Leads({
  title,
  of,
}: {
  readonly title: string;
  readonly of: ReviewAgenda["clean_up"]["cold_leads"];
}): ReactNode {
  const t = useWords(reviewWords);
  const format = useFormat();
  const [count, setCount] = useState(SHOWN);
  return (
    <Card title={`${title} (${format.count(of.total)})`}>
      {of.leads.length === 0 ? (
        <Text c="dimmed">{t.clear}</Text>
      ) : (
        <div className="scroll-x" tabIndex={0} role="region" aria-label={title}>
          <Table miw={520}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.lead}</Table.Th>
                <Table.Th>{t.whose}</Table.Th>
                <Table.Th>{t.created}</Table.Th>
                <Table.Th>{t.lastTouch}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {of.leads.slice(0, count).map((lead) => (
                <Table.Tr key={lead.id}>
                  <Table.Td>
                    <Named name={lead.name} url={lead.url} />
                  </Table.Td>
                  <Table.Td>
                    <Owner rep={lead.rep} />
                  </Table.Td>
                  <Table.Td className="one-line">{lead.created === null ? t.none : format.day(lead.created)}</Table.Td>
                  <Table.Td className="one-line">
                    {lead.lastTouch === null ? t.none : format.day(lead.lastTouch)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      <Rest count={count} total={of.leads.length} more={() => setCount(count + SHOWN)} />
    </Card>
  );
}

/** What the review asks of each rep. */
export function Asks({ asks }: { readonly asks: ReviewAgenda["actions"] }): ReactNode {
  const t = useWords(reviewWords);
  const format = useFormat();
  const all = asks.filter(({ actions }) => actions.length > 0);
  return (
    <Card title={t.asks}>
      <Text size="sm" c="dimmed" mb="md">
        {t.asksAbout}
      </Text>
      {all.length === 0 ? <Text c="dimmed">{t.noAsks}</Text> : null}
      <Stack gap="lg">
        {all.map(({ rep_id, rep, actions, more }) => (
          <div key={rep_id}>
            <Title order={3} size="h5" mb={4}>
              {rep ?? t.nobody}
            </Title>
            <Stack gap={6}>
              {actions.map((one) => (
                <Group key={`${one.kind} ${one.subject_id}`} justify="space-between" wrap="nowrap" align="flex-start">
                  <div>
                    <Text size="sm">{one.text}</Text>
                    <Named name={one.subject} url={one.url} />
                  </div>
                  <Text size="sm" c="dimmed" className="one-line">
                    {format.day(one.due_on)}
                  </Text>
                </Group>
              ))}
              {more === 0 ? null : (
                <Text size="xs" c="dimmed">
                  {t.more(more)}
                </Text>
              )}
            </Stack>
          </div>
        ))}
      </Stack>
    </Card>
  );
}
