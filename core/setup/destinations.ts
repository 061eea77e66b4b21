import { isDeepStrictEqual } from "node:util";
import { TributaryError } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { assertAddresses } from "../destination/check.ts";
import type { AnyDestination } from "../destination/define.ts";
import { sealSection, sectionSecretOf } from "../destination/settings.ts";
import { readCatalogue } from "../metrics/catalogue.ts";
import { type FieldPath, openDeclared, secretPaths } from "../secrets/declared.ts";
import type { Secrets } from "../secrets/index.ts";
import type { Db } from "../store/db.ts";
import { readAppliedFile, readSettings } from "../store/setup/settings.ts";
import { ownedByFile } from "./entries.ts";
import type { Actor } from "./verb.ts";
import { setSection } from "./workspace.ts";

/** What people do to destinations that are pushed to. Receivers of events have verbs of their own (receivers.ts). */

export type DestinationDeps = { readonly db: Db; readonly secrets: Secrets; readonly allowPrivateNetworks: boolean };

/**
 * Sets a destination up, or changes it. A secret that is left out stays what it is, as long as everything goes where it went.
 *
 * @throws TributaryError `setup.owned_by_file`, `destination.not_right`, `destination.secret_needed`, `webhooks.url_refused`, `kpi.unknown_metric`
 */
export async function setDestination(
  { db, secrets, allowPrivateNetworks }: DestinationDeps,
  actor: Actor,
  destination: AnyDestination,
  given: JsonObject,
): Promise<void> {
  const { key, settings: schema } = destination;
  await assertNotOfFile(db, key);
  const stored = (await readSettings(db, key)) as JsonObject | null; // Written here, and by apply.
  const before = stored === null ? null : openDeclared(schema, stored, secrets, sectionSecretOf(key));
  const { value, kept } = withKeptSecrets(destination, given, before);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw notRight(destination, parsed.error.issues);
  assertAddresses(destination, parsed.data, { allowPrivateNetworks });
  const old = before === null ? null : schema.safeParse(before);
  const goesElsewhere =
    old?.success !== true || !isDeepStrictEqual(destination.addresses(old.data), destination.addresses(parsed.data));
  if (kept && goesElsewhere) throw secretNeeded(destination);
  const catalogue = await readCatalogue(db);
  if (destination.takes.kind === "answers")
    for (const { metric, of } of destination.takes.questions(parsed.data)) {
      catalogue.need(metric);
      if (of !== null) catalogue.need(of);
    }
  const fields = Object.keys(value).filter((field) => !isDeepStrictEqual(value[field], before?.[field]));
  const action = stored === null ? "create" : "update";
  await setSection(db, actor, key, sealSection(destination, value, secrets), { action, fields });
}

/** Nothing is pushed there any more; what was stays there. @throws TributaryError `setup.owned_by_file` */
export async function removeDestination(db: Db, actor: Actor, { key }: AnyDestination): Promise<void> {
  await assertNotOfFile(db, key);
  await setSection(db, actor, key, null, { action: "remove", fields: [] });
}

async function assertNotOfFile(db: Db, key: string): Promise<void> {
  if ((await readAppliedFile(db))?.sections.includes(key) === true) throw ownedByFile(`The section \`${key}\``);
}

/** @returns what was given, with the secrets that it leaves out as they were; and whether there are such. */
function withKeptSecrets(
  { settings: schema }: AnyDestination,
  given: JsonObject,
  before: JsonObject | null,
): { readonly value: JsonObject; readonly kept: boolean } {
  const value: { [field: string]: Json } = { ...given };
  let kept = false;
  for (const path of before === null ? [] : secretPaths(schema, before)) {
    // Only what stands at the top: what is in a list has no place of its own.
    const [field] = path;
    if (path.length !== 1 || typeof field !== "string" || at(given, path) !== undefined) continue;
    const old = before?.[field];
    if (old === undefined) continue;
    value[field] = old;
    kept = true;
  }
  return { value, kept };
}

function at(value: unknown, [step, ...rest]: FieldPath): unknown {
  if (step === undefined || typeof value !== "object" || value === null) return value;
  return at(Reflect.get(value, step), rest);
}

function notRight(
  { title }: AnyDestination,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): TributaryError {
  const lines = issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.map(String).join(".") || "settings"}: ${message}`);
  return new TributaryError({
    code: "destination.not_right",
    kind: "config",
    message: `The settings of ${title} are not right: ${lines.join("; ")}.`,
    mend: "Correct what is named; nothing was changed.",
  });
}

function secretNeeded({ title }: AnyDestination): TributaryError {
  return new TributaryError({
    code: "destination.secret_needed",
    kind: "config",
    message: `${title} would be sent to another address with the secret that was entered for the old one.`,
    mend: "Enter the secret again, for the new address.",
  });
}
