import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Loading } from "./parts/page.tsx";
import { NotFound } from "./pages/not-found.tsx";
import { Shell } from "./shell.tsx";

/** The pages by address. Each is loaded when somebody goes there. */
const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

/** What may stand behind the question mark: texts, and nothing that a page does not expect. */
const texts = (search: Record<string, unknown>): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(search).flatMap(([name, value]) =>
      typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? [[name, String(value)]]
        : [],
    ),
  );

function page<Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) {
  return createRoute({ getParentRoute: () => root, path, component, validateSearch: texts });
}

const routes = [
  page(
    "/",
    lazyRouteComponent(() => import("./pages/home.tsx"), "Home"),
  ),
  page(
    "/first-admin",
    lazyRouteComponent(() => import("./pages/first-admin.tsx"), "FirstAdmin"),
  ),
  page(
    "/sign-in",
    lazyRouteComponent(() => import("./pages/home.tsx"), "Home"),
  ),
  page(
    "/connections",
    lazyRouteComponent(() => import("./pages/connections/list.tsx"), "Connections"),
  ),
  page(
    "/connections/new",
    lazyRouteComponent(() => import("./pages/connections/gallery.tsx"), "Gallery"),
  ),
  page(
    "/connections/new/$connector",
    lazyRouteComponent(() => import("./pages/connections/wizard.tsx"), "Wizard"),
  ),
  page(
    "/connections/$id",
    lazyRouteComponent(() => import("./pages/connections/connection.tsx"), "ConnectionPage"),
  ),
  page(
    "/runs/$id",
    lazyRouteComponent(() => import("./pages/runs.tsx"), "RunPage"),
  ),
  page(
    "/spreadsheets",
    lazyRouteComponent(() => import("./pages/spreadsheets/index.tsx"), "Spreadsheets"),
  ),
  page(
    "/kpis",
    lazyRouteComponent(() => import("./pages/kpis/list.tsx"), "Kpis"),
  ),
  page(
    "/kpis/$metric",
    lazyRouteComponent(() => import("./pages/kpis/kpi.tsx"), "KpiPage"),
  ),
  page(
    "/funnel",
    lazyRouteComponent(() => import("./pages/funnel.tsx"), "FunnelPage"),
  ),
  page(
    "/movement",
    lazyRouteComponent(() => import("./pages/movement.tsx"), "MovementPage"),
  ),
  page(
    "/forecast",
    lazyRouteComponent(() => import("./pages/forecast.tsx"), "ForecastPage"),
  ),
  page(
    "/pipeline",
    lazyRouteComponent(() => import("./pages/pipeline.tsx"), "Pipeline"),
  ),
  page(
    "/review",
    lazyRouteComponent(() => import("./pages/review/review.tsx"), "ReviewPage"),
  ),
  page(
    "/goals",
    lazyRouteComponent(() => import("./pages/goals/goals.tsx"), "Goals"),
  ),
  page(
    "/reps",
    lazyRouteComponent(() => import("./pages/reps/leaderboard.tsx"), "Leaderboard"),
  ),
  page(
    "/reps/$id",
    lazyRouteComponent(() => import("./pages/reps/scorecard.tsx"), "ScorecardPage"),
  ),
  page(
    "/what-works",
    lazyRouteComponent(() => import("./pages/works/works.tsx"), "WhatWorks"),
  ),
  page(
    "/deals",
    lazyRouteComponent(() => import("./pages/deals.tsx"), "Deals"),
  ),
  page(
    "/activities",
    lazyRouteComponent(() => import("./pages/activities.tsx"), "Activities"),
  ),
  page(
    "/who/$entity",
    lazyRouteComponent(() => import("./pages/who/list.tsx"), "WhoList"),
  ),
  page(
    "/who/$entity/$id",
    lazyRouteComponent(() => import("./pages/who/who.tsx"), "WhoPage"),
  ),
  page(
    "/screens",
    lazyRouteComponent(() => import("./pages/screens/list.tsx"), "Screens"),
  ),
  page(
    "/screens/new",
    lazyRouteComponent(() => import("./pages/screens/editor.tsx"), "NewDashboard"),
  ),
  page(
    "/screens/dashboard/$id",
    lazyRouteComponent(() => import("./pages/screens/editor.tsx"), "EditDashboard"),
  ),
  page(
    "/screens/new-feed",
    lazyRouteComponent(() => import("./pages/screens/feed.tsx"), "NewFeed"),
  ),
  page(
    "/screens/feed/$id",
    lazyRouteComponent(() => import("./pages/screens/feed.tsx"), "EditFeed"),
  ),
  page(
    "/destinations",
    lazyRouteComponent(() => import("./pages/destinations/destinations.tsx"), "Destinations"),
  ),
  page(
    "/webhooks",
    lazyRouteComponent(() => import("./pages/webhooks/list.tsx"), "Webhooks"),
  ),
  page(
    "/webhooks/new",
    lazyRouteComponent(() => import("./pages/webhooks/new.tsx"), "NewWebhook"),
  ),
  page(
    "/webhooks/$id",
    lazyRouteComponent(() => import("./pages/webhooks/webhook.tsx"), "WebhookPage"),
  ),
  page(
    "/keys",
    lazyRouteComponent(() => import("./pages/keys.tsx"), "Keys"),
  ),
  page(
    "/settings",
    lazyRouteComponent(() => import("./pages/settings/index.tsx"), "Settings"),
  ),
  page(
    "/settings/$page",
    lazyRouteComponent(() => import("./pages/settings/index.tsx"), "Settings"),
  ),
];

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  scrollRestoration: true,
  // Plain texts in the address, as people write them; the router's own way would put quotes around numbers.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "" && value !== null);
    const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return text === "" ? "" : `?${text}`;
  },
});

declare module "@tanstack/react-router" {
  // The router's way to learn its own type.
  interface Register {
    router: typeof router;
  }
}
