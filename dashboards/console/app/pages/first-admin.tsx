import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { postForm } from "../api/client.ts";
import { Problem } from "../parts/page.tsx";
import { textsOf } from "../parts/text.ts";
import { useWords, words } from "../words/index.ts";
import { Framed } from "./sign-in.tsx";

const text = words({
  en: {
    title: "First admin",
    about: "Nobody may sign in to this hub yet. Whoever you name here may do everything, and let others in.",
    code: "Code, as the hub printed it",
    email: "E-mail address",
    password: "Password",
    least: "12 characters or more",
    enter: "Let me in",
  },
  fr: {
    title: "Premier administrateur",
    about:
      "Personne ne peut encore se connecter à ce hub. La personne nommée ici pourra tout faire, et admettre les autres.",
    code: "Code, tel que le hub l’a affiché",
    email: "Adresse e-mail",
    password: "Mot de passe",
    least: "12 caractères ou plus",
    enter: "Entrer",
  },
});

/** `/first-admin?code=…`, as the hub prints it when nobody may sign in yet. */
export function FirstAdmin(): ReactNode {
  const t = useWords(text);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = textsOf(event.currentTarget);
    setBusy(true);
    try {
      await postForm("/first-admin", fields);
      await postForm("/sign-in", fields);
      location.assign("/");
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Framed title={t.title}>
      <Text size="sm">{t.about}</Text>
      <Problem error={error} />
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <TextInput
            name="code"
            label={t.code}
            defaultValue={new URLSearchParams(location.search).get("code") ?? ""}
            autoComplete="off"
            required
            withAsterisk={false}
          />
          <TextInput name="email" type="email" label={t.email} autoComplete="username" required withAsterisk={false} />
          <PasswordInput
            name="password"
            label={t.password}
            description={t.least}
            autoComplete="new-password"
            minLength={12}
            required
            withAsterisk={false}
          />
          <Button type="submit" loading={isBusy}>
            {t.enter}
          </Button>
        </Stack>
      </form>
    </Framed>
  );
}
