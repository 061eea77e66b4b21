import type { RequestHandler } from "express";
import type { ConnectionState } from "../../core/schema/tables.ts";
import { type ConnectionOverview, listConnectionOverviews } from "../../core/store/setup/connection-overview.ts";
import { type RunOverview, latestRuns } from "../../core/store/pulls/run-overview.ts";
import { reasonText } from "../../core/metrics/ask/notes.ts";
import { readSourcesOf, type Source } from "../../core/metrics/engine/freshness.ts";
import { checkKey, keyProblem } from "../../core/secrets/check.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { principalOf } from "../auth/identify.ts";
import type { ServerDeps } from "../web/deps.ts";
import { type Format, createFormat } from "../web/format.ts";
import { type Html, html } from "../web/html.ts";
import { errorBox, page, when } from "./layout.ts";

const MOST_SHOWN = 200;

/** `/`: all accounts, how they are, and what is wrong. */
export function overviewPage(deps: ServerDeps): RequestHandler {
  return async (_request, response) => {
    const principal = principalOf(response);
    const { db } = deps.store;
    const [connections, runs, sources, workspace, key] = await Promise.all([
      listConnectionOverviews(db, { limit: MOST_SHOWN, after: null }),
      latestRuns(db),
      readSourcesOf(db, null, deps.clock.now()),
      readWorkspace(db),
      checkKey(db, deps.secrets),
    ]);
    const keyTrouble = keyProblem(key);
    const format = createFormat(workspace);
    const isAdmin = principal.kind === "user" && principal.role === "admin";
    const content = html`<div class="title-row">
        <h1>Connections</h1>
        ${isAdmin ? html`<a class="button primary" href="/connections/new">Connect an account</a>` : null}
      </div>
      ${keyTrouble === null ? null : errorBox(keyTrouble)} ${connections.length === 0 ? emptyState(isAdmin) : null}
      <ul class="cards">
        ${connections.map((connection) => card(connection, runs.get(connection.id) ?? [], sources, format))}
      </ul>`;
    response.type("html").send(page({ title: "Connections", principal, content, isLive: true }));
  };
}

function emptyState(isAdmin: boolean): Html {
  return html`<section class="card">
    <p>No account is connected yet.</p>
    <p class="soft">
      ${isAdmin ? "Connect one here, or write it into config/tributary.yaml and run `tributary apply`." : "An admin can connect one."}
    </p>
  </section>`;
}

function card(
  connection: ConnectionOverview,
  runs: readonly RunOverview[],
  sources: readonly Source[],
  format: Format,
): Html {
  const source = sources.find((one) => one.connection === connection.id);
  const why =
    source === undefined
      ? null
      : reasonText({ ...source, held_deletions: source.heldDeletions }, format.words, (count) =>
          format.full(count, "count"),
        );
  const running = runs.filter(({ state }) => state === "running");
  const latest = runs.toSorted((left, right) => right.id - left.id)[0];
  const failed = runs.find(({ state, error }) => state === "failed" && error !== null);
  return html`<li class="card connection">
    <h2><a href="/connections/${encodeURIComponent(connection.id)}">${connection.title}</a></h2>
    <p>
      ${stateBadge(connection.state)}
      ${why === null || connection.state !== "active" ? null : html`<span class="badge warn">${why}</span>`}
    </p>
    <dl>
      <div>
        <dt>Account</dt>
        <dd>${connection.accountName ?? "–"}</dd>
      </div>
      <div>
        <dt>Data as of</dt>
        <dd>${when(source?.freshAsOf ?? null, format.dateTime)}</dd>
      </div>
      <div>
        <dt>Last run</dt>
        <dd>
          ${latest === undefined ? "never" : html`<a href="/runs/${latest.id}">${latest.stream}</a> ${latest.state}, ${when(latest.startedAt, format.dateTime)}`}
        </dd>
      </div>
    </dl>
    ${running.map((run) => progress(run))}
    ${connection.stateReason === null ? null : errorBox({ code: connection.stateCode, message: connection.stateReason, mend: null })}
    ${failed?.error == null || connection.stateReason !== null ? null : errorBox(failed.error)}
  </li>`;
}

export function stateBadge(state: ConnectionState): Html {
  const [tone, text] = {
    active: ["good", "active"],
    paused: ["plain", "paused"],
    needs_auth: ["bad", "sign-in needed"],
    ended: ["plain", "ended"],
  }[state] as [string, string];
  return html`<span class="badge ${tone}">${text}</span>`;
}

/** How far a run is; without a total, how much it has done. */
export function progress(run: RunOverview): Html {
  const done = run.progress?.done ?? run.counts.fetched;
  const total = run.progress?.total ?? null;
  const words = total === null ? `${done} records` : `${done} of ${total}`;
  return html`<p class="progress">
    <label
      >Pulling ${run.stream}: ${words}
      ${total === null ? html`<progress></progress>` : html`<progress value="${done}" max="${Math.max(total, 1)}"></progress>`}
    </label>
  </p>`;
}
