import type { Request, RequestHandler } from "express";
import { z } from "zod";
import { findTributaryError } from "../../core/base/errors.ts";
import { makeOne, takeApart } from "../../core/setup/identities.ts";
import {
  findWho,
  listLinks,
  listWho,
  type Who,
  WHO_ENTITIES,
  type WhoEntity,
  type WhoLink,
} from "../../core/store/identity/who.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { principalOf } from "../auth/identify.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import type { ServerDeps } from "../web/deps.ts";
import { createFormat, type Format } from "../web/format.ts";
import { type Html, html } from "../web/html.ts";
import { notFound, statusOf } from "../web/problem.ts";
import { actionButton, errorBox, page, when } from "./layout.ts";

const MOST_SHOWN = 100;
const TITLES: { readonly [entity in WhoEntity]: string } = {
  person: "People",
  company: "Companies",
  rep: "Reps",
  team: "Teams",
  pipeline: "Pipelines",
};

/** `/who/{entity}`: what the tools' rows were made one by; a search for any other. */
export function whoListPage(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const entity = entityOf(request);
    const { search: asked } = request.query;
    const search = typeof asked === "string" && asked.trim() !== "" ? asked.trim().slice(0, 200) : null;
    const { db } = deps.store;
    const [found, links, undone, workspace] = await Promise.all([
      search === null ? [] : listWho(db, entity, { search, limit: MOST_SHOWN, after: null }),
      listLinks(db, entity, { isUndone: false, limit: MOST_SHOWN, before: null }),
      listLinks(db, entity, { isUndone: true, limit: MOST_SHOWN, before: null }),
      readWorkspace(db),
    ]);
    const format = createFormat(workspace);
    const principal = principalOf(response);
    const content = html`<h1>Who is one: ${TITLES[entity].toLowerCase()}</h1>
      <p>${WHO_ENTITIES.map((one) => html`<a href="/who/${one}">${TITLES[one]}</a> `)}</p>
      <form method="get" action="/who/${entity}">
        <label
          >Find <input name="search" value="${search ?? ""}" placeholder="Name, address, number, domain or id"
        /></label>
        <button>Find</button>
      </form>
      ${
        search === null
          ? null
          : html`<ul class="cards">
              ${found.length === 0 ? html`<li class="soft">Nobody was found.</li>` : null}
              ${found.map(
                (one) =>
                  html`<li class="card">
                    <a href="/who/${entity}/${one.id}">${one.name ?? one.externalId}</a>
                    <p class="soft">
                      ${one.connectionId} ${one.externalId}, ${one.rows} ${one.rows === 1 ? "row" : "rows"}
                    </p>
                  </li>`,
              )}
            </ul>`
      }
      <h2>Made one</h2>
      ${linkTable(entity, links, format, isAdmin(principal))}
      <h2>Taken apart</h2>
      ${linkTable(entity, undone, format, false)}`;
    response.type("html").send(page({ title: "Who is one", principal, content }));
  };
}

/** `/who/{entity}/{id}`: the rows that are one, by which rule and evidence; undo, and link by hand. */
export function whoPage(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    response.type("html").send(await render(deps, request, principalOf(response), null));
  };
}

const linkForm = z.object({ into: z.uuid() });

/** Makes the row one with another, by hand. */
export function linkAction(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const entity = entityOf(request);
    const { id } = await requireWho(deps, request);
    const given = linkForm.safeParse(request.body);
    const principal = principalOf(response);
    const refuse = async (status: number, message: Html): Promise<void> => {
      response
        .status(status)
        .type("html")
        .send(await render(deps, request, principal, message));
    };
    if (!given.success)
      return refuse(422, errorBox({ code: null, message: "That is no id.", mend: "Copy it from the other's page." }));
    try {
      await makeOne(deps.setup, actorOf(principal), { entity, from: id, into: given.data.into });
    } catch (error) {
      const known = findTributaryError(error);
      if (known === null || known.kind === "bug") throw error;
      return refuse(statusOf(known), errorBox(known));
    }
    response.redirect(303, `/who/${entity}/${id}`);
  };
}

/** Takes the rows of a link apart, for good. */
export function undoAction(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const entity = entityOf(request);
    const { id, links } = await requireWho(deps, request);
    const link = links.find((one) => String(one.id) === request.params["link"]);
    if (link === undefined) throw notFound("There is no such link here.");
    await takeApart(deps.setup, actorOf(principalOf(response)), link.id);
    response.redirect(303, `/who/${entity}/${id}`);
  };
}

function isAdmin(principal: Principal): boolean {
  return principal.kind === "user" && principal.role === "admin";
}

function entityOf(request: Request): WhoEntity {
  const entity = WHO_ENTITIES.find((one) => one === request.params["entity"]);
  if (entity === undefined) throw notFound("There is no such page.");
  return entity;
}

async function requireWho(deps: ServerDeps, request: Request): Promise<Who> {
  const entity = entityOf(request);
  const id = z.uuid().safeParse(request.params["id"]);
  const who = id.success ? await findWho(deps.store.db, entity, id.data) : null;
  if (who === null) throw notFound(`There is no ${entity} with this id.`);
  return who;
}

async function render(deps: ServerDeps, request: Request, principal: Principal, message: Html | null): Promise<string> {
  const entity = entityOf(request);
  const who = await requireWho(deps, request);
  const format = createFormat(await readWorkspace(deps.store.db));
  const title = who.name ?? who.id;
  const content = html`<p class="soft"><a href="/who/${entity}">Who is one</a> /</p>
    <h1>${title}</h1>
    ${message} ${entity === "person" ? html`<p><a href="/activities?person=${who.id}">Activities</a></p>` : null}
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Row</th>
            <th scope="col">Tool</th>
            <th scope="col">Recognised by</th>
            <th scope="col">Id</th>
          </tr>
        </thead>
        <tbody>
          ${who.rows.map(
            (row) =>
              html`<tr>
                <th scope="row">${row.name ?? row.externalId}</th>
                <td>${row.connectionId}</td>
                <td>${row.keys.map((key) => html`<code>${key.type}:${key.value}</code> `)}</td>
                <td><code>${row.id}</code></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <h2>Why</h2>
    ${linkTable(entity, who.links, format, isAdmin(principal), who.id)}
    ${
      isAdmin(principal)
        ? html`<section class="card">
            <h2>Make one with another</h2>
            <form method="post" action="/who/${entity}/${who.id}/link">
              <label>The other's id <input name="into" required /></label>
              <button class="primary">Make one</button>
            </form>
          </section>`
        : null
    }`;
  return page({ title, principal, content });
}

function linkTable(
  entity: WhoEntity,
  links: readonly WhoLink[],
  format: Format,
  mayUndo: boolean,
  of: string | null = null,
): Html {
  if (links.length === 0) return html`<p class="soft">None.</p>`;
  const end = (side: WhoLink["from"]): Html =>
    html`<a href="/who/${entity}/${side.id}">${side.name ?? side.externalId ?? side.id}</a>
      <span class="soft">${side.connectionId ?? "gone"}</span>`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Row</th>
          <th scope="col">Is</th>
          <th scope="col">Rule</th>
          <th scope="col">Evidence</th>
          <th scope="col">Since</th>
          <th scope="col"></th>
        </tr>
      </thead>
      <tbody>
        ${links.map(
          (link) =>
            html`<tr>
              <td>${end(link.from)}</td>
              <td>${end(link.into)}</td>
              <td><code>${link.rule}</code></td>
              <td><code>${link.evidence}</code></td>
              <td>${when(link.createdAt, format.dateTime)}</td>
              <td>
                ${
                  link.undoneAt !== null
                    ? html`<span class="badge plain">taken apart by ${link.undoneBy}</span>
                        ${when(link.undoneAt, format.dateTime)}`
                    : mayUndo
                      ? actionButton(`/who/${entity}/${of ?? link.from.id}/undo/${link.id}`, "Undo", "danger")
                      : null
                }
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
