import { Badge, Button, Group, PasswordInput, Select, Stack, Table, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useMe } from "../../api/hooks.ts";
import { Card, Loading, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";
import { UserActions } from "./user-actions.tsx";

const text = words({
  en: {
    who: "Who may sign in",
    add: "Let somebody in",
    email: "E-mail address",
    password: "Password",
    least: "12 characters or more. Tell it to them by another way.",
    role: "Role",
    admin: "Admin: may change everything",
    viewer: "Viewer: may look at everything but secrets",
    since: "Since",
    you: "you",
  },
  fr: {
    who: "Qui peut se connecter",
    add: "Admettre quelqu’un",
    email: "Adresse e-mail",
    password: "Mot de passe",
    least: "12 caractères ou plus. Transmettez-le par un autre moyen.",
    role: "Rôle",
    admin: "Administrateur : peut tout modifier",
    viewer: "Lecteur : peut tout voir sauf les secrets",
    since: "Depuis",
    you: "vous",
  },
});

/** Who may sign in, and as what. */
export function Users(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const me = useMe().data;
  const asked = useApi("GET /users", {});
  const add = useAct("POST /users");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<"admin" | "viewer">("viewer");
  return (
    <Stack>
      <Card title={t.who}>
        <Problem error={asked.error} />
        {asked.data === undefined && asked.error === null ? <Loading /> : null}
        <div className="scroll-x" tabIndex={0} role="region" aria-label={t.who}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.email}</Table.Th>
                <Table.Th>{t.role}</Table.Th>
                <Table.Th>{t.since}</Table.Th>
                <Table.Th>
                  <span className="visually-hidden">{c.actions}</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {asked.data?.data.map((user) => (
                <Table.Tr key={user.id}>
                  <Table.Td>{user.email}</Table.Td>
                  <Table.Td>{t[user.role].split(/ ?:/)[0]}</Table.Td>
                  <Table.Td>
                    <When at={user.created_at} />
                  </Table.Td>
                  <Table.Td>{user.email === me?.name ? <Badge>{t.you}</Badge> : <UserActions user={user} />}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </Card>
      <Card title={t.add}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate(
              { body: { email, password, role } },
              {
                onSuccess: () => {
                  setEmail("");
                  setPassword("");
                },
              },
            );
          }}
        >
          <Stack maw={520}>
            <TextInput
              type="email"
              label={t.email}
              required
              withAsterisk={false}
              autoComplete="off"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label={t.password}
              description={t.least}
              required
              withAsterisk={false}
              minLength={12}
              autoComplete="new-password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Select
              label={t.role}
              data={[
                { value: "viewer", label: t.viewer },
                { value: "admin", label: t.admin },
              ]}
              value={role}
              allowDeselect={false}
              onChange={(next) => setRole(next === "admin" ? "admin" : "viewer")}
            />
            <Problem error={add.error} />
            <Group>
              <Button type="submit" loading={add.isPending}>
                {t.add}
              </Button>
            </Group>
          </Stack>
        </form>
      </Card>
    </Stack>
  );
}
