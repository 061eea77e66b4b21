import {
  Alert,
  Button,
  Center,
  Code,
  Divider,
  Group,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { ApiError, postForm } from "../api/client.ts";
import { queryClient, useApi } from "../api/hooks.ts";
import { LanguageMenu, Mark, ThemeButton } from "../parts/bar.tsx";
import { Problem } from "../parts/page.tsx";
import { textsOf } from "../parts/text.ts";
import { useWords, words } from "../words/index.ts";

const text = words({
  en: {
    title: "Sign in",
    email: "E-mail address",
    password: "Password",
    enter: "Sign in",
    with: (title: string) => `Sign in with ${title}`,
    or: "or",
    wrong: "E-mail address or password is wrong.",
    wait: "There were many failed sign-ins. Wait a minute, then try again.",
    fresh:
      "Nobody may sign in yet. Where the hub was started, it printed an address that makes the first admin. This shows it again:",
  },
  fr: {
    title: "Se connecter",
    email: "Adresse e-mail",
    password: "Mot de passe",
    enter: "Se connecter",
    with: (title: string) => `Se connecter avec ${title}`,
    or: "ou",
    wrong: "L’adresse e-mail ou le mot de passe est erroné.",
    wait: "Trop de tentatives ont échoué. Attendez une minute, puis réessayez.",
    fresh:
      "Personne ne peut encore se connecter. Au démarrage, le hub a affiché une adresse qui crée le premier administrateur. Ceci l’affiche à nouveau :",
  },
});

/** Shown at every address to who has not signed in, and gone once they have. */
export function SignIn(): ReactNode {
  const t = useWords(text);
  const start = useApi("GET /start", {});
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = textsOf(event.currentTarget);
    setBusy(true);
    try {
      await postForm("/sign-in", fields);
      const next = new URLSearchParams(location.search).get("next");
      // Pages outside of this application (the queues) are asked for anew.
      if (next !== null && next.startsWith("/") && !next.startsWith("//")) location.assign(next);
      else if (location.pathname === "/sign-in") location.assign("/");
      else await queryClient.invalidateQueries();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <Framed title={t.title}>
      <Failure error={error} />
      {start.data?.has_users === false ? (
        <Alert color="yellow" variant="light">
          <Text size="sm">{t.fresh}</Text>
          <Code>npx tributary doctor</Code>
        </Alert>
      ) : null}
      {start.data?.providers.map(({ id, title }) => (
        <Button key={id} component="a" variant="default" fullWidth href={`/sign-in/with/${id}${wanted()}`}>
          {t.with(title)}
        </Button>
      ))}
      {(start.data?.providers.length ?? 0) > 0 ? <Divider label={t.or} /> : null}
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <TextInput
            name="email"
            type="email"
            label={t.email}
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
          />
          <PasswordInput
            name="password"
            label={t.password}
            autoComplete="current-password"
            required
            withAsterisk={false}
          />
          <Button type="submit" loading={isBusy} fullWidth>
            {t.enter}
          </Button>
        </Stack>
      </form>
    </Framed>
  );
}

/** Where somebody wanted to go, for who comes back from a provider. */
function wanted(): string {
  const next = new URLSearchParams(location.search).get("next");
  const here = location.pathname === "/sign-in" ? null : location.pathname + location.search;
  return next === null && here === null ? "" : `?${new URLSearchParams({ next: next ?? here ?? "/" }).toString()}`;
}

function Failure({ error }: { readonly error: unknown }): ReactNode {
  const t = useWords(text);
  if (error instanceof ApiError && error.code === "access.sign_in_failed")
    return (
      <Alert color="red" role="alert">
        {t.wrong}
      </Alert>
    );
  if (error instanceof ApiError && error.code === "access.too_many_attempts")
    return (
      <Alert color="red" role="alert">
        {t.wait}
      </Alert>
    );
  return <Problem error={error} />;
}

/** A page for who is not signed in yet. */
export function Framed({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <main>
      <Center mih="100dvh" p="md">
        <Stack w="100%" maw={400} gap="md">
          <Group justify="space-between">
            <Group gap={8}>
              <Mark />
              <Text fw={700} size="lg">
                Tributary
              </Text>
            </Group>
            <Group gap={4}>
              <LanguageMenu />
              <ThemeButton />
            </Group>
          </Group>
          <Paper withBorder p="xl">
            <Stack>
              <Title order={1} size="h3">
                {title}
              </Title>
              {children}
            </Stack>
          </Paper>
        </Stack>
      </Center>
    </main>
  );
}
