/**
 * The console's pages. All are one application, which shows the page of the address: `app/pages` has a file or folder of that name. What the
 * server answers itself (`/metrics`, `/feeds/…`, `/docs`) cannot be one of them.
 */
export const CONSOLE_PAGES = [
  "/",
  "/sign-in",
  "/first-admin",
  "/connections",
  "/connections/new",
  "/connections/new/:connector",
  "/connections/:id",
  "/runs/:id",
  "/spreadsheets",
  "/kpis",
  "/kpis/:metric",
  "/funnel",
  "/movement",
  "/forecast",
  "/pipeline",
  "/review",
  "/activities",
  "/who/:entity",
  "/who/:entity/:id",
  "/screens",
  "/webhooks",
  "/webhooks/new",
  "/webhooks/:id",
  "/keys",
  "/settings",
  "/settings/:page",
] as const;
