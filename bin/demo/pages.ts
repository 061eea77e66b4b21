import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import type { Received } from "../../core/destination/define.ts";
import type { CompanyData } from "../../connectors/_simulator/company/model.ts";
import { SHEETS, sheetText } from "./sheets.ts";
import { bytesOf, portOf } from "../../core/base/network.ts";
import { fieldOf, parseJson } from "../../core/base/json.ts";

/** A delivery as somebody who receives the hub's webhooks sees it. */
type Delivery = {
  readonly at: Date;
  readonly id: string;
  readonly type: string;
  readonly isVerified: boolean;
  readonly body: string;
};

export type DemoPages = {
  readonly origin: string;
  close(): Promise<void>;
};

const SHOWN = 40;
const MOST_BYTES = 1024 * 1024;

/**
 * The published spreadsheets at `/sheets/*.csv`, and a receiver of webhooks: `POST /hook`. At `/` what came there and to every other destination;
 * for programs at `/deliveries` and `/received`.
 */
export async function startPages(options: {
  readonly company: CompanyData;
  readonly webhookSecret: string;
  readonly port: number;
  /** What the destinations have, by title. */
  readonly received: () => { readonly [destination: string]: readonly Received[] };
}): Promise<DemoPages> {
  const deliveries: Delivery[] = [];
  const webhook = new Webhook(options.webhookSecret);
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(400).end());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://pages");
    if (request.method === "POST" && pathname === "/hook") {
      deliveries.unshift(received(webhook, request, await bodyOf(request)));
      deliveries.splice(SHOWN);
      response.writeHead(deliveries[0]?.isVerified === true ? 204 : 401).end();
      return;
    }
    const sheet = SHEETS.find((name) => pathname === `/sheets/${name}.csv`);
    if (sheet !== undefined) return publish(request, response, sheetText(options.company, sheet));
    if (pathname === "/deliveries") return sendJson(response, deliveries);
    if (pathname === "/received") return sendJson(response, options.received());
    if (pathname === "/") return sendPage(response, pageOf(deliveries, options.received()));
    response.writeHead(404).end();
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of bytesOf(request)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new RangeError("too large");
  }
  return Buffer.concat(chunks).toString("utf8");
}

function received(webhook: Webhook, request: IncomingMessage, body: string): Delivery {
  const header = (name: string): string => String(request.headers[name] ?? "");
  const headers = Object.fromEntries(
    ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [name, header(name)]),
  );
  let isVerified = true;
  try {
    webhook.verify(body, headers);
  } catch {
    isVerified = false;
  }
  return { at: new Date(), id: header("webhook-id"), type: typeOf(body), isVerified, body };
}

function typeOf(body: string): string {
  try {
    const type = fieldOf(parseJson(body), "type");
    return typeof type === "string" ? type : "?";
  } catch {
    return "?";
  }
}

/** As a published sheet answers: with an ETag, and nothing at all where the reader has that version. */
function publish(request: IncomingMessage, response: ServerResponse, text: string): void {
  const etag = `"${createHash("sha256").update(text).digest("hex").slice(0, 32)}"`;
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  response.writeHead(200, { "content-type": "text/csv; charset=utf-8", etag }).end(text);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function sendPage(response: ServerResponse, html: string): void {
  response
    .writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    })
    .end(html);
}

/** Of each destination the latest, and so much of each. */
const SHOWN_OF_EACH = 20;
const SHOWN_TEXT = 20_000;

function sectionOf(destination: string, received: readonly Received[]): string {
  const latest = received.slice(-SHOWN_OF_EACH).toReversed();
  const items = latest.map(
    ({ at, what, text }) =>
      `<details><summary>${at === null ? "" : `${at.toISOString().slice(11, 19)} `}${escape(what)}</summary><pre>${escape(text.slice(0, SHOWN_TEXT))}</pre></details>`,
  );
  return `<h2>${escape(destination)}</h2>${items.length === 0 ? "<p>Nothing yet.</p>" : items.join("\n")}`;
}

function pageOf(
  deliveries: readonly Delivery[],
  received: { readonly [destination: string]: readonly Received[] },
): string {
  const sections = Object.entries(received).map(([destination, all]) => sectionOf(destination, all));
  const rows = deliveries.map(
    ({ at, id, type, isVerified, body }) =>
      `<tr><td>${at.toISOString().slice(11, 19)}</td><td>${escape(type)}</td><td>${isVerified ? "signed" : "BAD SIGNATURE"}</td>` +
      `<td><code>${escape(id)}</code></td><td><details><summary>body</summary><pre>${escape(body)}</pre></details></td></tr>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="10"><title>What the hub has sent</title>
<style>body{font:15px system-ui;margin:2rem}td{padding:.3rem .8rem;border-top:1px solid #ccc;vertical-align:top}details{margin:.2rem 0}pre{overflow:auto;max-height:24rem;background:#f4f4f4;padding:.5rem}</style>
<h1>What the hub has sent</h1><p>To the simulated destinations of this demo; the newest first.</p>
${sections.join("\n")}
<h2>Webhooks</h2><p>The latest ${SHOWN} webhooks; each checked against the shared secret (Standard Webhooks).</p>
<table>${rows.join("\n")}</table></html>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
