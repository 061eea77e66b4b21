import { Tabs } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "../../parts/page.tsx";
import { useWords, words } from "../../words/index.ts";
import { Audit } from "./audit.tsx";
import { Health } from "./health.tsx";
import { HoursForm } from "./hours.tsx";
import { Rates } from "./rates.tsx";
import { Stages } from "./stages.tsx";
import { Teams } from "./teams.tsx";
import { Users } from "./users.tsx";
import { WorkspaceForm } from "./workspace.tsx";

const text = words({
  en: {
    title: "Settings",
    workspace: "Workspace",
    hours: "Hours and holidays",
    rates: "Exchange rates",
    stages: "Stages",
    teams: "Teams and reps",
    users: "People",
    audit: "Audit log",
    health: "System health",
  },
  fr: {
    title: "Réglages",
    workspace: "Espace de travail",
    hours: "Heures et jours fériés",
    rates: "Taux de change",
    stages: "Étapes",
    teams: "Équipes et commerciaux",
    users: "Personnes",
    audit: "Journal d’audit",
    health: "Santé du système",
  },
});

const PAGES = {
  workspace: WorkspaceForm,
  hours: HoursForm,
  rates: Rates,
  stages: Stages,
  teams: Teams,
  users: Users,
  audit: Audit,
  health: Health,
} as const;
const NAMES = Object.keys(PAGES) as (keyof typeof PAGES)[];

/** `/settings`, `/settings/{page}` */
export function Settings(): ReactNode {
  const t = useWords(text);
  const navigate = useNavigate();
  const params = useParams({ strict: false }) as { readonly page?: string };
  const page = NAMES.find((one) => one === params.page) ?? "workspace";
  const Shown = PAGES[page];
  return (
    <Page title={t.title}>
      <Tabs value={page} keepMounted={false} onChange={(next) => void navigate({ to: `/settings/${next}` })}>
        <Tabs.List mb="lg">
          {NAMES.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={page}>
          <Shown />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
