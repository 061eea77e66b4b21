import { systemClock } from "../../core/base/clock.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { NO_FILES } from "../../core/connector/files.ts";
import type { CredentialSource, Page } from "../../core/connector/define.ts";
import { createHttpFactory } from "../../core/connector/http-client.ts";
import { unlimited } from "../../core/connector/limits.ts";
import type { Subject } from "./check.ts";
import type { Harness } from "./harness.ts";

/** A connector's client without the hub around it: no store, no shared limits, credentials that are never renewed. */
export function openClient(
  subject: Subject,
  harness: Harness,
): { readonly client: unknown; readonly settings: unknown } {
  const settings = subject.connector.settings.parse(harness.settings);
  const credentials: CredentialSource = {
    current: () => Promise.resolve(harness.credentials),
    refresh: (stale: JsonObject) => Promise.resolve(stale),
  };
  const { signal } = new AbortController();
  const http = createHttpFactory({
    credentials,
    limiter: unlimited,
    clock: systemClock,
    signal,
    allowPrivateNetworks: true,
  });
  const client = subject.connector.createClient({
    settings,
    credentials,
    http,
    files: NO_FILES,
    allowPrivateNetworks: true,
    clock: systemClock,
    signal,
  });
  return { client, settings };
}

/** The pages of a stream from its beginning, straight from the connector. */
export function pagesOf(subject: Subject, harness: Harness, stream: string): AsyncIterable<Page> {
  const { client, settings } = openClient(subject, harness);
  const declared = subject.connector.streams[stream];
  if (declared === undefined) throw new Error(`There is no stream ${stream}.`);
  const { signal } = new AbortController();
  const startedAt = systemClock.now();
  const workspace = { timeZone: "UTC", currency: "EUR" };
  return declared.pull({
    client,
    settings,
    workspace,
    checkpoint: null,
    since: null,
    startedAt,
    signal,
    log: () => undefined,
  });
}
