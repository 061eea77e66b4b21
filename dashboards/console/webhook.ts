import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { findTributaryError } from "../../core/base/errors.ts";
import type { InboundWebhook } from "../../core/connector/define.ts";
import { keepWebhookSecret, subscribeWebhook } from "../../core/setup/vendor.ts";
import type { Actor } from "../../core/setup/verb.ts";
import { readInbound } from "../../core/store/setup/connections.ts";
import { lastDeliveryAt } from "../../core/store/pulls/inbound.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { baseUrl, inboundAddress } from "../web/address.ts";
import { principalOf } from "../auth/identify.ts";
import { actorOf } from "../auth/principal.ts";
import type { ServerDeps } from "../web/deps.ts";
import { createFormat } from "../web/format.ts";
import { type Html, html } from "../web/html.ts";
import { notFound, statusOf } from "../web/problem.ts";
import { requireConnection } from "./connection.ts";
import { actionButton, errorBox, page, when } from "./layout.ts";

/** `/connections/{id}/webhook`: where the vendor has to call, and what its calls are checked with. */
export function webhookPage(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const content = await render(deps, String(request.params["id"]), baseUrl(deps, request), null);
    send(response, content);
  };
}

/** Has the vendor call, by its own interface. */
export function subscribeAction(deps: ServerDeps): RequestHandler {
  return change(deps, async (actor, id) => {
    await subscribeWebhook(deps.setup, actor, id);
    return "The vendor calls from now on, and its calls are checked with a secret of this subscription.";
  });
}

const form = z.object({ secret: z.string().trim().min(1).max(10_000) });

/** Keeps the secret that the vendor shows. */
export function keepSecretAction(deps: ServerDeps): RequestHandler {
  return change(deps, async (actor, id, body) => {
    const given = form.safeParse(body);
    if (!given.success) return null;
    await keepWebhookSecret(deps.setup, actor, id, given.data.secret);
    return "The secret is kept. It is not shown again.";
  });
}

/** @param act says what is true now; null: what was posted is not complete. */
function change(
  deps: ServerDeps,
  act: (actor: Actor, id: string, body: unknown) => Promise<string | null>,
): RequestHandler {
  return async (request, response) => {
    const { id } = await requireConnection(deps, String(request.params["id"]));
    let message: Html;
    try {
      const done = await act(actorOf(principalOf(response)), id, request.body);
      if (done === null) {
        response.status(422);
        message = html`<div class="error" role="alert"><p>Paste the secret that the vendor shows.</p></div>`;
      } else {
        message = html`<p class="notice" role="status">${done}</p>`;
      }
    } catch (error) {
      const known = findTributaryError(error);
      if (known === null || known.kind === "bug") throw error;
      response.status(statusOf(known));
      message = errorBox(known);
    }
    send(response, await render(deps, id, baseUrl(deps, request), message));
  };
}

function send(response: Response, content: Html): void {
  response.type("html").send(page({ title: "Webhook", principal: principalOf(response), content }));
}

async function render(deps: ServerDeps, id: string, base: string, message: Html | null): Promise<Html> {
  const connection = await requireConnection(deps, id);
  const connector = deps.connectors.find(({ key }) => key === connection.connector);
  const inbound = await readInbound(deps.store.db, id);
  if (connector?.webhook === undefined || inbound === null) throw notFound("This tool has no webhook.");
  const format = createFormat(await readWorkspace(deps.store.db));
  const path = `/connections/${encodeURIComponent(id)}`;
  return html`<p class="soft"><a href="/">Connections</a> / <a href="${path}">${connection.title}</a> /</p>
    <h1>Webhook</h1>
    ${message}
    <p>
      What ${connector.title} tells of by a webhook is here within a second or two. Everything else, and all of it
      without one, comes by schedule; nothing is lost either way.
    </p>
    <dl class="facts">
      <div>
        <dt>Last delivery</dt>
        <dd>${when(await lastDeliveryAt(deps.store.db, id), format.dateTime)}</dd>
      </div>
      <div>
        <dt>Secret</dt>
        <dd>${secretState(connector.webhook, inbound.secret !== null)}</dd>
      </div>
    </dl>
    ${
      connector.webhook.subscribe === undefined
        ? null
        : html`<section class="card wide">
            <h2>Let the hub set it up</h2>
            <p>${connector.title} takes the address and gives the secret by its interface. Once is enough.</p>
            ${actionButton(`${path}/webhook/subscribe`, "Have the vendor call", "primary")}
          </section>`
    }
    <section class="card wide">
      <h2>By hand</h2>
      <p>Enter this address at the vendor. Whoever has it can try to deliver: treat it like a password.</p>
      <p><code class="secret">${inboundAddress(base, id, inbound.token)}</code></p>
      ${
        deps.options.publicUrl === null
          ? html`<p class="soft">
              <code>PUBLIC_URL</code> is not set: a vendor on the internet does not reach the hub under this address.
            </p>`
          : null
      }
      <form method="post" action="${path}/webhook/secret">
        <label>
          Signing secret, as the vendor shows it
          <textarea name="secret" rows="3" autocomplete="off" spellcheck="false" required></textarea>
        </label>
        <button>Keep the secret</button>
      </form>
    </section>`;
}

function secretState(webhook: InboundWebhook, hasSecret: boolean): Html {
  if (hasSecret) return html`<span class="badge good">kept</span>`;
  if (webhook.takesUnsigned === true)
    return html`<span class="badge plain">none: the address is all the proof there is</span>`;
  return html`<span class="badge warn">none: deliveries are refused</span>`;
}
