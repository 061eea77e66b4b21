import { Alert, Button, Group, PasswordInput, Stack } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct } from "../../api/hooks.ts";
import type { User } from "../../api/types.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";

const text = words({
  en: {
    toAdmin: "Make admin",
    toViewer: "Make viewer",
    toAdminAbout: "They may change everything, keys and people among it, with their next click.",
    toViewerAbout: "They may look at everything but secrets, and change nothing any more, from their next click on.",
    password: "New password",
    passwordAbout: "12 characters or more. They are signed out everywhere. Tell it to them by another way.",
    passwordSet: "The new password is set.",
    removeAbout: "They are signed out everywhere and cannot sign in any more.",
  },
  fr: {
    toAdmin: "Rendre administrateur",
    toViewer: "Rendre lecteur",
    toAdminAbout: "La personne pourra tout modifier, clés et personnes comprises, dès son prochain clic.",
    toViewerAbout: "La personne pourra tout voir sauf les secrets, et ne modifiera plus rien dès son prochain clic.",
    password: "Nouveau mot de passe",
    passwordAbout: "12 caractères ou plus. La personne est déconnectée partout. Transmettez-le par un autre moyen.",
    passwordSet: "Le nouveau mot de passe est en place.",
    removeAbout: "La personne est déconnectée partout et ne peut plus se connecter.",
  },
});

/** What can be done with somebody else's account; each says first what it does. */
export function UserActions({ user }: { readonly user: User }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const role = useAct("PATCH /users/{email}");
  const reset = useAct("POST /users/{email}/password");
  const remove = useAct("DELETE /users/{email}");
  const [question, setQuestion] = useState<"role" | "remove" | null>(null);
  const [password, setPassword] = useState<string | null>(null);
  const params = { email: user.email };
  const next = user.role === "admin" ? "viewer" : "admin";
  const toNext = next === "admin" ? t.toAdmin : t.toViewer;
  const button = (label: string, onClick: () => void): ReactNode => (
    <Button size="compact-sm" variant="default" aria-label={`${label}: ${user.email}`} onClick={onClick}>
      {label}
    </Button>
  );
  return (
    <Stack gap="xs">
      <Group gap={6}>
        {button(toNext, () => setQuestion("role"))}
        {button(t.password, () => setPassword(password === null ? "" : null))}
        {button(c.remove, () => setQuestion("remove"))}
      </Group>
      {password === null ? null : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            reset.mutate({ params, body: { password } }, { onSuccess: () => setPassword(null) });
          }}
        >
          <Stack gap="xs" maw={420}>
            <PasswordInput
              label={`${t.password}: ${user.email}`}
              description={t.passwordAbout}
              required
              withAsterisk={false}
              minLength={12}
              autoComplete="new-password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Group gap="xs">
              <Button size="xs" type="submit" loading={reset.isPending}>
                {c.save}
              </Button>
              <Button size="xs" variant="default" onClick={() => setPassword(null)}>
                {c.cancel}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
      <div aria-live="polite">
        <Problem error={role.error ?? reset.error ?? remove.error} />
        {reset.isSuccess ? <Alert color="green">{t.passwordSet}</Alert> : null}
      </div>
      {question === null ? null : (
        <Confirm
          title={question === "remove" ? c.remove : toNext}
          about={`${user.email}: ${question === "remove" ? t.removeAbout : next === "admin" ? t.toAdminAbout : t.toViewerAbout}`}
          isDangerous={question === "remove" || next === "admin"}
          onConfirm={() =>
            question === "remove" ? remove.mutate({ params }) : role.mutate({ params, body: { role: next } })
          }
          onClose={() => setQuestion(null)}
        />
      )}
    </Stack>
  );
}
