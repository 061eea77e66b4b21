import type { RequestHandler } from "express";
import { findTributaryError } from "../../core/base/errors.ts";
import type { AnyConnector, CheckResult } from "../../core/connector/define.ts";
import { pauseConnection, removeConnection, resumeConnection } from "../../core/setup/connections.ts";
import { requestSync } from "../../core/setup/pulls.ts";
import { testConnection } from "../../core/setup/vendor.ts";
import type { Actor } from "../../core/setup/verb.ts";
import { type ConnectionOverview, findConnectionOverview } from "../../core/store/setup/connection-overview.ts";
import {
  type RunOverview,
  findRunOverview,
  listRunLog,
  listRunOverviews,
} from "../../core/store/pulls/run-overview.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { principalOf } from "../auth/identify.ts";
import { actorOf } from "../auth/principal.ts";
import type { ServerDeps } from "../web/deps.ts";
import { type Format, createFormat } from "../web/format.ts";
import { type Html, html } from "../web/html.ts";
import { notFound, statusOf } from "../web/problem.ts";
import { actionButton, errorBox, page, when } from "./layout.ts";
import { progress, stateBadge } from "./overview.ts";

const RUNS_SHOWN = 30;
const LINES_SHOWN = 500;

const NOTICES: { readonly [name: string]: string } = {
  created: "The account is connected. Its first load has been asked for.",
  saved: "The settings are saved.",
  authorised: "The vendor has agreed; the account is signed in.",
  sync: "A pull has been asked for.",
  paused: "The account is paused: nothing is pulled until it is resumed.",
  resumed: "The account is pulled by schedule again.",
};

/** `/connections/{id}`: one account with its streams and runs. */
export function connectionPage(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const { notice: name } = request.query;
    const notice = typeof name === "string" ? NOTICES[name] : undefined;
    const message = notice === undefined ? null : html`<p class="notice" role="status">${notice}</p>`;
    response.type("html").send(await render(deps, String(request.params["id"]), principalOf(response), message));
  };
}

/** The button "Test": reaches the account and shows what it found on the same page. */
export function testAction(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const id = String(request.params["id"]);
    await requireConnection(deps, id);
    let message: Html;
    try {
      message = testResult(await testConnection(deps.setup, actorOf(principalOf(response)), id));
    } catch (error) {
      const known = findTributaryError(error);
      if (known === null || known.kind === "bug") throw error;
      response.status(statusOf(known));
      message = errorBox(known);
    }
    response.type("html").send(await render(deps, id, principalOf(response), message));
  };
}

/** The other buttons: do it, and show the account again. */
export function connectionAction(
  deps: ServerDeps,
  action: "sync" | "full-sync" | "accept-deletions" | "pause" | "resume" | "remove",
): RequestHandler {
  return async (request, response) => {
    const id = String(request.params["id"]);
    await requireConnection(deps, id);
    const notice = await perform(deps, actorOf(principalOf(response)), id, action);
    response.redirect(303, notice === null ? "/" : `/connections/${encodeURIComponent(id)}?notice=${notice}`);
  };
}

async function perform(
  { setup, store }: ServerDeps,
  actor: Actor,
  id: string,
  action: Parameters<typeof connectionAction>[1],
): Promise<string | null> {
  switch (action) {
    case "sync":
    case "full-sync":
    case "accept-deletions":
      await requestSync(setup, actor, id, {
        stream: null,
        full: action === "full-sync",
        acceptDeletions: action === "accept-deletions",
      });
      return "sync";
    case "pause":
      await pauseConnection(setup, actor, id);
      return "paused";
    case "resume":
      await resumeConnection(setup, actor, id);
      return "resumed";
    case "remove":
      await removeConnection(store, actor, id);
      return null;
    default:
      return action satisfies never;
  }
}

export async function requireConnection(deps: ServerDeps, id: string): Promise<ConnectionOverview> {
  const connection = await findConnectionOverview(deps.store.db, id);
  if (connection === null) throw notFound("There is no connection with this id.");
  return connection;
}

function testResult(result: CheckResult): Html {
  return html`<div class="notice" role="status">
    <p>Reached <strong>${result.accountName}</strong> (${result.accountId}).</p>
    ${
      result.missingPermissions.length === 0
        ? html`<p>No permission is missing.</p>`
        : html`<p>Missing permissions:</p>
            <ul>
              ${result.missingPermissions.map((text) => html`<li>${text}</li>`)}
            </ul>`
    }
    ${result.warnings.map((text) => html`<p>${text}</p>`)} ${(result.details ?? []).map((text) => html`<p>${text}</p>`)}
  </div>`;
}

async function render(
  deps: ServerDeps,
  id: string,
  principal: ReturnType<typeof principalOf>,
  message: Html | null,
): Promise<string> {
  const connection = await requireConnection(deps, id);
  const runs = await listRunOverviews(
    deps.store.db,
    { connectionId: id, stream: null, state: null },
    { limit: RUNS_SHOWN, before: null },
  );
  const format = createFormat(await readWorkspace(deps.store.db));
  const connector = deps.connectors.find(({ key }) => key === connection.connector);
  const isAdmin = principal.kind === "user" && principal.role === "admin";
  const content = html`<p class="soft"><a href="/">Connections</a> /</p>
    <div class="title-row">
      <h1>${connection.title} ${stateBadge(connection.state)}</h1>
      ${isAdmin ? buttons(connection, connector) : null}
    </div>
    ${message}
    ${connection.stateReason === null ? null : errorBox({ code: connection.stateCode, message: connection.stateReason, mend: null })}
    <p class="soft">
      ${connector?.title ?? connection.connector}, account ${connection.accountName ?? "not reached yet"}.
      ${connector === undefined ? null : html`<a href="${safeUrl(connector.docs)}" rel="noreferrer">The vendor's documentation</a>`}
    </p>
    <h2>Streams</h2>
    ${streamTable(connection, connector, format)} ${heldDeletions(connection, isAdmin)}
    <h2>Runs</h2>
    ${runTable(runs, format)} ${isAdmin ? dangerZone(connection) : null}`;
  return page({ title: connection.title, principal, content, isLive: message === null });
}

function buttons(connection: ConnectionOverview, connector: AnyConnector | undefined): Html {
  const base = `/connections/${encodeURIComponent(connection.id)}`;
  const signsInByOAuth = connector?.auth.some(({ kind }) => kind === "oauth2") === true;
  return html`<div class="actions">
    ${actionButton(`${base}/sync`, "Sync now", "primary")} ${actionButton(`${base}/test`, "Test")}
    ${connection.state === "active" ? actionButton(`${base}/pause`, "Pause") : actionButton(`${base}/resume`, "Resume")}
    ${signsInByOAuth ? html`<a class="button" href="/oauth/start/${encodeURIComponent(connection.id)}">Sign in at the vendor</a>` : null}
    ${connector?.webhook === undefined ? null : html`<a class="button" href="${base}/webhook">Webhook</a>`}
    <a class="button" href="${base}/edit">Settings</a>
  </div>`;
}

/** What is gone at the source and was not deleted here, with the button that takes it as meant. */
function heldDeletions(connection: ConnectionOverview, isAdmin: boolean): Html | null {
  const held = connection.streamStates.filter((stream) => stream.heldDeletions > 0);
  if (held.length === 0) return null;
  const base = `/connections/${encodeURIComponent(connection.id)}`;
  return html`<div class="notice" role="status">
    ${held.map((stream) => html`<p><strong>${stream.stream}</strong>: ${stream.partialReason}</p>`)}
    ${isAdmin ? actionButton(`${base}/accept-deletions`, "They are meant to go: delete them") : null}
  </div>`;
}

function dangerZone(connection: ConnectionOverview): Html {
  const base = `/connections/${encodeURIComponent(connection.id)}`;
  return html`<details class="danger-zone">
    <summary>Reload or remove</summary>
    <p>Pull everything anew from the beginning. Nothing that is unchanged is counted twice.</p>
    ${actionButton(`${base}/full-sync`, "Pull everything anew")}
    <p>Remove the account and everything that was pulled from it. This cannot be undone.</p>
    ${actionButton(`${base}/remove`, "Remove with all its data", "danger")}
  </details>`;
}

function streamTable(connection: ConnectionOverview, connector: AnyConnector | undefined, format: Format): Html {
  if (connection.streamStates.length === 0) return html`<p class="soft">Nothing has been pulled yet.</p>`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Stream</th>
          <th scope="col">State</th>
          <th scope="col" class="number">Changes landed</th>
          <th scope="col">Data as of</th>
          <th scope="col">Last success</th>
        </tr>
      </thead>
      <tbody>
        ${connection.streamStates.map(
          (stream) =>
            html`<tr>
              <th scope="row">${connector?.streams[stream.stream]?.title ?? stream.stream}</th>
              <td>
                ${stream.isRunning ? html`<span class="badge plain">running</span>` : null}
                ${stream.failuresInARow > 0 ? html`<span class="badge bad">failed ${stream.failuresInARow}×</span>` : null}
                ${stream.isPartial ? html`<span class="badge warn" title="${stream.partialReason}">incomplete</span>` : null}
                ${stream.refused > 0 ? html`<span class="badge warn">${format.full(stream.refused, "count")} not readable</span>` : null}
                ${!stream.isFirstLoadDone ? html`<span class="badge warn">first load</span>` : null}
                ${stream.isFirstLoadDone && stream.failuresInARow === 0 && !stream.isPartial && stream.refused === 0 ? html`<span class="badge good">ok</span>` : null}
              </td>
              <td class="number">
                ${format.full(stream.records, "count")}${stream.waiting > 0 ? ` (${stream.waiting} waiting)` : ""}
              </td>
              <td>${when(stream.freshAsOf, format.dateTime)}</td>
              <td>${when(stream.lastSuccessAt, format.dateTime)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function runTable(runs: readonly RunOverview[], format: Format): Html {
  if (runs.length === 0) return html`<p class="soft">No runs yet.</p>`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Stream</th>
          <th scope="col">State</th>
          <th scope="col">Started</th>
          <th scope="col">Took</th>
          <th scope="col" class="number">Fetched</th>
          <th scope="col" class="number">New</th>
          <th scope="col" class="number">Changed</th>
          <th scope="col" class="number">Deleted</th>
          <th scope="col">Error</th>
        </tr>
      </thead>
      <tbody>
        ${runs.map(
          (run) =>
            html`<tr>
              <td><a href="/runs/${run.id}">${run.id}</a></td>
              <td>${run.stream}</td>
              <td>${runBadge(run)}</td>
              <td>${when(run.startedAt, format.dateTime)}</td>
              <td>${duration(run)}</td>
              <td class="number">${run.counts.fetched}</td>
              <td class="number">${run.counts.added}</td>
              <td class="number">${run.counts.changed}</td>
              <td class="number">${run.counts.deleted}</td>
              <td>${run.error === null ? null : html`<code>${run.error.code}</code>`}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function runBadge(run: RunOverview): Html {
  const tone = { running: "plain", waiting: "warn", succeeded: "good", failed: "bad", interrupted: "warn" }[run.state];
  return html`<span class="badge ${tone}">${run.state}</span> <span class="soft">${run.kind}</span>`;
}

function duration(run: RunOverview): string {
  if (run.finishedAt === null) return "–";
  const seconds = (run.finishedAt.getTime() - run.startedAt.getTime()) / 1000;
  return seconds < 90 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}

/** `/runs/{id}`: one run with its log lines. */
export function runPage(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const id = Number(request.params["id"]);
    const run = Number.isSafeInteger(id) ? await findRunOverview(deps.store.db, id) : null;
    if (run === null) throw notFound("There is no run with this id.");
    const lines = await listRunLog(deps.store.db, id, { limit: LINES_SHOWN, after: 0 });
    const format = createFormat(await readWorkspace(deps.store.db));
    const { counts } = run;
    const content = html`<p class="soft">
        <a href="/">Connections</a> /
        <a href="/connections/${encodeURIComponent(run.connectionId)}">${run.connectionId}</a> /
      </p>
      <h1>Run ${run.id}: ${run.stream} ${runBadge(run)}</h1>
      ${run.state === "running" ? progress(run) : null} ${run.error === null ? null : errorBox(run.error)}
      <dl class="facts">
        <div>
          <dt>Started</dt>
          <dd>${when(run.startedAt, format.dateTime)} (${run.trigger})</dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd>${duration(run)}</dd>
        </div>
        ${Object.entries(counts).map(
          ([name, count]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${format.full(count, "count")}</dd>
            </div>`,
        )}
      </dl>
      <h2>Log</h2>
      ${
        lines.length === 0
          ? html`<p class="soft">Nothing was noted.</p>`
          : html`<ol class="log">
              ${lines.map(
                (line) =>
                  html`<li class="${line.level}">
                    <time datetime="${line.at.toISOString()}">${format.dateTime(line.at)}</time>
                    <span class="level">${line.level}</span> ${line.message}
                    ${line.code === null ? null : html`<code>${line.code}</code>`}
                    ${line.data === null ? null : html`<code class="data">${JSON.stringify(line.data)}</code>`}
                  </li>`,
              )}
            </ol>`
      }
      ${lines.length === LINES_SHOWN ? html`<p class="soft">The first ${LINES_SHOWN} lines. The rest: GET /api/v1/runs/${run.id}/log.</p>` : null}`;
    response
      .type("html")
      .send(
        page({ title: `Run ${run.id}`, principal: principalOf(response), content, isLive: run.state === "running" }),
      );
  };
}

/** A link may only lead to the web; an address from a declaration could otherwise run a script. */
function safeUrl(url: string): string {
  return /^https?:\/\//.test(url) ? url : "#";
}
