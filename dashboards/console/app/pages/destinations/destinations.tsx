import { Alert, Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { ApiError } from "../../api/client.ts";
import { useAct, useApi } from "../../api/hooks.ts";
import type { Destination, Receiver } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { AsYaml, OwnerMark } from "../../parts/owner.tsx";
import { Card, Loading, Page, Problem } from "../../parts/page.tsx";
import { SchemaEditor } from "../../parts/schema-editor.tsx";
import type { Values } from "../../parts/schema-form.tsx";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";

const text = words({
  en: {
    title: "Destinations",
    about:
      "Where numbers and events go, besides screens, feeds and webhooks. What a destination asks for, it declares itself.",
    docs: "Its own documentation",
    notSet: "not set up",
    setUp: "Set it up",
    change: "Change",
    pushed: "Last brought up to date",
    never: "Nothing was sent yet.",
    stop: "Stop and forget",
    stopAbout:
      "Nothing is pushed there any more, and its settings and secrets are forgotten. What is there already stays.",
    add: "Add a receiver",
    addTo: (title: string) => `Add a receiver: ${title}`,
    noReceivers: "Nobody receives anything here yet.",
    paused: "paused",
    active: "active",
    pause: "Pause",
    resume: "Resume",
    test: "Send a test",
    tested: "A test is on its way.",
    remove: "Remove",
    removeAbout: "It receives nothing any more, and what it was still to get is dropped.",
    yaml: "Secrets are named as variables.",
    owned: "It stands in the config file and is changed there.",
  },
  fr: {
    title: "Destinations",
    about:
      "Où vont les chiffres et les événements, outre les écrans, les flux et les webhooks. Ce qu’une destination demande, elle le déclare elle-même.",
    docs: "Sa propre documentation",
    notSet: "pas en place",
    setUp: "La mettre en place",
    change: "Modifier",
    pushed: "Dernière mise à jour",
    never: "Rien n’a encore été envoyé.",
    stop: "Arrêter et oublier",
    stopAbout: "Plus rien n’y est envoyé, et ses réglages et secrets sont oubliés. Ce qui s’y trouve déjà y reste.",
    add: "Ajouter un destinataire",
    addTo: (title: string) => `Ajouter un destinataire : ${title}`,
    noReceivers: "Personne ne reçoit encore rien ici.",
    paused: "en pause",
    active: "actif",
    pause: "Mettre en pause",
    resume: "Reprendre",
    test: "Envoyer un essai",
    tested: "Un essai est en route.",
    remove: "Supprimer",
    removeAbout: "Il ne reçoit plus rien, et ce qu’il devait encore recevoir est abandonné.",
    yaml: "Les secrets sont nommés comme variables.",
    owned: "Écrite dans le fichier de configuration, elle s’y modifie.",
  },
});

/** `/destinations` */
export function Destinations(): ReactNode {
  const t = useWords(text);
  const asked = useApi("GET /destinations", {}, { everyMs: 30_000 });
  return (
    <Page title={t.title} about={t.about}>
      <Problem error={asked.error} />
      {asked.data === undefined && asked.error === null ? <Loading /> : null}
      {asked.data?.data.map((one) => (
        <One key={one.key} destination={one} />
      ))}
    </Page>
  );
}

function One({ destination }: { readonly destination: Destination }): ReactNode {
  const t = useWords(text);
  const { title, docs, takes, owner } = destination;
  return (
    <Card
      title={
        <Group gap="xs">
          {title}
          {takes === "answers" ? (
            owner === null ? (
              <Badge color="gray">{t.notSet}</Badge>
            ) : (
              <OwnerMark owner={owner} />
            )
          ) : null}
        </Group>
      }
      actions={
        <Anchor href={docs} target="_blank" rel="noreferrer" size="sm" aria-label={`${t.docs}: ${title}`}>
          {t.docs}
        </Anchor>
      }
    >
      {takes === "answers" ? <Pushed destination={destination} /> : <Receivers destination={destination} />}
    </Card>
  );
}

/** One that is brought up to date again and again. */
function Pushed({ destination }: { readonly destination: Destination }): ReactNode {
  const { key, title, owner, settings, error } = destination;
  const t = useWords(text);
  const c = useWords(common);
  const save = useAct("PUT /destinations/{key}");
  const remove = useAct("DELETE /destinations/{key}");
  const [draft, setDraft] = useState<Values | null>(null);
  const [asks, setAsks] = useState(false);
  return (
    <Stack gap="sm">
      {owner === null ? null : (
        <Text size="sm">
          {destination.last_success_at === null ? (
            t.never
          ) : (
            <>
              {t.pushed}: <When at={destination.last_success_at} />
            </>
          )}
        </Text>
      )}
      {error === null ? null : <Problem error={new ApiError(422, error.code, error.message ?? "", null)} />}
      {owner === "file" ? (
        <Text size="sm" c="dimmed">
          {t.owned}
        </Text>
      ) : null}
      <Problem error={save.error ?? remove.error} />
      {draft === null ? (
        owner === "file" ? null : (
          <Group>
            <Button
              variant="default"
              aria-label={`${owner === null ? t.setUp : t.change}: ${title}`}
              onClick={() => setDraft(settings ?? {})}
            >
              {owner === null ? t.setUp : t.change}
            </Button>
            {owner === "made" ? (
              <Button variant="default" aria-label={`${t.stop}: ${title}`} onClick={() => setAsks(true)}>
                {t.stop}
              </Button>
            ) : null}
          </Group>
        )
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            // What the declared schema's own form made of it; what is not right the server says.
            save.mutate({ params: { key }, body: { settings: draft } }, { onSuccess: () => setDraft(null) });
          }}
        >
          <Stack maw={720}>
            <SchemaEditor
              schema={destination.schema}
              value={draft}
              kept={destination.secrets_kept}
              onChange={setDraft}
            />
            <Group>
              <Button type="submit" loading={save.isPending}>
                {c.save}
              </Button>
              <Button variant="default" onClick={() => setDraft(null)}>
                {c.cancel}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
      {destination.yaml === null ? null : <AsYaml yaml={destination.yaml} about={t.yaml} />}
      {asks ? (
        <Confirm
          title={t.stop}
          about={`${title}: ${t.stopAbout}`}
          isDangerous
          onConfirm={() => remove.mutate({ params: { key } })}
          onClose={() => setAsks(false)}
        />
      ) : null}
    </Stack>
  );
}

/** One that is told of events; each of its receivers by itself. */
function Receivers({ destination }: { readonly destination: Destination }): ReactNode {
  const { key, title, receivers } = destination;
  const t = useWords(text);
  const c = useWords(common);
  const add = useAct("POST /destinations/{key}/receivers");
  const [draft, setDraft] = useState<Values | null>(null);
  return (
    <Stack gap="sm">
      {receivers.length === 0 ? <Text c="dimmed">{t.noReceivers}</Text> : null}
      {receivers.map((one) => (
        <OneReceiver key={one.id} of={key} receiver={one} />
      ))}
      <Problem error={add.error} />
      {draft === null ? (
        <Group>
          <Button variant="default" aria-label={t.addTo(title)} onClick={() => setDraft({})}>
            {t.add}
          </Button>
        </Group>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            // As above.
            add.mutate({ params: { key }, body: { settings: draft } }, { onSuccess: () => setDraft(null) });
          }}
        >
          <Stack maw={720}>
            <SchemaEditor schema={destination.schema} value={draft} kept={[]} onChange={setDraft} />
            <Group>
              <Button type="submit" loading={add.isPending}>
                {c.save}
              </Button>
              <Button variant="default" onClick={() => setDraft(null)}>
                {c.cancel}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Stack>
  );
}

function OneReceiver({ of, receiver }: { readonly of: string; readonly receiver: Receiver }): ReactNode {
  const t = useWords(text);
  const pause = useAct("POST /destinations/{key}/receivers/{id}/pause");
  const resume = useAct("POST /destinations/{key}/receivers/{id}/resume");
  const test = useAct("POST /destinations/{key}/receivers/{id}/test");
  const remove = useAct("DELETE /destinations/{key}/receivers/{id}");
  const [asks, setAsks] = useState(false);
  const params = { key: of, id: receiver.id };
  const { name, state } = receiver;
  return (
    <Stack gap={4}>
      <Group justify="space-between">
        <Group gap="xs">
          <Text fw={600}>{name}</Text>
          <Badge color={state === "active" ? "green" : "orange"}>{t[state]}</Badge>
          <OwnerMark owner={receiver.owner} />
        </Group>
        <Group gap={4}>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`${t.test}: ${name}`}
            loading={test.isPending}
            onClick={() => test.mutate({ params })}
          >
            {t.test}
          </Button>
          {state === "active" ? (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`${t.pause}: ${name}`}
              onClick={() => pause.mutate({ params })}
            >
              {t.pause}
            </Button>
          ) : (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`${t.resume}: ${name}`}
              onClick={() => resume.mutate({ params })}
            >
              {t.resume}
            </Button>
          )}
          {receiver.owner === "made" ? (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`${t.remove}: ${name}`}
              onClick={() => setAsks(true)}
            >
              {t.remove}
            </Button>
          ) : null}
        </Group>
      </Group>
      {receiver.state_reason === null ? null : (
        <Text size="sm" c="var(--app-warn)" lang="en">
          {receiver.state_reason}
        </Text>
      )}
      {test.isSuccess ? (
        <Alert color="green" role="status">
          {t.tested}
        </Alert>
      ) : null}
      <Problem error={pause.error ?? resume.error ?? test.error ?? remove.error} />
      <AsYaml yaml={receiver.yaml} about={t.yaml} />
      {asks ? (
        <Confirm
          title={t.remove}
          about={`${name}: ${t.removeAbout}`}
          isDangerous
          onConfirm={() => remove.mutate({ params })}
          onClose={() => setAsks(false)}
        />
      ) : null}
    </Stack>
  );
}
