import { Alert, Button, Group, NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import type { Workspace } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { useFormat } from "../../parts/format.ts";
import { AsYaml } from "../../parts/owner.tsx";
import { Card, Loading, Problem } from "../../parts/page.tsx";
import { yamlOf } from "../../parts/yaml.ts";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";

const text = words({
  en: {
    name: "Name of the company",
    timeZone: "Time zone of its days",
    weekStart: "The week begins on",
    currency: "Currency (ISO)",
    locale: "Numbers and dates as in",
    fiscal: "The fiscal year begins in",
    timely: "A lead is reached in time within (minutes)",
    cold: "A lead is cold after (days without activity)",
    landmark: "A stage's activities count for (days from its start)",
    saved: "Saved.",
    inFile: "Stands in the config file and is changed there.",
    sure: "Change it",
    zone: "Calendar days are taken anew: all facts are made again, and numbers of the past may move to another day. Until that is done, which takes minutes, numbers may be incomplete.",
    money:
      "Amounts in other currencies are left out until there are rates to the new currency (Exchange rates). Every tile and answer says how many are missing. All facts are made anew, which takes minutes.",
  },
  fr: {
    name: "Nom de l’entreprise",
    timeZone: "Fuseau horaire de ses journées",
    weekStart: "La semaine commence le",
    currency: "Devise (ISO)",
    locale: "Nombres et dates comme en",
    fiscal: "L’exercice commence en",
    timely: "Une piste est jointe à temps en (minutes)",
    cold: "Une piste est froide après (jours sans activité)",
    landmark: "Les activités d’une étape comptent pendant (jours)",
    saved: "Enregistré.",
    inFile: "Écrit dans le fichier de configuration, se modifie là.",
    sure: "Modifier",
    zone: "Les journées sont reprises : tous les faits sont refaits, et des chiffres passés peuvent changer de jour. En attendant, quelques minutes, les chiffres peuvent être incomplets.",
    money:
      "Les montants en d’autres devises sont laissés de côté jusqu’à ce qu’il y ait des taux vers la nouvelle devise (Taux de change). Chaque tuile et chaque réponse dit combien il en manque. Tous les faits sont refaits, en quelques minutes.",
  },
});

/** How the company counts. What moves numbers says so before it is done. */
export function WorkspaceForm(): ReactNode {
  const asked = useApi("GET /workspace", {});
  const file = useApi("GET /config-file", {});
  if (asked.data === undefined || file.data === undefined)
    return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return <Form workspace={asked.data} owned={file.data.workspace} />;
}

function Form({
  workspace,
  owned,
}: {
  readonly workspace: Workspace;
  /** Fields that the config file has. */
  readonly owned: readonly string[];
}): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const save = useAct("PATCH /workspace");
  const [draft, setDraft] = useState<Workspace>(workspace);
  const [asks, setAsks] = useState(false);
  const isAdmin = useIsAdmin();
  const field = (name: keyof Workspace): { disabled: boolean; description?: string } =>
    owned.includes(name) ? { disabled: true, description: t.inFile } : { disabled: !isAdmin };
  const set = (change: Partial<Workspace>): void => setDraft({ ...draft, ...change });
  const warnings = [
    ...(draft.time_zone === workspace.time_zone ? [] : [t.zone]),
    ...(draft.currency === workspace.currency ? [] : [t.money]),
  ];
  const submit = (): void => {
    const changed = Object.entries(draft).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(workspace[name as keyof Workspace]),
    );
    save.mutate({ body: Object.fromEntries(changed) });
  };
  // The first of January 2024 was a Monday.
  const nameOf = (date: Date, options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(format.locale, { timeZone: "UTC", ...options }).format(date);
  return (
    <Card>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (warnings.length > 0) setAsks(true);
          else submit();
        }}
      >
        <Stack>
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
            <TextInput
              label={t.name}
              {...field("name")}
              value={draft.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            <Select
              label={t.timeZone}
              {...field("time_zone")}
              data={[...new Set([draft.time_zone, "UTC", ...Intl.supportedValuesOf("timeZone")])]}
              value={draft.time_zone}
              searchable
              allowDeselect={false}
              limit={50}
              onChange={(next) => set({ time_zone: next ?? draft.time_zone })}
            />
            <TextInput
              label={t.currency}
              {...field("currency")}
              maxLength={3}
              value={draft.currency}
              onChange={(event) => set({ currency: event.currentTarget.value.toUpperCase() })}
            />
            <Select
              label={t.weekStart}
              {...field("week_start")}
              data={[1, 2, 3, 4, 5, 6, 7].map((day) => ({
                value: String(day),
                label: nameOf(new Date(Date.UTC(2024, 0, day)), { weekday: "long" }),
              }))}
              value={String(draft.week_start)}
              allowDeselect={false}
              onChange={(next) => set({ week_start: Number(next) })}
            />
            <Select
              label={t.fiscal}
              {...field("fiscal_year_start")}
              data={Array.from({ length: 12 }, (_, month) => ({
                value: String(month + 1),
                label: nameOf(new Date(Date.UTC(2024, month, 1)), { month: "long" }),
              }))}
              value={String(draft.fiscal_year_start)}
              allowDeselect={false}
              onChange={(next) => set({ fiscal_year_start: Number(next) })}
            />
            <TextInput
              label={t.locale}
              {...field("locale")}
              value={draft.locale}
              onChange={(event) => set({ locale: event.currentTarget.value })}
            />
            <NumberInput
              label={t.timely}
              {...field("timely_contact_minutes")}
              min={1}
              value={draft.timely_contact_minutes}
              onChange={(next) => set({ timely_contact_minutes: Number(next) })}
            />
            <NumberInput
              label={t.cold}
              {...field("cold_after_days")}
              min={1}
              value={draft.cold_after_days}
              onChange={(next) => set({ cold_after_days: Number(next) })}
            />
            <NumberInput
              label={t.landmark}
              {...field("landmark_days")}
              min={1}
              value={draft.landmark_days}
              onChange={(next) => set({ landmark_days: Number(next) })}
            />
          </SimpleGrid>
          <Problem error={save.error} />
          {save.isSuccess ? (
            <Alert color="green" role="status">
              {t.saved}
            </Alert>
          ) : null}
          <Group>
            <Button type="submit" loading={save.isPending} disabled={!isAdmin}>
              {c.save}
            </Button>
          </Group>
        </Stack>
      </form>
      <Shown workspace={workspace} />
      {asks ? (
        <Confirm
          title={t.sure}
          about={warnings.join(" ")}
          isDangerous
          onConfirm={submit}
          onClose={() => setAsks(false)}
        />
      ) : null}
    </Card>
  );
}

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** As the config file has it: there, days and months have names. */
function Shown({ workspace }: { readonly workspace: Workspace }): ReactNode {
  const { time_zone: timezone, week_start: start, fiscal_year_start: month, ...rest } = workspace;
  const week_start = WEEKDAYS[start - 1];
  const fiscal_year_start = MONTHS[month - 1];
  return <AsYaml yaml={yamlOf({ workspace: { ...rest, timezone, week_start, fiscal_year_start } })} />;
}
