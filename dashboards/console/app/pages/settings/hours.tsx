import { ActionIcon, Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import type { Workspace } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { OwnerMark } from "../../parts/owner.tsx";
import { Card, Loading, Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";

const text = words({
  en: {
    hours: "Business hours",
    hoursAbout:
      "Times that are counted in working hours (how soon a lead is reached, how long a ticket waits) count these alone. Without any, all time is working time.",
    free: "free",
    from: (day: string) => `${day}, from`,
    to: (day: string) => `${day}, to`,
    addFor: (day: string) => `Add hours: ${day}`,
    removeFrom: (day: string) => `Remove these hours: ${day}`,
    workdays: "Monday to Friday, 9 to 17",
    holidays: "Holidays",
    holidaysAbout:
      "Days on which nobody works. They count in no working time, and a day is compared with the last working day.",
    day: "Day",
    addHoliday: "Add the day",
    none: "There are none.",
    saved: "Saved.",
    effect: "Working times are counted anew, also those of the past.",
    owned: "This stands in the config file and is changed there.",
  },
  fr: {
    hours: "Heures de travail",
    hoursAbout:
      "Les durées comptées en heures de travail (délai pour joindre une piste, attente d’un ticket) ne comptent que celles-ci. Sans aucune, tout le temps est du temps de travail.",
    free: "libre",
    from: (day: string) => `${day}, de`,
    to: (day: string) => `${day}, à`,
    addFor: (day: string) => `Ajouter des heures : ${day}`,
    removeFrom: (day: string) => `Supprimer ces heures : ${day}`,
    workdays: "Du lundi au vendredi, de 9 à 17",
    holidays: "Jours fériés",
    holidaysAbout:
      "Jours où personne ne travaille. Ils ne comptent dans aucun temps de travail, et un jour se compare au dernier jour ouvré.",
    day: "Jour",
    addHoliday: "Ajouter le jour",
    none: "Il n’y en a pas.",
    saved: "Enregistré.",
    effect: "Les temps de travail sont recomptés, ceux du passé aussi.",
    owned: "Ceci est écrit dans le fichier de configuration et s’y modifie.",
  },
});

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
type Hours = Workspace["business_hours"];

/** When people work. */
export function HoursForm(): ReactNode {
  const asked = useApi("GET /workspace", {});
  const file = useApi("GET /config-file", {});
  if (asked.data === undefined || file.data === undefined)
    return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return (
    <Stack>
      <BusinessHours
        key={JSON.stringify(asked.data.business_hours)}
        hours={asked.data.business_hours}
        isOwned={file.data.workspace.includes("business_hours")}
      />
      <Holidays days={asked.data.holidays} isOwned={file.data.workspace.includes("holidays")} />
    </Stack>
  );
}

function BusinessHours({ hours, isOwned }: { readonly hours: Hours; readonly isOwned: boolean }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const isAdmin = useIsAdmin();
  const save = useAct("PATCH /workspace");
  const [draft, setDraft] = useState<Hours>(hours);
  const mayEdit = isAdmin && !isOwned;
  // The first of January 2024 was a Monday.
  const nameOf = (at: number): string =>
    new Intl.DateTimeFormat(format.locale, { timeZone: "UTC", weekday: "long" }).format(
      new Date(Date.UTC(2024, 0, at + 1)),
    );
  const set = (day: (typeof DAYS)[number], spans: readonly string[]): void => {
    const { [day]: _old, ...others } = draft;
    setDraft(spans.length === 0 ? others : { ...others, [day]: [...spans] });
  };
  return (
    <Card title={t.hours} actions={isOwned ? <OwnerMark owner="file" /> : null}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed" maw={760}>
          {isOwned ? t.owned : t.hoursAbout}
        </Text>
        {DAYS.map((day, at) => {
          const spans = draft[day] ?? [];
          const name = nameOf(at);
          return (
            <Group key={day} gap="sm" align="center">
              <Text size="sm" fw={500} w={110}>
                {name}
              </Text>
              {spans.length === 0 ? (
                <Text size="sm" c="dimmed">
                  {t.free}
                </Text>
              ) : null}
              {spans.map((span, index) => {
                const [from = "", to = ""] = span.split("-");
                const change = (next: string): void =>
                  set(
                    day,
                    spans.map((one, no) => (no === index ? next : one)),
                  );
                return (
                  <Group key={index} gap={4} wrap="nowrap">
                    <TextInput
                      type="time"
                      size="xs"
                      aria-label={t.from(name)}
                      disabled={!mayEdit}
                      value={from}
                      onChange={(event) => change(`${event.currentTarget.value}-${to}`)}
                    />
                    <span aria-hidden="true">–</span>
                    <TextInput
                      type="time"
                      size="xs"
                      aria-label={t.to(name)}
                      disabled={!mayEdit}
                      value={to === "24:00" ? "23:59" : to}
                      onChange={(event) => change(`${from}-${event.currentTarget.value}`)}
                    />
                    {mayEdit ? (
                      <ActionIcon
                        variant="default"
                        aria-label={t.removeFrom(name)}
                        onClick={() =>
                          set(
                            day,
                            spans.filter((_, no) => no !== index),
                          )
                        }
                      >
                        <Icon name="close" size={14} />
                      </ActionIcon>
                    ) : null}
                  </Group>
                );
              })}
              {mayEdit ? (
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={t.addFor(name)}
                  onClick={() => set(day, [...spans, spans.length === 0 ? "09:00-17:00" : "18:00-20:00"])}
                >
                  +
                </Button>
              ) : null}
            </Group>
          );
        })}
        <Problem error={save.error} />
        {save.isSuccess ? (
          <Alert color="green" role="status">
            {t.saved} {t.effect}
          </Alert>
        ) : null}
        {mayEdit ? (
          <Group>
            <Button
              loading={save.isPending}
              disabled={JSON.stringify(draft) === JSON.stringify(hours)}
              onClick={() => save.mutate({ body: { business_hours: draft } })}
            >
              {c.save}
            </Button>
            <Button
              variant="default"
              onClick={() => setDraft(Object.fromEntries(DAYS.slice(0, 5).map((day) => [day, ["09:00-17:00"]])))}
            >
              {t.workdays}
            </Button>
          </Group>
        ) : null}
      </Stack>
    </Card>
  );
}

function Holidays({ days, isOwned }: { readonly days: readonly string[]; readonly isOwned: boolean }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const isAdmin = useIsAdmin();
  const save = useAct("PATCH /workspace");
  const [day, setDay] = useState("");
  const mayEdit = isAdmin && !isOwned;
  return (
    <Card title={t.holidays} actions={isOwned ? <OwnerMark owner="file" /> : null}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed" maw={760}>
          {isOwned ? t.owned : t.holidaysAbout}
        </Text>
        {days.length === 0 ? <Text size="sm">{t.none}</Text> : null}
        <Group gap="xs">
          {days.map((one) => (
            <Group key={one} gap={4} wrap="nowrap">
              <Text size="sm">{format.day(one)}</Text>
              {mayEdit ? (
                <ActionIcon
                  size="sm"
                  variant="default"
                  aria-label={`${c.remove}: ${format.day(one)}`}
                  onClick={() => save.mutate({ body: { holidays: days.filter((other) => other !== one) } })}
                >
                  <Icon name="close" size={12} />
                </ActionIcon>
              ) : null}
            </Group>
          ))}
        </Group>
        <Problem error={save.error} />
        {mayEdit ? (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              save.mutate(
                { body: { holidays: [...new Set([...days, day])].toSorted() } },
                { onSuccess: () => setDay("") },
              );
            }}
          >
            <Group align="flex-end">
              <TextInput
                type="date"
                label={t.day}
                value={day}
                onChange={(event) => setDay(event.currentTarget.value)}
              />
              <Button type="submit" variant="default" loading={save.isPending} disabled={day === ""}>
                {t.addHoliday}
              </Button>
            </Group>
          </form>
        ) : null}
      </Stack>
    </Card>
  );
}
