import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { TributaryError } from "../core/base/errors.ts";
import type { JsonObject } from "../core/base/json.ts";
import type { AnyConnector } from "../core/connector/define.ts";
import { credentialsOf, destinationKeyOf, endpointSecretOf, type Secrets } from "../core/secrets/index.ts";
import {
  type ConnectionChanges,
  changeConnection,
  createConnection,
  removeConnection,
} from "../core/setup/connections.ts";
import { type Actor, noted } from "../core/setup/verb.ts";
import { setExchangeRates, setSection, setWorkspace } from "../core/setup/workspace.ts";
import type { Db, Tx } from "../core/store/db.ts";
import {
  deleteEndpoint,
  endpointSecret,
  insertEndpoint,
  listEndpoints,
  updateEndpoint,
} from "../core/store/outbox/endpoints.ts";
import { listConnectionRows, type ConnectionRow } from "../core/store/setup/connection-rows.ts";
import { listExchangeRates } from "../core/store/setup/exchange-rates.ts";
import { listSections } from "../core/store/setup/settings.ts";
import { readWorkspaceRow } from "../core/store/setup/workspace.ts";
import type { Desired, DesiredConnection } from "./desired.ts";
import { hasChanges, plan, type Change, type Stored, type StoredConnection } from "./plan.ts";

export type ApplyOptions = {
  readonly secrets: Secrets;
  readonly connectors: readonly AnyConnector[];
  readonly actor: Actor;
  /** Whether what the file does not have is removed, with the data that was pulled. */
  readonly prune: boolean;
};

/** Sections that are stored whole in the table `settings`. */
const SECTIONS = ["pipelines", "lead_statuses", "reps", "teams", "feeds", "geckoboard", "dashboards"] as const;

/** Of the endpoints, those that a config file has made. */
const CREATED_BY = "config";

/** What applying would do. Reads only. */
export async function planConfig(
  db: Db,
  desired: Desired,
  options: Pick<ApplyOptions, "secrets" | "prune">,
): Promise<readonly Change[]> {
  return plan(desired, await readStored(db, options.secrets), options);
}

/**
 * Brings what is stored to what the file asks for, in one transaction: all of it or nothing. A second time finds nothing to change.
 * Two at once take turns.
 *
 * @returns what was changed and what was left.
 * @throws TributaryError `config.connection.other_connector`
 */
export async function applyConfig(db: Db, desired: Desired, options: ApplyOptions): Promise<readonly Change[]> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('tributary.apply_config'))`.execute(tx);
    const stored = await readStored(tx, options.secrets);
    const changes = plan(desired, stored, options);
    if (!hasChanges(changes)) return changes;
    for (const change of changes) {
      if (change.action === "unchanged" || change.action === "kept") continue;
      await applyChange(tx, change, { desired, stored, ...options });
    }
    return changes;
  });
}

async function readStored(db: Db | Tx, secrets: Secrets): Promise<Stored> {
  const rows = await listConnectionRows(db);
  const sections: { [section: string]: object } = {};
  for (const { section, value } of await listSections(db)) {
    if ((SECTIONS as readonly string[]).includes(section)) sections[section] = openSection(section, value, secrets);
  }
  const webhooks: Stored["webhooks"][number][] = [];
  for (const endpoint of await listEndpoints(db)) {
    if (endpoint.createdBy !== CREATED_BY) continue;
    const sealed = await endpointSecret(db, endpoint.id);
    webhooks.push({
      id: endpoint.id,
      url: endpoint.url,
      events: endpoint.eventTypes,
      ordered: endpoint.isOrdered,
      description: endpoint.description,
      secret: sealed === null ? null : opened(secrets, sealed, endpointSecretOf(endpoint.id)),
    });
  }
  return {
    workspace: await readWorkspaceRow(db),
    exchangeRates: await listExchangeRates(db),
    connections: rows.map((row) => ({ ...row, credentials: openCredentials(row, secrets) })),
    sections,
    webhooks,
  };
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

function openSection(section: string, value: object, secrets: Secrets): object {
  if (section !== "geckoboard" || !("api_key" in value) || typeof value.api_key !== "string") return value;
  return { ...value, api_key: opened(secrets, value.api_key, destinationKeyOf(section)) };
}

type ChangeContext = ApplyOptions & { readonly desired: Desired; readonly stored: Stored };

async function applyChange(tx: Tx, change: Change, context: ChangeContext): Promise<void> {
  const { desired, stored, actor } = context;
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
    case "webhook":
      return applyWebhook(tx, change, context);
    default:
      return change.what satisfies never;
  }
}

async function applyConnection(tx: Tx, id: string, context: ChangeContext): Promise<void> {
  const { desired, stored, secrets, connectors, actor } = context;
  const deps = { db: tx, secrets, findConnector: (key: string) => connectors.find((one) => one.key === key) ?? null };
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
  const { title, settings, credentials, schedule, streams, backfillFrom, paused } = wanted;
  return {
    title,
    settings,
    ...(credentials === null ? {} : { credentials: { ...found.credentials, ...credentials } }),
    ...(schedule === null ? {} : { schedule }),
    ...(streams === null ? {} : { streams }),
    ...(backfillFrom === null ? {} : { backfillFrom }),
    ...(paused === null ? {} : { paused }),
  };
}

async function applySection(tx: Tx, change: Change, { desired, secrets, actor }: ChangeContext): Promise<void> {
  const section = change.id;
  const wanted = desired.sections[section] ?? null;
  const isKeyed = wanted !== null && "api_key" in wanted && typeof wanted.api_key === "string";
  const value = isKeyed
    ? { ...wanted, api_key: secrets.seal(String(wanted.api_key), destinationKeyOf(section)) }
    : wanted;
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

/** An endpoint that changes keeps its id, and with it what is still to be delivered. */
async function applyWebhook(tx: Tx, change: Change, context: ChangeContext): Promise<void> {
  const { action, fields } = doneOf(change);
  const note = { actor: context.actor, action: `webhook.${action}`, target: change.id, details: { fields } } as const;
  await noted(tx, note, () => putWebhook(tx, change.id, context));
}

async function putWebhook(tx: Tx, url: string, { desired, stored, secrets }: ChangeContext): Promise<void> {
  const wanted = desired.webhooks?.find((one) => one.url === url);
  const found = stored.webhooks.find((one) => one.url === url);
  if (wanted === undefined) {
    if (found !== undefined) await deleteEndpoint(tx, found.id);
    return;
  }
  const id = found?.id ?? randomUUID();
  const endpoint = {
    id,
    url,
    eventTypes: wanted.events,
    isOrdered: wanted.ordered,
    description: wanted.description ?? null,
    createdBy: CREATED_BY,
    secret: secrets.seal(wanted.secret, endpointSecretOf(id)),
  };
  if (found === undefined) await insertEndpoint(tx, endpoint);
  else await updateEndpoint(tx, endpoint);
}
