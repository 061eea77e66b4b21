import { Alert, Badge, Button, Checkbox, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, usePages } from "../api/hooks.ts";
import type { ApiKey } from "../api/types.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Copyable } from "../parts/copy.tsx";
import { Card, More, Page, Problem } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { common } from "../words/common.ts";
import { useWords, words } from "../words/index.ts";

const text = words({
  en: {
    title: "Keys",
    about:
      "API keys for programs, and the keys in the links of screens and feeds. The whole key is shown once, when it is made.",
    make: "Make an API key",
    may: "It may",
    read: "look at everything but secrets",
    write: "pull, pause, resume, upload, say who is one",
    connections: "set up, change, test and remove accounts",
    webhooks: "subscribe addresses to what happens",
    metrics: "read measurements for Prometheus",
    admin: "do everything",
    made: "The key. It is shown now and never again:",
    created: "Made",
    used: "Last used",
    revoke: "Revoke",
    revokeTitle: "Revoke the key",
    revokeAbout: "Whatever uses it is refused from now on. That cannot be taken back.",
    revoked: "revoked",
    all: "All keys",
  },
  fr: {
    title: "Clés",
    about:
      "Clés d’API pour les programmes, et clés des liens d’écrans et de flux. La clé entière est affichée une seule fois, à sa création.",
    make: "Créer une clé d’API",
    may: "Elle peut",
    read: "tout consulter sauf les secrets",
    write: "lire, mettre en pause, reprendre, envoyer des fichiers, dire qui est qui",
    connections: "connecter, modifier, tester et supprimer des comptes",
    webhooks: "abonner des adresses à ce qui se passe",
    metrics: "lire les mesures pour Prometheus",
    admin: "tout faire",
    made: "La clé. Elle est affichée maintenant et plus jamais :",
    created: "Créée",
    used: "Dernière utilisation",
    revoke: "Révoquer",
    revokeTitle: "Révoquer la clé",
    revokeAbout: "Tout ce qui l’utilise sera refusé désormais. C’est définitif.",
    revoked: "révoquée",
    all: "Toutes les clés",
  },
});

const SCOPES = ["read", "write", "connections", "webhooks", "metrics", "admin"] as const;

/** `/keys` */
export function Keys(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const listed = usePages("GET /api-keys", {});
  const make = useAct("POST /api-keys");
  const revoke = useAct("DELETE /api-keys/{id}");
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["read"]);
  const [question, setQuestion] = useState<ApiKey | null>(null);
  return (
    <Page title={t.title} about={t.about}>
      <Card title={t.make}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            // The names are those of the list above.
            make.mutate(
              { body: { name, scopes: scopes as (typeof SCOPES)[number][] } },
              { onSuccess: () => setName("") },
            );
          }}
        >
          <Stack maw={620}>
            <TextInput
              label={c.name}
              required
              withAsterisk={false}
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Checkbox.Group label={t.may} value={scopes} onChange={setScopes}>
              <Stack gap={6} mt={6}>
                {SCOPES.map((one) => (
                  <Checkbox key={one} value={one} label={`${t[one]} (${one})`} />
                ))}
              </Stack>
            </Checkbox.Group>
            <Problem error={make.error} />
            {make.data === undefined ? null : (
              <Alert color="green" role="status">
                <Text size="sm">{t.made}</Text>
                <Copyable text={make.data.token} />
              </Alert>
            )}
            <Group>
              <Button type="submit" disabled={scopes.length === 0} loading={make.isPending}>
                {t.make}
              </Button>
            </Group>
          </Stack>
        </form>
      </Card>
      <Card title={t.all}>
        <Problem error={listed.error ?? revoke.error} />
        <div className="scroll-x" tabIndex={0} role="region" aria-label={t.all}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{c.name}</Table.Th>
                <Table.Th>{t.may}</Table.Th>
                <Table.Th>{t.created}</Table.Th>
                <Table.Th>{t.used}</Table.Th>
                <Table.Th>{c.state}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {listed.rows.map((key) => (
                <Table.Tr key={key.id}>
                  <Table.Td>
                    {key.name}
                    <Text size="xs" c="dimmed">
                      {key.prefix}…
                    </Text>
                  </Table.Td>
                  <Table.Td>{key.scopes.join(", ")}</Table.Td>
                  <Table.Td>
                    <When at={key.created_at} />
                  </Table.Td>
                  <Table.Td>
                    <When at={key.last_used_at} />
                  </Table.Td>
                  <Table.Td>
                    {key.revoked_at !== null ? (
                      <Badge color="gray">{t.revoked}</Badge>
                    ) : (
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`${t.revoke}: ${key.name}`}
                        onClick={() => setQuestion(key)}
                      >
                        {t.revoke}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
        <More more={listed.more} isLoading={listed.isLoadingMore} />
      </Card>
      {question === null ? null : (
        <Confirm
          title={t.revokeTitle}
          about={`${question.name}: ${t.revokeAbout}`}
          isDangerous
          onConfirm={() => revoke.mutate({ params: { id: question.id } })}
          onClose={() => setQuestion(null)}
        />
      )}
    </Page>
  );
}
