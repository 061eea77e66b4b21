import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONNECTORS } from "../../connectors/index.ts";
import { firstAdminCode } from "../../core/setup/first-admin.ts";
import { World } from "../integration/kpi-world.ts";
import { acme, newConnection, type Running, startServer } from "../integration/server-support.ts";
import { axe, builtConsole, CHROMIUM, openBrowser, settling } from "../support/browser.ts";
import { testDatabase } from "../support/database.ts";

/** The console as people meet it, in a browser. */

const EMAIL = "ada@example.com";
const PASSWORD = "correct horse battery";

// `.ci/run` installs it.
if (CHROMIUM === null) process.stderr.write("The console's pages are not tried: this machine has no Chromium.\n");

describe.skipIf(CHROMIUM === null)("the console", () => {
  let running: Running;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What went wrong in the browser, and what was asked of others. */
  const noise: string[] = [];

  beforeAll(async () => {
    const store = await testDatabase();
    const build = builtConsole();
    running = await startServer(store, { consoleBuild: () => build, connectors: [acme, ...CONNECTORS] });
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en" });
    page = await context.newPage();
    page.on("pageerror", (error) => noise.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("401")) noise.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(running.url) && !request.url().startsWith("data:")) noise.push(request.url());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await running?.close();
  });

  it("lets the first admin in by the address that the hub printed", async () => {
    const { db } = running.deps.store;
    const code = (await firstAdminCode(db, running.deps.secrets)) ?? "";
    await page.goto(`${running.url}/first-admin?code=${code}`);
    await page.getByLabel("E-mail address").fill(EMAIL);
    await page.getByLabel("Password").first().fill(PASSWORD);
    await page.getByRole("button", { name: "Let me in" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(await page.getByText("Connect a tool").count()).toBeGreaterThan(0);
  });

  it("connects a tool only once the account has answered", async () => {
    await page.goto(`${running.url}/connections/new/acme`);
    await page.getByLabel("API key").fill("refused");
    await page.getByRole("combobox", { name: "Region" }).click();
    await page.getByRole("option", { name: "eu" }).click();
    await page.getByRole("button", { name: "Test the account" }).click();
    await page.getByText("Acme refuses the API key.").waitFor();
    expect(await page.getByRole("button", { name: "Connect" }).count()).toBe(0);
    await page.getByLabel("API key").fill("accepted");
    await page.getByRole("button", { name: "Test the account" }).click();
    await page.getByText("The account answers: Acme").waitFor();
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("heading", { name: "Acme CRM", exact: true }).waitFor();
    expect(running.asked).toContain("pull acme-main deals");
  });

  it("maps a spreadsheet by menus, with what each row becomes and which are refused, without writing anything", async () => {
    await page.goto(`${running.url}/spreadsheets`);
    const sheet = [
      "Opportunity ID;Deal Name;Phase;Amount;Owner;Closed",
      "D-1;Rollout;Discovery;12.500,00;Ada Berg;",
      "D-2;Renewal;Won;8.000,00;Ada Berg;12.11.2026",
      ";No key;Discovery;1,00;Jon Lie;",
      "D-4;Expansion;Discovery;abc;Jon Lie;",
    ].join("\n");
    const file = { name: "My deals.csv", mimeType: "text/csv", buffer: Buffer.from(sheet) };
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByRole("heading", { name: "Preview" }).waitFor();
    const pick = async (label: string, option: string): Promise<void> => {
      await page.getByRole("combobox", { name: label, exact: true }).click();
      await page.getByRole("option", { name: option, exact: true }).click();
    };
    await pick("Dates are written", "24.11.2026");
    await pick("Decimal point", "1.234,56");
    await pick("Discovery", "Qualification");
    await pick("Won", "won");
    await page.getByText("2 of these rows are refused").waitFor();
    expect(await page.getByText('"abc" is no number').count()).toBe(1);
    await page.getByRole("button", { name: "Connect the spreadsheet" }).click();
    await page.getByRole("heading", { name: "My deals", exact: true }).waitFor();
    expect(running.asked).toContain("pull my-deals deals");
  });

  it("builds a TV dashboard on a screen in small, by keyboard as well, and a TV shows it", async () => {
    await page.goto(`${running.url}/screens/new`);
    await page.getByLabel("Title").fill("Oslo");
    await page.getByRole("button", { name: "Add a tile" }).click();
    await page.getByRole("combobox", { name: "What it shows" }).click();
    await page.getByRole("option", { name: "A text" }).click();
    await page.getByRole("textbox", { name: "Text", exact: true }).fill("Well done");
    const tiles = page.frameLocator("iframe").locator(".tile");
    await tiles.nth(1).getByText("Well done").waitFor();
    await page.getByRole("button", { name: /^Tile 2: A text, 3 by 2/ }).focus();
    await page.keyboard.press("Shift+ArrowRight");
    await page.getByRole("button", { name: /^Tile 2: A text, 4 by 2/ }).focus();
    await page.keyboard.press("ArrowLeft");
    await tiles.nth(0).getByText("Well done").waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Oslo" }).waitFor();
    await page.goto(`${running.url}/tv/oslo`);
    expect(await page.locator(".tile").first().textContent()).toContain("Well done");
    expect(await page.locator(".tile").first().getAttribute("class")).toContain("w-4");
  });

  it("says of a connection that was never loaded what is wrong with it, wherever it is looked at", async () => {
    const { db } = running.deps.store;
    const streams = ["deals", "pipelines"].map((stream, index) => ({
      connection_id: "acme-main",
      stream,
      failures_in_a_row: 1 - index,
      fresh_as_of: index === 0 ? null : new Date(),
    }));
    await db.deleteFrom("stream_states").where("connection_id", "=", "acme-main").execute();
    await db.insertInto("stream_states").values(streams).execute();
    for (const path of ["/", "/connections", "/connections/acme-main"]) {
      await page.goto(running.url + path);
      await page.getByText("Acme CRM could not be read yet").first().waitFor();
    }
    await page.goto(`${running.url}/connections`);
    // Not as fresh as the one stream that came.
    const card = page.getByRole("article").filter({ hasText: "acme-main" });
    expect(await card.innerText()).toMatch(/Data as of\s+never/);
  });

  it("maps stages by dragging them, and by their lists", async () => {
    const world = await World.create(running.deps.store);
    await world.pipeline("Sales", ["Lead", "Offer"]);
    await page.goto(`${running.url}/settings/stages`);
    const column = (name: string): Locator =>
      page.locator(".drop", { has: page.getByRole("heading", { name, exact: true }) });
    await page.getByText("Lead", { exact: true }).dragTo(column("Qualification"));
    await column("Qualification").getByText("Lead", { exact: true }).waitFor();
    await page.getByRole("combobox", { name: "Offer: which stage it is" }).click();
    await page.getByRole("option", { name: "Close", exact: true }).click();
    await column("Close").getByText("Offer", { exact: true }).waitFor();
    expect(await page.getByText("Not mapped yet").count()).toBe(0);
  });

  it("has pages that everybody can use, in both languages, light and dark", async () => {
    await newConnection(running.deps.store, "acme-2", `A name that goes on <b>and</b> on ${"and on ".repeat(20)}`);
    const found: string[] = [];
    for (const [locale, colorScheme] of [
      ["en", "light"],
      ["fr", "dark"],
    ] as const) {
      const own = await browser.newContext({ locale, colorScheme, storageState: await context.storageState() });
      const other = await own.newPage();
      const settled = settling(other);
      await other.goto(running.url);
      for (const path of PAGES) {
        // As a link of the application does it: nothing is loaded anew.
        await other.evaluate(`history.pushState(null, "", ${JSON.stringify(path)})`);
        await settled();
        await other.locator("h1").waitFor();
        found.push(...(await axe(other)).map((one) => `${path} ${locale} ${colorScheme} ${one}`));
      }
      await own.close();
    }
    expect(found).toEqual([]);
  });

  it("has asked nobody else for anything, and nothing went wrong in the browser", () => {
    expect(noise.filter((one) => !/422|404/.test(one))).toEqual([]);
  });
});

const PAGES = [
  "/",
  "/connections",
  "/connections/new",
  "/connections/new/zendesk",
  "/connections/acme-main",
  "/spreadsheets",
  "/kpis",
  "/kpis/won_value?by=rep",
  "/kpis/win_rate?grain=month&period=this_year",
  "/funnel",
  "/movement",
  "/forecast",
  "/pipeline",
  "/goals",
  "/reps",
  "/what-works",
  "/review",
  "/review?step=numbers",
  "/review?step=actions",
  "/deals",
  "/activities",
  "/who/person",
  "/screens",
  "/screens/new",
  "/screens/dashboard/pipeline",
  "/screens/feed/won-by-rep",
  "/destinations",
  "/webhooks",
  "/keys",
  "/settings",
  "/settings/hours",
  "/settings/rates",
  "/settings/stages",
  "/settings/teams",
  "/settings/users",
  "/settings/audit",
  "/settings/health",
];
