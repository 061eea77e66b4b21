import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../core/base/json.ts";
import type { ConnectionRow } from "../core/store/setup/connection-rows.ts";
import type { ExchangeRate } from "../core/store/setup/exchange-rates.ts";
import type { WorkspaceRow } from "../core/store/setup/workspace.ts";
import type { Desired, DesiredConnection } from "./desired.ts";
import { SECRET_PART } from "./issues.ts";
import { pathText, type Path } from "./yaml.ts";

/** What is set up now, with secrets opened for comparison. */
export type Stored = {
  readonly workspace: WorkspaceRow;
  readonly exchangeRates: readonly ExchangeRate[];
  readonly connections: readonly StoredConnection[];
  readonly sections: { readonly [section: string]: object };
  /** Only those that a config file has made. */
  readonly webhooks: readonly StoredWebhook[];
};

export type StoredConnection = Omit<ConnectionRow, "credentials"> & {
  /** Null: none, or sealed with a key that is gone. */
  readonly credentials: JsonObject | null;
};

export type StoredWebhook = {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly ordered: boolean;
  readonly description: string | null;
  readonly secret: string | null;
};

export type What = "workspace" | "exchange_rates" | "connection" | "section" | "webhook";

/** One thing that applying would change, or would not. Values of secrets are never in it. */
export type Change = {
  /** `kept`: stored, not in the file, and left alone. */
  readonly action: "create" | "update" | "remove" | "unchanged" | "kept";
  readonly what: What;
  readonly id: string;
  readonly fields: readonly FieldChange[];
};

export type FieldChange = {
  /** `settings.tables.deals.key` */
  readonly field: string;
  /** As JSON; null: absent. Secrets read `«secret»`. */
  readonly from: string | null;
  readonly to: string | null;
};

/**
 * What would change, in the order in which it is applied. The file wins where it speaks; where it is silent things stay, except that with
 * `prune` connections, sections and webhooks that it does not have are removed.
 */
export function plan(desired: Desired, stored: Stored, options: { readonly prune: boolean }): readonly Change[] {
  return [
    ...planWorkspace(desired, stored),
    ...planConnections(desired, stored, options.prune),
    ...planSections(desired, stored, options.prune),
    ...planWebhooks(desired, stored, options.prune),
  ];
}

/** Whether applying would change anything. */
export function hasChanges(changes: readonly Change[]): boolean {
  return changes.some((change) => change.action !== "unchanged" && change.action !== "kept");
}

function planWorkspace(desired: Desired, stored: Stored): readonly Change[] {
  const changes: Change[] = [];
  if (Object.keys(desired.workspace).length > 0) {
    const current = Object.fromEntries(
      Object.keys(desired.workspace).map((key) => [key, stored.workspace[key as keyof WorkspaceRow]]),
    );
    changes.push(compare("workspace", "workspace", current, desired.workspace));
  }
  if (desired.exchangeRates !== null) {
    const keyed = (rates: readonly ExchangeRate[]): object =>
      Object.fromEntries(rates.map((rate) => [`${rate.currency} ${rate.day}`, rate.rate]));
    changes.push(
      compare("exchange_rates", "exchange_rates", keyed(stored.exchangeRates), keyed(desired.exchangeRates)),
    );
  }
  return changes;
}

function planConnections(desired: Desired, stored: Stored, prune: boolean): readonly Change[] {
  const changes = desired.connections.map((wanted): Change => {
    const found = stored.connections.find((one) => one.id === wanted.id);
    if (found === undefined) return created("connection", wanted.id, connectionView(wanted));
    return compare("connection", wanted.id, storedView(found, wanted), connectionView(wanted));
  });
  const wantedIds = new Set(desired.connections.map((one) => one.id));
  const rest = stored.connections.filter((one) => !wantedIds.has(one.id));
  return [...changes, ...rest.map((one) => leftOver("connection", one.id, prune))];
}

/** The fields of a connection that a file speaks of. */
function connectionView(one: DesiredConnection): object {
  return {
    connector: one.connector,
    title: one.title,
    settings: one.settings,
    ...(one.credentials === null ? {} : { credentials: one.credentials }),
    ...(one.schedule === null ? {} : { schedule: one.schedule }),
    ...(one.streams === null ? {} : { streams: one.streams }),
    ...(one.backfillFrom === null ? {} : { backfill_from: one.backfillFrom }),
    ...(one.paused === null ? {} : { paused: one.paused }),
  };
}

function storedView(one: StoredConnection, wanted: DesiredConnection): object {
  // Tokens that the hub received since are no change of what the file says.
  const credentials =
    wanted.credentials === null
      ? {}
      : {
          credentials: Object.fromEntries(
            Object.entries(one.credentials ?? {}).filter(([key]) => Object.hasOwn(wanted.credentials ?? {}, key)),
          ),
        };
  return {
    connector: one.connector,
    title: one.title,
    settings: one.settings,
    ...credentials,
    ...(one.schedule === null ? {} : { schedule: one.schedule }),
    ...(one.streams === null ? {} : { streams: one.streams }),
    ...(one.backfillFrom === null ? {} : { backfill_from: one.backfillFrom }),
    ...(wanted.paused === null ? {} : { paused: one.state === "paused" }),
  };
}

function planSections(desired: Desired, stored: Stored, prune: boolean): readonly Change[] {
  const changes = Object.entries(desired.sections).map(([name, value]): Change => {
    const found = stored.sections[name];
    return found === undefined ? created("section", name, value) : compare("section", name, found, value);
  });
  const rest = Object.keys(stored.sections).filter((name) => !Object.hasOwn(desired.sections, name));
  return [...changes, ...rest.map((name) => leftOver("section", name, prune))];
}

function planWebhooks(desired: Desired, stored: Stored, prune: boolean): readonly Change[] {
  const view = (one: {
    readonly events: readonly string[];
    readonly ordered: boolean;
    readonly description?: string | null | undefined;
    readonly secret: string | null;
  }): object => ({
    events: [...one.events],
    ordered: one.ordered,
    description: one.description ?? null,
    secret: one.secret,
  });
  const changes = (desired.webhooks ?? []).map((wanted): Change => {
    const found = stored.webhooks.find((one) => one.url === wanted.url);
    return found === undefined
      ? created("webhook", wanted.url, view(wanted))
      : compare("webhook", wanted.url, view(found), view(wanted));
  });
  const urls = new Set(desired.webhooks?.map((one) => one.url));
  const rest = stored.webhooks.filter((one) => !urls.has(one.url));
  // A section that is there lists all of them.
  return [...changes, ...rest.map((one) => leftOver("webhook", one.url, prune || desired.webhooks !== null))];
}

function created(what: What, id: string, value: object): Change {
  return { action: "create", what, id, fields: fieldChanges({}, value, []) };
}

function leftOver(what: What, id: string, isRemoved: boolean): Change {
  return { action: isRemoved ? "remove" : "kept", what, id, fields: [] };
}

function compare(what: What, id: string, before: object, after: object): Change {
  const fields = fieldChanges(before, after, []);
  return { action: fields.length === 0 ? "unchanged" : "update", what, id, fields };
}

/** The leaves in which two values differ; lists count as leaves. */
function fieldChanges(before: unknown, after: unknown, path: Path): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const isSecret = path.some((step) => SECRET_PART.test(String(step)));
  if (!isMap(before) || !isMap(after)) {
    // A new part of the tree is listed by its leaves.
    if (isMap(after) && before === undefined) return fieldChanges({}, after, path);
    return [{ field: pathText(path), from: shown(before, isSecret), to: shown(after, isSecret) }];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].toSorted().flatMap((key) => fieldChanges(before[key], after[key], [...path, key]));
}

function isMap(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown, isSecret: boolean): string | null {
  if (value === undefined) return null;
  return isSecret ? "«secret»" : JSON.stringify(value);
}
