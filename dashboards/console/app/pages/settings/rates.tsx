import { ActionIcon, Alert, Badge, Button, Group, NumberInput, Stack, Table, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import type { ExchangeRates } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { AsYaml, OwnerMark } from "../../parts/owner.tsx";
import { Card, Loading, Problem } from "../../parts/page.tsx";
import { yamlOf } from "../../parts/yaml.ts";
import { common } from "../../words/common.ts";
import { plural, useWords, words } from "../../words/index.ts";

const text = words({
  en: {
    title: "Exchange rates",
    about: (currency: string) =>
      `Amounts are shown in ${currency}. A rate says what one unit of another currency was worth in ${currency} on a day; it holds for up to seven days. Amounts without one are left out, and said to be.`,
    deals: (count: number) => `${count} ${plural("en", count, "deal", "deals")}`,
    own: "the workspace’s own",
    lacking: "no rate: left out",
    latest: (day: string) => `latest rate ${day}`,
    currency: "Currency",
    inDeals: "Of the deals’ amounts",
    day: "Day",
    rate: (currency: string) => `One unit is worth (${currency})`,
    add: "Add the rate",
    none: "There is no rate yet.",
    owned: "The rates stand in the config file and are changed there.",
    effect: "Saved. Amounts are converted anew at once.",
    rates: "Rates",
  },
  fr: {
    title: "Taux de change",
    about: (currency: string) =>
      `Les montants sont affichés en ${currency}. Un taux dit ce que valait en ${currency} une unité d’une autre devise un jour donné ; il vaut sept jours au plus. Les montants sans taux sont laissés de côté, et c’est dit.`,
    deals: (count: number) => `${count} ${plural("fr", count, "affaire", "affaires")}`,
    own: "celle de l’espace de travail",
    lacking: "sans taux : laissés de côté",
    latest: (day: string) => `dernier taux : ${day}`,
    currency: "Devise",
    inDeals: "Dans les montants des affaires",
    day: "Jour",
    rate: (currency: string) => `Une unité vaut (${currency})`,
    add: "Ajouter le taux",
    none: "Il n’y a pas encore de taux.",
    owned: "Les taux sont écrits dans le fichier de configuration et s’y modifient.",
    effect: "Enregistré. Les montants sont convertis à nouveau aussitôt.",
    rates: "Taux",
  },
});

/** What other currencies are worth, and which of them the deals need. */
export function Rates(): ReactNode {
  const asked = useApi("GET /exchange-rates", {});
  const file = useApi("GET /config-file", {});
  if (asked.data === undefined || file.data === undefined)
    return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return <Shown known={asked.data} isOwned={file.data.exchange_rates} />;
}

function Shown({ known, isOwned }: { readonly known: ExchangeRates; readonly isOwned: boolean }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const isAdmin = useIsAdmin();
  const save = useAct("PUT /exchange-rates");
  const [currency, setCurrency] = useState("");
  const [day, setDay] = useState(format.today());
  const [rate, setRate] = useState<number | string>("");
  const mayEdit = isAdmin && !isOwned;
  const { rates, deals } = known;
  const latestOf = (of: string): string | null =>
    rates.reduce<string | null>(
      (latest, one) => (one.currency === of && (latest === null || one.day > latest) ? one.day : latest),
      null,
    );
  return (
    <Stack>
      <Card title={t.inDeals}>
        <Text size="sm" c="dimmed" mb="md" maw={760}>
          {t.about(known.currency)}
        </Text>
        <Stack gap="xs">
          {deals.map((one) => {
            const latest = latestOf(one.currency);
            return (
              <Group key={one.currency} gap="sm">
                <Text fw={600} w={60}>
                  {one.currency}
                </Text>
                <Text size="sm">{t.deals(one.deals)}</Text>
                {one.currency === known.currency ? (
                  <Badge color="gray">{t.own}</Badge>
                ) : latest === null ? (
                  <Badge color="red">{t.lacking}</Badge>
                ) : (
                  <Badge color="green">{t.latest(format.day(latest))}</Badge>
                )}
              </Group>
            );
          })}
        </Stack>
      </Card>
      <Card title={t.rates} actions={isOwned ? <OwnerMark owner="file" /> : null}>
        <Stack>
          {isOwned ? <Text size="sm">{t.owned}</Text> : null}
          {mayEdit ? (
            <form
              onSubmit={(event) => {
                event.preventDefault();
                const others = rates.filter((one) => one.currency !== currency || one.day !== day);
                save.mutate(
                  { body: { rates: [...others, { currency, day, rate: Number(rate) }] } },
                  { onSuccess: () => setRate("") },
                );
              }}
            >
              <Group align="flex-end">
                <TextInput
                  label={t.currency}
                  maxLength={3}
                  w={100}
                  value={currency}
                  onChange={(event) => setCurrency(event.currentTarget.value.toUpperCase())}
                />
                <TextInput
                  type="date"
                  label={t.day}
                  value={day}
                  onChange={(event) => setDay(event.currentTarget.value)}
                />
                <NumberInput label={t.rate(known.currency)} min={0} decimalScale={8} value={rate} onChange={setRate} />
                <Button
                  type="submit"
                  loading={save.isPending}
                  disabled={currency.length !== 3 || day === "" || !(Number(rate) > 0)}
                >
                  {t.add}
                </Button>
              </Group>
            </form>
          ) : null}
          <Problem error={save.error} />
          {save.isSuccess ? (
            <Alert color="green" role="status">
              {t.effect}
            </Alert>
          ) : null}
          {rates.length === 0 ? (
            <Text c="dimmed">{t.none}</Text>
          ) : (
            <div className="scroll-x tall" tabIndex={0} role="region" aria-label={t.rates}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t.currency}</Table.Th>
                    <Table.Th>{t.day}</Table.Th>
                    <Table.Th className="numbers">{t.rate(known.currency)}</Table.Th>
                    {mayEdit ? <Table.Th>{c.actions}</Table.Th> : null}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {rates
                    .toSorted((a, b) => a.currency.localeCompare(b.currency) || b.day.localeCompare(a.day))
                    .slice(0, 500)
                    .map((one) => (
                      <Table.Tr key={`${one.currency} ${one.day}`}>
                        <Table.Td>{one.currency}</Table.Td>
                        <Table.Td>{format.day(one.day)}</Table.Td>
                        <Table.Td className="numbers">
                          {new Intl.NumberFormat(format.locale, { maximumSignificantDigits: 8 }).format(one.rate)}
                        </Table.Td>
                        {mayEdit ? (
                          <Table.Td>
                            <ActionIcon
                              variant="default"
                              aria-label={`${c.remove}: ${one.currency}, ${format.day(one.day)}`}
                              onClick={() => save.mutate({ body: { rates: rates.filter((other) => other !== one) } })}
                            >
                              <Icon name="close" size={14} />
                            </ActionIcon>
                          </Table.Td>
                        ) : null}
                      </Table.Tr>
                    ))}
                </Table.Tbody>
              </Table>
            </div>
          )}
        </Stack>
      </Card>
      {rates.length === 0 || isOwned ? null : (
        <AsYaml yaml={yamlOf({ workspace: { exchange_rates: rates.slice(0, 500) } })} />
      )}
    </Stack>
  );
}
