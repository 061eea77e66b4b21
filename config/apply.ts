import { TributaryError } from "../core/base/errors.ts";
import type { JsonObject } from "../core/base/json.ts";
import type { AnyConnector } from "../core/connector/define.ts";
import type { AnyDestination } from "../core/destination/define.ts";
import { assertAddresses } from "../core/destination/check.ts";
import { type SecretSection, sealSection, sectionSecretOf } from "../core/destination/settings.ts";
import { mapSecrets, type FieldPath } from "../core/secrets/declared.ts";
import { credentialsOf, endpointSecretOf, type Secrets } from "../core/secrets/index.ts";
import {
  type ConnectionChanges,
  changeConnection,
  createConnection,
  removeConnection,
} from "../core/setup/connections.ts";
import { SIGN_IN_SECTION } from "../core/setup/providers.ts";
import { changeReceiver, createReceiver, removeReceiver } from "../core/setup/receivers.ts";
import type { Actor } from "../core/setup/verb.ts";
import { setExchangeRates, setSection, setWorkspace } from "../core/setup/workspace.ts";
import type { Db, Tx } from "../core/store/db.ts";
import { listEndpoints } from "../core/store/outbox/endpoints.ts";
import { takeTurn } from "../core/store/turns.ts";
import { listConnectionRows, type ConnectionRow } from "../core/store/setup/connection-rows.ts";
import { listExchangeRates } from "../core/store/setup/exchange-rates.ts";
import { listSections, writeAppliedFile } from "../core/store/setup/settings.ts";
import { readWorkspaceRow } from "../core/store/setup/workspace.ts";
import type { Desired, DesiredConnection } from "./desired.ts";
import { hasChanges, plan, type Change, type Stored, type StoredConnection } from "./plan.ts";

export type ApplyOptions = {
  readonly secrets: Secrets;
  readonly connectors: readonly AnyConnector[];
  /** Folders below which connections may read files, besides the file's own; absent: none. */
  readonly fileFolders?: readonly string[];
  /** Absent: no. */
  readonly allowPrivateNetworks?: boolean;
  readonly actor: Actor;
  /** Whether what the file does not have is removed, with the data that was pulled. */
  readonly prune: boolean;
  readonly destinations: readonly AnyDestination[];
};

/** The hub's own sections that are stored whole in the table `settings`; those of destinations that are pushed to are beside them. */
const SECTIONS: readonly string[] = [
  "pipelines",
  "lead_statuses",
  "reps",
  "teams",
  "forecast",
  "metrics",
  "review",
  "targeted_actions",
  "sources",
  "rules",
  "feeds",
  "dashboards",
  "digests",
];

/** Of the endpoints, those that a config file has made. */
const CREATED_BY = "config";

/** What applying would do. Reads only. */
export async function planConfig(
  db: Db,
  desired: Desired,
  options: Pick<ApplyOptions, "secrets" | "prune" | "destinations">,
): Promise<readonly Change[]> {
  return plan(desired, await readStored(db, options), options);
}

/**
 * Brings what is stored to what the file asks for, in one transaction: all of it or nothing. A second time finds nothing to change.
 * Two at once take turns.
 *
 * @returns what was changed and what was left.
 * @throws TributaryError `config.connection.other_connector`, `webhooks.url_refused`, and what the verbs of connections refuse
 */
export async function applyConfig(db: Db, desired: Desired, options: ApplyOptions): Promise<readonly Change[]> {
  return db.transaction().execute(async (tx) => {
    await takeTurn(tx, "apply_config");
    const stored = await readStored(tx, options);
    const changes = plan(desired, stored, options);
    await writeAppliedFile(tx, {
      workspace: Object.keys(desired.workspace).toSorted(),
      exchange_rates: desired.exchangeRates !== null,
      connections: desired.connections.map(({ id }) => id).toSorted(),
      sections: [...Object.keys(desired.sections), ...Object.keys(desired.receivers)].toSorted(),
    });
    if (!hasChanges(changes)) return changes;
    for (const change of changes) {
      if (change.action === "unchanged" || change.action === "kept") continue;
      await applyChange(tx, change, { desired, stored, ...options });
    }
    return changes;
  });
}

async function readStored(
  db: Db | Tx,
  { secrets, destinations }: Pick<ApplyOptions, "secrets" | "destinations">,
): Promise<Stored> {
  const rows = await listConnectionRows(db);
  const sections: { [section: string]: object } = {};
  for (const { section, value } of await listSections(db)) {
    const withSecrets = [...destinations, SIGN_IN_SECTION].find(({ key }) => key === section);
    if (withSecrets !== undefined)
      sections[section] = openForComparison(withSecrets, value, secrets, sectionSecretOf(section));
    else if (SECTIONS.includes(section)) sections[section] = value;
  }
  const receivers: Stored["receivers"][number][] = [];
  for (const endpoint of await listEndpoints(db)) {
    const destination = destinations.find(({ key }) => key === endpoint.destination);
    if (endpoint.createdBy !== CREATED_BY || destination === undefined) continue;
    const { id, name, settings } = endpoint;
    const opened = openForComparison(destination, settings, secrets, () => endpointSecretOf(id));
    receivers.push({ id, name, destination: destination.key, settings: opened });
  }
  return {
    workspace: await readWorkspaceRow(db),
    exchangeRates: await listExchangeRates(db),
    connections: rows.map((row) => ({ ...row, credentials: openCredentials(row, secrets) })),
    sections,
    receivers,
  };
}

/** A secret that cannot be opened any more is null, and so differs from what the file says. */
function openForComparison(
  { settings }: SecretSection,
  value: object,
  secrets: Secrets,
  belongsTo: (path: FieldPath) => string,
): object {
  return mapSecrets(settings, value, (sealed, path) => opened(secrets, sealed, belongsTo(path)));
}

/** Null when the key that sealed it is gone: then it differs from whatever the file says, and is sealed anew. */
function opened(secrets: Secrets, sealed: string, belongsTo: string): string | null {
  try {
    return secrets.open(sealed, belongsTo);
  } catch (error) {
    if (error instanceof TributaryError) return null;
    throw error;
  }
}

function openCredentials(row: ConnectionRow, secrets: Secrets): JsonObject | null {
  const text = row.credentials === null ? null : opened(secrets, row.credentials, credentialsOf(row.id));
  // Written by `sealCredentials` or by the engine from credentials, which are a map.
  return text === null ? null : (JSON.parse(text) as JsonObject);
}

type ChangeContext = ApplyOptions & { readonly desired: Desired; readonly stored: Stored };

async function applyChange(tx: Tx, change: Change, context: ChangeContext): Promise<void> {
  const { desired, stored, actor } = context;
  if (change.receiverOf !== undefined) return applyReceiver(tx, change, change.receiverOf, context);
  const fields = change.fields.map(({ field }) => field);
  switch (change.what) {
    case "workspace":
      return setWorkspace(tx, actor, { ...stored.workspace, ...desired.workspace }, fields);
    case "exchange_rates":
      return setExchangeRates(tx, actor, desired.exchangeRates ?? [], fields);
    case "connection":
      return applyConnection(tx, change.id, context);
    case "section":
      return applySection(tx, change, context);
    default:
      return change satisfies never;
  }
}

async function applyConnection(tx: Tx, id: string, context: ChangeContext): Promise<void> {
  const { desired, stored, secrets, connectors, actor } = context;
  const { fileFolders = [], allowPrivateNetworks = false } = context;
  const findConnector = (key: string): AnyConnector | null => connectors.find((one) => one.key === key) ?? null;
  const deps = { db: tx, secrets, fileFolders, allowPrivateNetworks, findConnector };
  const wanted = desired.connections.find((one) => one.id === id);
  const found = stored.connections.find((one) => one.id === id);
  if (wanted === undefined) return removeConnection(deps, actor, id);
  if (found !== undefined) return changeConnection(deps, actor, id, changesOf(wanted, found));
  const { credentials, paused, ...rest } = wanted;
  return createConnection(deps, actor, { ...rest, credentials: credentials ?? {}, paused: paused ?? false });
}

/**
 * What the file says of a connection that is there; where it is silent, nothing. Tokens that came with a sign-in stand in no file: they stay
 * beside the credentials that do.
 *
 * @throws TributaryError `config.connection.other_connector`
 */
function changesOf(wanted: DesiredConnection, found: StoredConnection): ConnectionChanges {
  if (found.connector !== wanted.connector)
    throw new TributaryError({
      code: "config.connection.other_connector",
      kind: "config",
      message: `The connection "${wanted.id}" is of the connector ${found.connector}, not ${wanted.connector}.`,
      mend: "What was pulled belongs to its connector: give the new account another id, or remove the old one first.",
    });
  const { title, settings, credentials, schedule, streams, backfillFrom, filesFrom, paused } = wanted;
  return {
    title,
    settings,
    filesFrom,
    ...(credentials === null ? {} : { credentials, keepsOtherCredentials: true }),
    ...(schedule === null ? {} : { schedule }),
    ...(streams === null ? {} : { streams }),
    ...(backfillFrom === null ? {} : { backfillFrom }),
    ...(paused === null ? {} : { paused }),
  };
}

async function applySection(
  tx: Tx,
  change: Change,
  { desired, secrets, actor, destinations, allowPrivateNetworks = false }: ChangeContext,
): Promise<void> {
  const section = change.id;
  const wanted = desired.sections[section] ?? null;
  const destination = destinations.find(({ key }) => key === section);
  if (wanted !== null && destination !== undefined)
    assertAddresses(destination, destination.settings.parse(wanted), { allowPrivateNetworks });
  const withSecrets = [...destinations, SIGN_IN_SECTION].find(({ key }) => key === section);
  const value = wanted === null || withSecrets === undefined ? wanted : sealSection(withSecrets, wanted, secrets);
  await setSection(tx, actor, section, value, doneOf(change));
}

/** A change that is applied, as it is noted. */
function doneOf({ action, fields }: Change): {
  readonly action: "create" | "update" | "remove";
  readonly fields: string[];
} {
  if (action === "unchanged" || action === "kept") throw new Error(`nothing is applied that is ${action}`);
  return { action, fields: fields.map(({ field }) => field) };
}

async function applyReceiver(tx: Tx, change: Change, key: string, context: ChangeContext): Promise<void> {
  const { desired, stored, secrets, actor, allowPrivateNetworks = false } = context;
  const deps = { db: tx, secrets, allowPrivateNetworks };
  const destination = context.destinations.find((one) => one.key === key);
  // The plan has just found it in this list.
  if (destination === undefined) throw new Error(`there is no destination ${key}`);
  const wanted = desired.receivers[key]?.find(({ name }) => name === change.id);
  const found = stored.receivers.find(({ destination: of, name }) => of === key && name === change.id);
  if (wanted === undefined) {
    if (found !== undefined) await removeReceiver(tx, actor, { ...found, destination, createdBy: CREATED_BY });
  } else if (found === undefined) await createReceiver(deps, actor, destination, wanted.settings, CREATED_BY);
  else {
    const { fields } = doneOf(change);
    const receiver = { ...found, destination, createdBy: CREATED_BY };
    await changeReceiver(deps, actor, receiver, wanted.settings, fields);
  }
}
