import type { RequestHandler } from "express";
import { z } from "zod";
import { readCatalogue } from "../../core/metrics/index.ts";
import { DEFAULT_BOARDS } from "../../core/metrics/ready-boards.ts";
import { API_SCOPES, createKey, revokeKey } from "../../core/setup/keys.ts";
import { type ApiKey, listApiKeys } from "../../core/store/setup/api-keys.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { baseUrl } from "../web/address.ts";
import { principalOf } from "../auth/identify.ts";
import { actorOf } from "../auth/principal.ts";
import type { ServerDeps } from "../web/deps.ts";
import { feedTitle, readFeeds } from "../views/feeds/definitions.ts";
import { createFormat } from "../web/format.ts";
import { type Html, html } from "../web/html.ts";
import { readBoards } from "../views/tv/boards.ts";
import { page, when } from "./layout.ts";

const MOST_SHOWN = 200;

/** `/keys`: API keys and link keys; make one, revoke one. */
export function keysPage(deps: ServerDeps): RequestHandler {
  return async (_request, response) => {
    response.type("html").send(await render(deps, principalOf(response), null));
  };
}

const form = z.object({
  name: z.string().trim().min(1).max(100),
  scope: z.union([z.string(), z.array(z.string())]),
});

/** Makes a key and shows it, this once. */
export function createKeyAction(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const given = form.safeParse(request.body);
    const principal = principalOf(response);
    if (!given.success) {
      const complaint = html`<div class="error" role="alert"><p>Give the key a name and at least one scope.</p></div>`;
      response
        .status(422)
        .type("html")
        .send(await render(deps, principal, complaint));
      return;
    }
    const { name, scope } = given.data;
    const scopes = typeof scope === "string" ? [scope] : scope;
    const issued = await createKey(deps.store.db, actorOf(principal), { name, scopes });
    const shown = html`<div class="notice" role="status">
      <p><strong>${issued.key.name}</strong>: copy it now, it is not shown again.</p>
      <p><code class="secret">${issued.token}</code></p>
      ${linksOf(issued.key, issued.token, baseUrl(deps, request))}
    </div>`;
    response
      .set("Cache-Control", "no-store")
      .type("html")
      .send(await render(deps, principal, shown));
  };
}

export function revokeKeyAction(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const { store, clock } = deps;
    await revokeKey(store.db, actorOf(principalOf(response)), String(request.params["id"]), clock.now());
    response.redirect(303, "/keys");
  };
}

/** Ready addresses of what a link key opens. */
function linksOf(key: ApiKey, token: string, base: string): Html | null {
  const links = key.scopes.flatMap((scope) => {
    const [kind, id] = scope.split(":");
    if (kind !== "tv" && kind !== "feed") return [];
    const name = id === "*" ? (kind === "tv" ? (DEFAULT_BOARDS[0]?.id ?? "") : "<feed>") : (id ?? "");
    return [`${base}/${kind === "tv" ? "tv" : "feeds"}/${name}?key=${token}`];
  });
  return links.length === 0 ? null : html`${links.map((link) => html`<p><code class="secret">${link}</code></p>`)}`;
}

async function render(
  deps: ServerDeps,
  principal: ReturnType<typeof principalOf>,
  message: Html | null,
): Promise<string> {
  const { db } = deps.store;
  const [keys, boards, feeds, workspace, catalogue] = await Promise.all([
    listApiKeys(db, { limit: MOST_SHOWN, before: null }),
    readBoards(db),
    readFeeds(db),
    readWorkspace(db),
    readCatalogue(db),
  ]);
  const format = createFormat(workspace);
  const content = html`<h1>Keys</h1>
    ${message}
    <section class="card wide">
      <h2>New API key</h2>
      <form method="post" action="/keys">
        <label>Name <input name="name" required maxlength="100" placeholder="Zapier" /></label>
        <fieldset>
          <legend>May</legend>
          ${API_SCOPES.map((scope) => html`<label class="check"><input type="checkbox" name="scope" value="${scope}" /> ${scope}</label>`)}
        </fieldset>
        <button class="primary">Make the key</button>
      </form>
    </section>
    <section class="card wide">
      <h2>New link for a screen or feed</h2>
      <form method="post" action="/keys">
        <label>Name <input name="name" required maxlength="100" placeholder="TV in the sales room" /></label>
        <label>
          Opens
          <select name="scope">
            ${boards.map(({ id, title }) => html`<option value="tv:${id}">TV: ${title}</option>`)}
            <option value="tv:*">TV: all</option>
            ${feeds.map((feed) => html`<option value="feed:${feed.id}">Feed: ${feedTitle(feed, catalogue)}</option>`)}
            <option value="feed:*">Feed: all</option>
          </select>
        </label>
        <button class="primary">Make the link</button>
      </form>
    </section>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Begins with</th>
            <th scope="col">Scopes</th>
            <th scope="col">Made</th>
            <th scope="col">Last used</th>
            <th scope="col"></th>
          </tr>
        </thead>
        <tbody>
          ${keys.map(
            (key) =>
              html`<tr>
                <th scope="row">${key.name}</th>
                <td><code>${key.prefix}…</code></td>
                <td>${key.scopes.join(", ")}</td>
                <td>${when(key.createdAt, format.dateTime)}</td>
                <td>${when(key.lastUsedAt, format.dateTime)}</td>
                <td>
                  ${
                    key.revokedAt === null
                      ? html`<form class="inline" method="post" action="/keys/${key.id}/revoke">
                          <button class="danger" aria-label="Revoke ${key.name}">Revoke</button>
                        </form>`
                      : html`<span class="badge plain">revoked</span>`
                  }
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  return page({ title: "Keys", principal, content });
}

/** `/screens`: where the TVs and feeds are. */
export function screensPage(deps: ServerDeps): RequestHandler {
  return async (_request, response) => {
    const [boards, feeds] = await Promise.all([readBoards(deps.store.db), readFeeds(deps.store.db)]);
    const catalogue = await readCatalogue(deps.store.db);
    const principal = principalOf(response);
    const isAdmin = principal.kind === "user" && principal.role === "admin";
    const content = html`<h1>Screens and feeds</h1>
      <p class="soft">
        These links work while you are signed in.
        ${isAdmin ? html`A TV or a dashboard service needs <a href="/keys">a link key</a>.` : "An admin can make links for TVs."}
      </p>
      <h2>TV dashboards</h2>
      <ul class="cards">
        ${boards.map(
          (board) =>
            html`<li class="card">
              <h3><a href="/tv/${board.id}">${board.title}</a></h3>
              <p class="soft"><code>/tv/${board.id}</code>, ${board.tiles.length} tiles</p>
            </li>`,
        )}
      </ul>
      <h2>Feeds</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Feed</th>
              <th scope="col">Widget</th>
              <th scope="col">KPI</th>
              <th scope="col">Address</th>
            </tr>
          </thead>
          <tbody>
            ${feeds.map(
              (feed) =>
                html`<tr>
                  <th scope="row"><a href="/feeds/${feed.id}">${feedTitle(feed, catalogue)}</a></th>
                  <td>${feed.widget}</td>
                  <td><code>${feed.metric}</code></td>
                  <td><code>/feeds/${feed.id}</code></td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
    response.type("html").send(page({ title: "Screens and feeds", principal, content }));
  };
}
