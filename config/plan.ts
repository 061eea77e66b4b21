import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../core/base/json.ts";
import type { AnyDestination } from "../core/destination/define.ts";
import { isSecretPath } from "../core/secrets/declared.ts";
import { SIGN_IN_SECTION } from "../core/setup/providers.ts";
import type { ConnectionRow } from "../core/store/setup/connection-rows.ts";
import type { ExchangeRate } from "../core/store/setup/exchange-rates.ts";
import type { WorkspaceRow } from "../core/store/setup/workspace.ts";
import type { Desired, DesiredConnection } from "./desired.ts";
import { pathText, type Path } from "./yaml.ts";
import { keysOf } from "../core/base/keys.ts";

/** What is set up now, with secrets opened for comparison. */
export type Stored = {
  readonly workspace: WorkspaceRow;
  readonly exchangeRates: readonly ExchangeRate[];
  readonly connections: readonly StoredConnection[];
  readonly sections: { readonly [section: string]: object };
  /** Only those that a config file has made. */
  readonly receivers: readonly StoredReceiver[];
};

export type StoredConnection = Omit<ConnectionRow, "credentials"> & {
  /** Null: none, or sealed with a key that is gone. */
  readonly credentials: JsonObject | null;
};

export type StoredReceiver = {
  readonly id: string;
  readonly destination: string;
  readonly name: string;
  /** With secrets opened; null where the key that sealed one is gone. */
  readonly settings: object;
};

export type What = "workspace" | "exchange_rates" | "connection" | "section";

/** One thing that applying would change, or would not. Values of secrets are never in it. */
export type Change = Subject & {
  /** `kept`: stored, not in the file, and left alone. */
  readonly action: "create" | "update" | "remove" | "unchanged" | "kept";
  readonly fields: readonly FieldChange[];
};

/** What is changed. A receiver of events is called what its destination calls it (`webhook`), and its id is its name. */
type Subject =
  | { readonly what: What; readonly id: string; readonly receiverOf?: undefined }
  | { readonly what: string; readonly id: string; readonly receiverOf: string };

export type FieldChange = {
  /** `settings.tables.deals.key` */
  readonly field: string;
  /** As JSON; null: absent. Secrets read `«secret»`. */
  readonly from: string | null;
  readonly to: string | null;
};

/**
 * What would change, in the order in which it is applied. The file wins where it speaks; where it is silent things stay, except that with
 * `prune` connections, sections and receivers of events that it does not have are removed.
 */
export function plan(desired: Desired, stored: Stored, options: PlanOptions): readonly Change[] {
  return [
    ...planWorkspace(desired, stored),
    ...planConnections(desired, stored, options.prune),
    ...planSections(desired, stored, options),
    ...options.destinations.flatMap((destination) => planReceivers(destination, desired, stored, options.prune)),
  ];
}

export type PlanOptions = { readonly prune: boolean; readonly destinations: readonly AnyDestination[] };

/** Whether applying would change anything. */
export function hasChanges(changes: readonly Change[]): boolean {
  return changes.some((change) => change.action !== "unchanged" && change.action !== "kept");
}

function planWorkspace(desired: Desired, stored: Stored): readonly Change[] {
  const changes: Change[] = [];
  if (Object.keys(desired.workspace).length > 0) {
    const current = Object.fromEntries(keysOf(desired.workspace).map((key) => [key, stored.workspace[key]]));
    changes.push(compare(own("workspace", "workspace"), current, desired.workspace));
  }
  if (desired.exchangeRates !== null) {
    const keyed = (rates: readonly ExchangeRate[]): object =>
      Object.fromEntries(rates.map((rate) => [`${rate.currency} ${rate.day}`, rate.rate]));
    changes.push(
      compare(own("exchange_rates", "exchange_rates"), keyed(stored.exchangeRates), keyed(desired.exchangeRates)),
    );
  }
  return changes;
}

function planConnections(desired: Desired, stored: Stored, prune: boolean): readonly Change[] {
  const changes = desired.connections.map((wanted): Change => {
    const found = stored.connections.find((one) => one.id === wanted.id);
    const subject = own("connection", wanted.id);
    if (found === undefined) return created(subject, connectionView(wanted), isCredential);
    return compare(subject, storedView(found, wanted), connectionView(wanted), isCredential);
  });
  const wantedIds = new Set(desired.connections.map((one) => one.id));
  const rest = stored.connections.filter((one) => !wantedIds.has(one.id));
  return [...changes, ...rest.map((one) => leftOver(own("connection", one.id), prune))];
}

/** The fields of a connection that a file speaks of. */
function connectionView(one: DesiredConnection): object {
  return {
    connector: one.connector,
    title: one.title,
    settings: one.settings,
    ...(one.filesFrom === null ? {} : { files_below: one.filesFrom }),
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
    ...(wanted.filesFrom === null || one.filesFrom === null ? {} : { files_below: one.filesFrom }),
    ...credentials,
    ...(one.schedule === null ? {} : { schedule: one.schedule }),
    ...(one.streams === null ? {} : { streams: one.streams }),
    ...(one.backfillFrom === null ? {} : { backfill_from: one.backfillFrom }),
    ...(wanted.paused === null ? {} : { paused: one.state === "paused" }),
  };
}

function planSections(desired: Desired, stored: Stored, { prune, destinations }: PlanOptions): readonly Change[] {
  const changes = Object.entries(desired.sections).map(([name, value]): Change => {
    const found = stored.sections[name];
    const schema = [...destinations, SIGN_IN_SECTION].find(({ key }) => key === name)?.settings ?? null;
    const isSecret: IsSecret = (path) => schema !== null && isSecretPath(schema, path);
    const subject = own("section", name);
    return found === undefined
      ? created(subject, byId(value), isSecret)
      : compare(subject, byId(found), byId(value), isSecret);
  });
  const rest = Object.keys(stored.sections).filter((name) => !Object.hasOwn(desired.sections, name));
  return [...changes, ...rest.map((name) => leftOver(own("section", name), prune))];
}

/** A list of things that have ids, by those: so that what goes and what comes is named, one by one. */
function byId(value: object): object {
  const list: unknown = value;
  if (!Array.isArray(list)) return value;
  const byIds = new Map<string, unknown>();
  for (const one of list as readonly unknown[]) {
    const id = isMap(one) ? one["id"] : null;
    if (typeof id !== "string" || byIds.has(id)) return value;
    byIds.set(id, one);
  }
  return Object.fromEntries(byIds) as { readonly [id: string]: unknown };
}

function planReceivers(
  { key, settings, takes }: AnyDestination,
  desired: Desired,
  stored: Stored,
  prune: boolean,
): readonly Change[] {
  if (takes.kind !== "events") return [];
  const subject = (name: string): Subject => ({ what: takes.noun, id: name, receiverOf: key });
  const isSecret: IsSecret = (path) => isSecretPath(settings, path);
  const present = stored.receivers.filter((one) => one.destination === key);
  const wanted = desired.receivers[key];
  const changes = (wanted ?? []).map((one): Change => {
    const found = present.find(({ name }) => name === one.name);
    return found === undefined
      ? created(subject(one.name), one.settings, isSecret)
      : compare(subject(one.name), found.settings, one.settings, isSecret);
  });
  const rest = present.filter(({ name }) => wanted?.some((one) => one.name === name) !== true);
  // A section that is there lists all of them.
  return [...changes, ...rest.map(({ name }) => leftOver(subject(name), prune || wanted !== undefined))];
}

/** Whether what stands at a path may not be shown. */
type IsSecret = (path: Path) => boolean;

const isCredential: IsSecret = ([first]) => first === "credentials";
const isOpen: IsSecret = () => false;

function own(what: What, id: string): Subject {
  return { what, id };
}

function created(subject: Subject, value: object, isSecret: IsSecret): Change {
  return { ...subject, action: "create", fields: fieldChanges({}, value, [], isSecret) };
}

function leftOver(subject: Subject, isRemoved: boolean): Change {
  return { ...subject, action: isRemoved ? "remove" : "kept", fields: [] };
}

function compare(subject: Subject, before: object, after: object, isSecret: IsSecret = isOpen): Change {
  const fields = fieldChanges(before, after, [], isSecret);
  return { ...subject, action: fields.length === 0 ? "unchanged" : "update", fields };
}

/** The leaves in which two values differ; lists count as leaves. */
function fieldChanges(before: unknown, after: unknown, path: Path, isSecret: IsSecret): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isMap(before) || !isMap(after)) {
    // A new part of the tree is listed by its leaves.
    if (isMap(after) && before === undefined) return fieldChanges({}, after, path, isSecret);
    return [{ field: pathText(path), from: shown(before, path, isSecret), to: shown(after, path, isSecret) }];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].toSorted().flatMap((key) => fieldChanges(before[key], after[key], [...path, key], isSecret));
}

function isMap(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list is shown whole, but for the secrets in it. */
function shown(value: unknown, path: Path, isSecret: IsSecret): string | null {
  if (value === undefined) return null;
  return isSecret(path) ? "«secret»" : JSON.stringify(masked(value, path, isSecret));
}

function masked(value: unknown, path: Path, isSecret: IsSecret): unknown {
  if (isSecret(path)) return "«secret»";
  if (Array.isArray(value)) return value.map((one, index) => masked(one, [...path, index], isSecret));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, masked(one, [...path, key], isSecret)]));
}
