import type { Request, RequestHandler, Response } from "express";
import { z } from "zod";
import { findTributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { isDay } from "../../core/base/time.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";
import type { AnyConnector } from "../../core/connector/define.ts";
import { changeConnection, connect } from "../../core/setup/connections.ts";
import type { ConnectionOverview } from "../../core/store/setup/connection-overview.ts";
import { principalOf } from "../auth/identify.ts";
import { actorOf } from "../auth/principal.ts";
import type { ServerDeps } from "../web/deps.ts";
import { type Html, html } from "../web/html.ts";
import { notFound, statusOf } from "../web/problem.ts";
import { requireConnection } from "./connection.ts";
import { type FormField, fieldsOf, problemsOf, readFields, renderFields } from "./form.ts";
import { errorBox, page } from "./layout.ts";

const CONNECTION_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** `/connections/new`: which tool? */
export function choosePage(deps: ServerDeps): RequestHandler {
  return (_request, response) => {
    const content = html`<p class="soft"><a href="/">Connections</a> /</p>
      <h1>Connect an account</h1>
      <ul class="cards">
        ${deps.connectors.map(
          (connector) =>
            html`<li class="card">
              <h2><a href="/connections/new/${encodeURIComponent(connector.key)}">${connector.title}</a></h2>
              <p class="soft">
                ${Object.values(connector.streams)
                  .map(({ title }) => title)
                  .join(", ")}
              </p>
            </li>`,
        )}
      </ul>`;
    response.type("html").send(page({ title: "Connect an account", principal: principalOf(response), content }));
  };
}

/** What is in the form: empty, as it is stored, or as it was just posted. */
type Draft = {
  readonly id: string;
  readonly title: string;
  readonly backfillFrom: string;
  readonly settings: JsonObject;
  readonly credentials: JsonObject;
  readonly authIndex: number;
};

/** `/connections/new/{connector}`: the form that the connector's own schema asks for. */
export function newPage(deps: ServerDeps): RequestHandler {
  return (request, response) => {
    const connector = requireConnector(deps, request.params["connector"]);
    const draft: Draft = {
      id: connector.key,
      title: connector.title,
      backfillFrom: "",
      settings: {},
      credentials: {},
      authIndex: authIndexOf(connector, request.query["auth"]),
    };
    response.type("html").send(formPage(connector, draft, response, { existing: null, problems: null, error: null }));
  };
}

export function createAction(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const connector = requireConnector(deps, request.params["connector"]);
    const draft = readDraft(connector, request);
    const problems = check(connector, draft, false);
    if (hasProblems(problems)) {
      response
        .status(422)
        .type("html")
        .send(formPage(connector, draft, response, { existing: null, problems, error: null }));
      return;
    }
    try {
      await connect(deps.setup, actorOf(principalOf(response)), {
        id: draft.id,
        connector: connector.key,
        title: draft.title,
        settings: draft.settings,
        ...(Object.keys(draft.credentials).length === 0 ? {} : { credentials: draft.credentials }),
        schedule: null,
        streams: null,
        backfillFrom: draft.backfillFrom === "" ? null : draft.backfillFrom,
      });
    } catch (error) {
      showAgain(error, connector, draft, response, null);
      return;
    }
    response.redirect(303, `/connections/${encodeURIComponent(draft.id)}?notice=created`);
  };
}

/** `/connections/{id}/edit` */
export function editPage(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const connection = await requireConnection(deps, String(request.params["id"]));
    const connector = requireConnector(deps, connection.connector);
    const draft: Draft = {
      id: connection.id,
      title: connection.title,
      backfillFrom: connection.backfillFrom ?? "",
      settings: connection.settings,
      credentials: {},
      authIndex: authIndexOf(connector, request.query["auth"]),
    };
    response
      .type("html")
      .send(formPage(connector, draft, response, { existing: connection, problems: null, error: null }));
  };
}

export function updateAction(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const connection = await requireConnection(deps, String(request.params["id"]));
    const connector = requireConnector(deps, connection.connector);
    const draft = { ...readDraft(connector, request), id: connection.id };
    const hasCredentials = Object.keys(draft.credentials).length > 0;
    const problems = check(connector, draft, !hasCredentials);
    if (hasProblems(problems)) {
      const page = formPage(connector, draft, response, { existing: connection, problems, error: null });
      response.status(422).type("html").send(page);
      return;
    }
    try {
      await changeConnection({ ...deps.setup, db: deps.store.db }, actorOf(principalOf(response)), connection.id, {
        title: draft.title,
        settings: draft.settings,
        ...(hasCredentials ? { credentials: draft.credentials } : {}),
        backfillFrom: draft.backfillFrom === "" ? null : draft.backfillFrom,
      });
    } catch (error) {
      showAgain(error, connector, draft, response, connection);
      return;
    }
    response.redirect(303, `/connections/${encodeURIComponent(connection.id)}?notice=saved`);
  };
}

/** The form once more, with what was typed and what was wrong with it. */
function showAgain(
  thrown: unknown,
  connector: AnyConnector,
  draft: Draft,
  response: Response,
  existing: ConnectionOverview | null,
): void {
  const error = findTributaryError(thrown);
  if (error === null || error.kind === "bug") throw thrown;
  response
    .status(statusOf(error))
    .type("html")
    .send(formPage(connector, draft, response, { existing, problems: null, error: errorBox(error) }));
}

function requireConnector(deps: ServerDeps, key: unknown): AnyConnector {
  const connector = deps.connectors.find((candidate) => candidate.key === key);
  if (connector === undefined) throw notFound("There is no connector with this name.");
  return connector;
}

function authIndexOf(connector: AnyConnector, asked: unknown): number {
  const index = connector.auth.findIndex(({ kind }) => kind === asked);
  return Math.max(index, 0);
}

const general = z.object({
  "general.id": z.string().trim().default(""),
  "general.title": z.string().trim().default(""),
  "general.backfill_from": z.string().trim().default(""),
  auth: z.string().default(""),
});

function readDraft(connector: AnyConnector, request: Request): Draft {
  const posted = general.parse(request.body ?? {});
  const authIndex = authIndexOf(connector, posted.auth);
  return {
    id: posted["general.id"],
    title: posted["general.title"],
    backfillFrom: posted["general.backfill_from"],
    settings: readFields(fieldsOf(connector.settings), "settings", request.body),
    credentials: readFields(credentialFields(connector.auth[authIndex]), "credentials", request.body),
    authIndex,
  };
}

/** What the hub receives from the vendor itself is not asked of a person. */
const FROM_VENDOR = new Set(["access_token", "refresh_token", "expires_at"]);

function credentialFields(method: AuthMethod | undefined): FormField[] {
  if (method === undefined) return [];
  const fields = fieldsOf(method.credentials);
  return method.kind === "oauth2" ? fields.filter(({ name }) => !FROM_VENDOR.has(name)) : fields;
}

type Problems = {
  readonly general: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
  readonly credentials: ReadonlyMap<string, string>;
};

function check(connector: AnyConnector, draft: Draft, keepsCredentials: boolean): Problems {
  const problems = new Map<string, string>();
  if (!CONNECTION_ID.test(draft.id)) problems.set("id", "Lower-case letters, digits and hyphens.");
  if (draft.title === "") problems.set("title", "Give it a name.");
  if (draft.backfillFrom !== "" && !isDay(draft.backfillFrom)) problems.set("backfill_from", "A day, as YYYY-MM-DD.");
  const method = connector.auth[draft.authIndex];
  return {
    general: problems,
    settings: problemsOf(connector.settings, draft.settings),
    credentials:
      keepsCredentials || method === undefined ? new Map() : problemsOf(method.credentials, draft.credentials),
  };
}

function hasProblems(problems: Problems): boolean {
  return problems.general.size + problems.settings.size + problems.credentials.size > 0;
}

const NONE: Problems = { general: new Map(), settings: new Map(), credentials: new Map() };

function formPage(
  connector: AnyConnector,
  draft: Draft,
  response: Response,
  about: {
    readonly existing: ConnectionOverview | null;
    readonly problems: Problems | null;
    readonly error: Html | null;
  },
): string {
  const { existing } = about;
  const problems = about.problems ?? NONE;
  const title = existing === null ? `Connect ${connector.title}` : `Settings of ${existing.title}`;
  const action =
    existing === null
      ? `/connections/new/${encodeURIComponent(connector.key)}`
      : `/connections/${encodeURIComponent(existing.id)}/edit`;
  const method = connector.auth[draft.authIndex];
  const secrets = credentialFields(method);
  const content = html`<p class="soft"><a href="/">Connections</a> /</p>
    <h1>${title}</h1>
    ${about.error}
    ${hasProblems(problems) ? html`<div class="error" role="alert"><p>Some fields need another look.</p></div>` : null}
    ${connector.auth.length > 1 ? authChoice(connector, action, draft.authIndex) : null}
    <form class="card wide" method="post" action="${action}">
      <input type="hidden" name="auth" value="${method?.kind ?? "none"}" />
      ${renderFields(
        GENERAL.filter(({ name }) => existing === null || name !== "id"),
        {
          group: "general",
          values: { id: draft.id, title: draft.title, backfill_from: draft.backfillFrom },
          isSecret: false,
          problems: problems.general,
        },
      )}
      ${renderFields(fieldsOf(connector.settings), { group: "settings", values: draft.settings, isSecret: false, problems: problems.settings })}
      ${secrets.length === 0 ? null : html`<h2>${method !== undefined && "title" in method ? method.title : "Sign-in"}</h2>`}
      ${existing?.hasCredentials === true && secrets.length > 0 ? html`<p class="soft">Leave these empty to keep what is stored.</p>` : null}
      ${renderFields(secrets, { group: "credentials", values: {}, isSecret: true, problems: problems.credentials })}
      <button class="primary">${existing === null ? "Connect" : "Save"}</button>
    </form>`;
  return page({ title, principal: principalOf(response), content });
}

function authChoice(connector: AnyConnector, action: string, chosen: number): Html {
  return html`<nav class="tabs" aria-label="Way to sign in">
    ${connector.auth.map(
      (method, index) =>
        html`<a href="${action}?auth=${method.kind}" ${index === chosen ? html`aria-current="page"` : null}
          >${"title" in method ? method.title : "No sign-in"}</a
        >`,
    )}
  </nav>`;
}

const text = { type: "text", input: "text" } as const;
const GENERAL: readonly FormField[] = [
  {
    name: "id",
    label: "Id",
    help: "Stable, for addresses and the command line: close-main",
    isRequired: true,
    kind: text,
  },
  { name: "title", label: "Name", help: "How it is shown on screens", isRequired: true, kind: text },
  {
    name: "backfill_from",
    label: "History from",
    help: "Do not load what is older; empty: everything",
    isRequired: false,
    kind: { type: "text", input: "date" },
  },
];
