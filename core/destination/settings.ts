import type { z } from "zod";
import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { openDeclared, sealDeclared, type FieldPath } from "../secrets/declared.ts";
import { endpointSecretOf, type Secrets } from "../secrets/index.ts";
import type { Db, Tx } from "../store/db.ts";
import type { NewEndpoint } from "../store/outbox/endpoints.ts";
import { readSettings } from "../store/setup/settings.ts";
import type { AnyDestination } from "./define.ts";
import type { Question } from "../metrics/ask/question.ts";

/**
 * A destination's settings as they are stored: one that is pushed to has its section of the table `settings`; one that receives events has
 * a row of `webhook_endpoints` for each receiver. Secrets in them are sealed, each for its own place.
 */

/** What the secret at a path of a section is sealed for. */
export const sectionSecretOf =
  (section: string) =>
  (path: FieldPath): string =>
    `settings/${section}/${path.map(String).join("/")}`;

/** Also of what is no destination and has secrets. */
export type SecretSection = Pick<AnyDestination, "key" | "settings">;

export function sealSection(destination: SecretSection, value: object, secrets: Secrets): object {
  return sealDeclared(destination.settings, value, secrets, sectionSecretOf(destination.key));
}

/**
 * A receiver as it is stored.
 *
 * @param settings as people wrote them, checked with the destination's schema.
 */
export function receiverRow(
  { key, settings: schema, takes }: AnyDestination,
  id: string,
  settings: JsonObject,
  by: { readonly createdBy: string; readonly secrets: Secrets },
): NewEndpoint {
  if (takes.kind !== "events") throw new Error(`${key} has no receivers`);
  const parsed = schema.parse(settings);
  const { types, ...subscription } = takes.subscription(parsed);
  return {
    id,
    destination: key,
    name: takes.name(parsed),
    settings: sealDeclared(schema, settings, by.secrets, () => endpointSecretOf(id)),
    eventTypes: types,
    ...subscription,
    createdBy: by.createdBy,
  };
}

/** A receiver's settings, ready to be used. @throws TributaryError of {@link Secrets.open} */
export function openReceiver(destination: AnyDestination, id: string, value: object, secrets: Secrets): unknown {
  return destination.settings.parse(openDeclared(destination.settings, value, secrets, () => endpointSecretOf(id)));
}

/** The settings of a destination that is pushed to, ready to be used; null when it is not set up. @throws TributaryError of {@link Secrets.open} */
export async function readDestinationSettings(
  db: Db | Tx,
  destination: AnyDestination,
  secrets: Secrets,
): Promise<unknown> {
  const stored = await readSettings(db, destination.key);
  if (stored === null) return null;
  const opened = openDeclared(destination.settings, stored, secrets, sectionSecretOf(destination.key));
  return destination.settings.parse(opened);
}

/** What the destinations that are set up ask of the metrics. Settings that cannot be opened or read ask nothing: their push says why. */
export async function destinationQuestions(
  db: Db | Tx,
  destinations: readonly AnyDestination[],
  secrets: Secrets,
): Promise<readonly Question[]> {
  const asked: Question[] = [];
  for (const { key, settings, takes } of destinations) {
    if (takes.kind !== "answers") continue;
    const opened = openedOrNull(settings, await readSettings(db, key), secrets, key);
    const parsed = settings.safeParse(opened);
    if (parsed.success) asked.push(...takes.questions(parsed.data));
  }
  return asked;
}

/** Null where a key that sealed something is gone. */
function openedOrNull(schema: z.ZodType, value: unknown, secrets: Secrets, section: string): unknown {
  try {
    return openDeclared(schema, value, secrets, sectionSecretOf(section));
  } catch (error) {
    if (error instanceof TributaryError) return null;
    throw error;
  }
}
