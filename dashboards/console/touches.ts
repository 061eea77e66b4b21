import type { RequestHandler } from "express";
import { z } from "zod";
import { listTouches, type TouchRef, type TouchRow } from "../../core/store/identity/touches.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { principalOf } from "../auth/identify.ts";
import type { ServerDeps } from "../web/deps.ts";
import { createFormat, type Format } from "../web/format.ts";
import { type Html, html } from "../web/html.ts";
import { page, when } from "./layout.ts";

const MOST_SHOWN = 100;

/** `/activities`: the latest, of everyone or of one person, each with its doubles and the deal it belongs to, and by which rules. */
export function touchesPage(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const { db } = deps.store;
    const person = z.uuid().safeParse(request.query["person"]);
    const doubles = request.query["doubles"] === "1";
    const filter = { person: person.success ? person.data : null, doubles: doubles ? true : null, deal: null };
    const [rows, workspace] = await Promise.all([
      listTouches(db, { ...filter, limit: MOST_SHOWN, before: null }),
      readWorkspace(db),
    ]);
    const format = createFormat(workspace);
    const content = html`<h1>Activities</h1>
      <p><a href="/activities">The latest</a> <a href="/activities?doubles=1">Doubles, which do not count</a></p>
      ${rows.length === 0 ? html`<p class="soft">None.</p>` : table(rows, format)}
      ${rows.length === MOST_SHOWN ? html`<p class="soft">The latest ${MOST_SHOWN}. The rest: GET /api/v1/activities.</p>` : null}`;
    response.type("html").send(page({ title: "Activities", principal: principalOf(response), content }));
  };
}

function table(rows: readonly TouchRow[], format: Format): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Tool</th>
          <th scope="col">Rep</th>
          <th scope="col">Person</th>
          <th scope="col">Deal</th>
          <th scope="col">The same touch</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <td>${when(row.occurredAt, format.dateTime)}</td>
              <td>${linked(row.url, row.subject ?? row.type)} <span class="soft">${row.type}</span></td>
              <td>${row.connectionId} <code>${row.externalId}</code></td>
              <td>
                ${row.rep === null ? null : html`<a href="/who/rep/${row.rep.id}">${row.rep.name ?? row.rep.id}</a>`}
              </td>
              <td>
                ${row.person === null ? null : html`<a href="/who/person/${row.person.id}">${row.person.name ?? row.person.id}</a>`}
              </td>
              <td>${row.deal === null ? null : html`${row.deal.name ?? row.deal.id} <code>${row.deal.rule}</code>`}</td>
              <td>
                ${row.duplicateOf === null ? null : html`double of ${touch(row.duplicateOf)}`}
                ${row.duplicates.map((double) => html`also ${touch(double)} `)}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function touch(ref: TouchRef): Html {
  return html`${linked(ref.url, `${ref.connectionId} ${ref.externalId}`)} <code>${ref.rule}</code>`;
}

/** A link may only lead to the web; an address from a tool could otherwise run a script. */
function linked(url: string | null, text: string): Html {
  return url !== null && /^https?:\/\//.test(url) ? html`<a href="${url}">${text}</a>` : html`${text}`;
}
