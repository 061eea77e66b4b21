import { hash } from "node:crypto";
import type { SimAnswer } from "../../_simulator/server.ts";

export type Fields = { readonly [field: string]: unknown };

/** A 13-digit id as Zendesk makes them. Equal seeds, equal ids. */
export function numericId(seed: string): number {
  return 1_000_000_000_000 + (hash("sha256", seed, "buffer").readUIntBE(0, 6) % 9_000_000_000_000);
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** What webhooks and surveys have for an id. */
export function ulid(seed: string): string {
  const bytes = hash("sha256", seed, "buffer");
  return `01${[...bytes.subarray(0, 24)].map((byte) => CROCKFORD[byte % 32]).join("")}`;
}

/** To the second. */
export function isoTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

export function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

export function ok(body: unknown): SimAnswer {
  return { status: 200, body };
}

export function notFound(): SimAnswer {
  return { status: 404, body: { error: "RecordNotFound", description: "Not found" } };
}

/** `error` is an object here and a text elsewhere. */
export function forbidden(): SimAnswer {
  const message =
    "You do not have access to this page. Please contact the account owner of this help desk for further help.";
  return { status: 403, body: { error: { title: "Forbidden", message } } };
}

export function refusal(status: number, error: string, description: string): SimAnswer {
  return { status, body: { error, description } };
}
