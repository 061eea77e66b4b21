import { Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useApi } from "../../api/hooks.ts";
import { Copyable } from "../../parts/copy.tsx";
import { Card, Loading, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { useWords } from "../../words/index.ts";
import { text } from "./connection-words.ts";

/** Where the vendor calls when something changes. */
export function InboundWebhook({ id }: { readonly id: string }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const asked = useApi("GET /connections/{id}/webhook", { params: { id } });
  const set = useAct("POST /connections/{id}/webhook");
  const [secret, setSecret] = useState("");
  const webhook = asked.data;
  if (webhook === undefined) return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return (
    <Card>
      <Stack maw={720}>
        <div>
          <Text fw={500}>{t.address}</Text>
          {webhook.address === null ? <Text size="sm">{t.noAddress}</Text> : <Copyable text={webhook.address} />}
        </div>
        <Text size="sm">
          {t.lastCall}: <When at={webhook.last_delivery_at} />
        </Text>
        {webhook.subscribes ? (
          <Group>
            <Button loading={set.isPending} onClick={() => set.mutate({ params: { id }, body: {} })}>
              {t.subscribe}
            </Button>
            <Text size="sm" c="dimmed" flex={1}>
              {t.subscribeAbout}
            </Text>
          </Group>
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              set.mutate({ params: { id }, body: { secret } }, { onSuccess: () => setSecret("") });
            }}
          >
            <Group align="flex-end">
              <PasswordInput
                flex={1}
                label={t.secret}
                description={webhook.has_secret ? t.hasSecret : t.secretAbout}
                value={secret}
                autoComplete="new-password"
                onChange={(event) => setSecret(event.currentTarget.value)}
              />
              <Button type="submit" disabled={secret === ""} loading={set.isPending}>
                {c.save}
              </Button>
            </Group>
          </form>
        )}
        <Problem error={set.error} />
      </Stack>
    </Card>
  );
}
