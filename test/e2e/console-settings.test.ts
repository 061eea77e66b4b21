import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addApp } from "../../core/setup/apps.ts";
import { addUser } from "../../core/setup/users.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { type Running, startServer } from "../integration/server-support.ts";
import { axe, builtConsole, CHROMIUM, openBrowser } from "../support/browser.ts";
import { testDatabase } from "../support/database.ts";

/** The console's pages for what goes out and for the hub's own settings, in a browser. */

const EMAIL = "ada@example.com";
const PASSWORD = "correct horse battery";

if (CHROMIUM === null) process.stderr.write("The console's settings are not tried: this machine has no Chromium.\n");

describe.skipIf(CHROMIUM === null)("the console's outputs and settings", () => {
  let running: Running;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    const store = await testDatabase();
    const build = builtConsole();
    running = await startServer(store, { consoleBuild: () => build });
    await addUser(store.db, "cli", { email: EMAIL, password: PASSWORD, role: "admin" });
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en" });
    page = await context.newPage();
    await page.goto(`${running.url}/sign-in`);
    await page.getByLabel("E-mail address").fill(EMAIL);
    await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await running?.close();
  });

  it("subscribe an address to chosen events, show its secret once, and send it a test", async () => {
    await page.goto(`${running.url}/webhooks`);
    await page.getByRole("link", { name: "Add a webhook" }).click();
    await page.getByLabel("Address").fill("http://hooks.example.com/in");
    await page.getByLabel("A deal is won").check();
    await page.getByLabel("Deals of at least this amount").fill("1000");
    await page.getByRole("button", { name: "Make the webhook" }).click();
    await page.getByText("it uses http instead of https").waitFor();
    await page.getByLabel("Address").fill("https://hooks.example.com/in");
    await page.getByRole("button", { name: "Make the webhook" }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.getByRole("link", { name: "To the webhook" }).click();
    await page.getByRole("heading", { name: "https://hooks.example.com/in" }).waitFor();
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByRole("cell", { name: "endpoint.test" }).waitFor();
    expect(await page.getByText(/whsec_/).count()).toBe(0);
    expect(
      await running.deps.store.db.selectFrom("webhook_endpoints").select(["event_types", "filters"]).execute(),
    ).toEqual([{ event_types: ["deal.won"], filters: { min_amount: 1000 } }]);
  });

  it("ask whether to let an app in, in English and French, and send the person back to it", async () => {
    const asked = { name: "Zapier", redirect_uris: [`${running.url}/docs/kpis`], scopes: ["read" as const] };
    const { app } = await addApp(running.deps.store.db, "cli", { ...asked, public: true });
    const address = new URL("/oauth/authorize", running.url);
    address.search = new URLSearchParams({
      client_id: app.id,
      redirect_uri: asked.redirect_uris[0] ?? "",
      response_type: "code",
      scope: "read",
      state: "as-it-was",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    }).toString();
    const french = await browser.newPage({ locale: "fr", storageState: await context.storageState() });
    await french.goto(address.href);
    await french.getByRole("heading", { name: "Autoriser Zapier ?" }).waitFor();
    expect(await axe(french)).toEqual([]);
    await french.close();
    await page.goto(address.href);
    await page.getByRole("heading", { name: "Let Zapier in?" }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole("button", { name: "Let it in" }).click();
    await page.waitForURL(/[?&]code=[\w-]+.*state=as-it-was/);
  });

  it("offer the company's provider beside the password, and keep where somebody wanted to go", async () => {
    const acme = { title: "Acme", issuer: "https://id.acme.example", client_id: "tributary" };
    await writeSettings(running.deps.store.db, "sign_in", { acme });
    const stranger = await browser.newPage({ locale: "fr" });
    await stranger.goto(`${running.url}/funnel?period=this_year`);
    const button = stranger.getByRole("link", { name: "Se connecter avec Acme" });
    await button.waitFor();
    expect(await button.getAttribute("href")).toBe("/sign-in/with/acme?next=%2Ffunnel%3Fperiod%3Dthis_year");
    expect(await axe(stranger)).toEqual([]);
    await stranger.close();
  });

  it("let somebody in, and make an admin of them once it was said what that means", async () => {
    await page.goto(`${running.url}/settings/users`);
    await page.getByLabel("E-mail address").fill("bo@example.com");
    await page.getByRole("textbox", { name: "Password" }).fill("a long password");
    await page.getByRole("button", { name: "Let somebody in" }).click();
    await page.getByRole("button", { name: "Make admin: bo@example.com" }).click();
    await page.getByText("They may change everything").waitFor();
    await page.getByRole("button", { name: "Make admin", exact: true }).click();
    await page.getByRole("button", { name: "Make viewer: bo@example.com" }).waitFor();
    await page.getByRole("button", { name: "New password: bo@example.com" }).click();
    await page.getByRole("textbox", { name: "New password: bo@example.com" }).fill("another long password");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The new password is set.").waitFor();
    const users = await running.deps.store.db.selectFrom("users").select(["email", "role"]).execute();
    expect(users).toContainEqual({ email: "bo@example.com", role: "admin" });
  });

  it("have pages that everybody can use, in both languages, light and dark", async () => {
    const found: string[] = [];
    for (const [locale, colorScheme, width] of [
      ["en", "light", 1280],
      ["fr", "dark", 390],
    ] as const) {
      const own = await browser.newContext({
        locale,
        colorScheme,
        viewport: { width, height: 844 },
        storageState: await context.storageState(),
      });
      const other = await own.newPage();
      for (const path of PAGES) {
        await other.goto(running.url + path);
        await other.locator("h1").waitFor();
        await other.waitForLoadState("networkidle");
        found.push(...(await axe(other)).map((one) => `${path} ${locale} ${colorScheme} ${one}`));
        if (await other.evaluate("document.documentElement.scrollWidth > innerWidth"))
          found.push(`${path} ${locale} is wider than the screen`);
      }
      await own.close();
    }
    expect(found).toEqual([]);
  });
});

const PAGES = ["/webhooks", "/webhooks/new", "/settings/users"];
