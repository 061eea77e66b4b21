import { Tabs } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "../../parts/page.tsx";
import { useWords, words } from "../../words/index.ts";
import { Audit } from "./audit.tsx";
import { Health } from "./health.tsx";
import { Users } from "./users.tsx";
import { WorkspaceForm } from "./workspace.tsx";

const text = words({
  en: { title: "Settings", workspace: "Workspace", users: "People", audit: "Audit log", health: "System health" },
  fr: {
    title: "Réglages",
    workspace: "Espace de travail",
    users: "Personnes",
    audit: "Journal d’audit",
    health: "Santé du système",
  },
});

const PAGES = ["workspace", "users", "audit", "health"] as const;

/** `/settings`, `/settings/{page}` */
export function Settings(): ReactNode {
  const t = useWords(text);
  const navigate = useNavigate();
  const params = useParams({ strict: false }) as { readonly page?: string };
  const page = PAGES.find((one) => one === params.page) ?? "workspace";
  return (
    <Page title={t.title}>
      <Tabs value={page} keepMounted={false} onChange={(next) => void navigate({ to: `/settings/${next}` })}>
        <Tabs.List mb="lg">
          {PAGES.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="workspace">
          <WorkspaceForm />
        </Tabs.Panel>
        <Tabs.Panel value="users">
          <Users />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <Audit />
        </Tabs.Panel>
        <Tabs.Panel value="health">
          <Health />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
