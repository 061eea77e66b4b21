import { findTributaryError, toTributaryError, TributaryError } from "../../core/base/errors.ts";
import { geckoboardSection } from "../../core/metrics/datasets.ts";
import type { Clock } from "../../core/base/clock.ts";
import { destinationKeyOf, type Secrets } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { readDestinationState, recordPush } from "../../core/store/outbox/destinations.ts";
import { readSettings } from "../../core/store/setup/settings.ts";
import { createGeckoboardClient } from "./geckoboard/client.ts";
import { pushDatasets } from "./geckoboard/push.ts";

/** The destinations that are pushed to. Webhooks are not among them: they are driven by events. */
export const DESTINATIONS = ["geckoboard"] as const;

export type PushDeps = {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly allowPrivateNetworks: boolean;
};

/**
 * Brings a destination up to date with the KPIs, and records how it went. Does nothing when it is not configured.
 *
 * @returns what was sent; empty when nothing had changed.
 * @throws TributaryError
 */
export async function pushDestination(deps: PushDeps, name: string): Promise<string[]> {
  const destination = DESTINATIONS.find((known) => known === name);
  if (destination === undefined) {
    throw new TributaryError({
      code: "destination.unknown",
      kind: "config",
      message: `There is no destination "${name}".`,
      mend: `Use one of: ${DESTINATIONS.join(", ")}.`,
    });
  }
  const { db } = deps.store;
  try {
    const pushed = await pushGeckoboard(deps);
    await recordPush(db, destination, null);
    return pushed;
  } catch (error) {
    const known = findTributaryError(error) ?? toTributaryError(error);
    await recordPush(db, destination, known);
    throw known;
  }
}

async function pushGeckoboard(deps: PushDeps): Promise<string[]> {
  const { db } = deps.store;
  const stored = await readSettings(db, "geckoboard");
  if (stored === null) return [];
  const section = geckoboardSection.parse(stored);
  const client = createGeckoboardClient({
    apiKey: deps.secrets.open(section.api_key, destinationKeyOf("geckoboard")),
    baseUrl: section.base_url,
    allowPrivateNetworks: deps.allowPrivateNetworks,
    now: () => deps.clock.now(),
  });
  try {
    return await pushDatasets(db, client, section, await readDestinationState(db, "geckoboard"), deps.clock.now());
  } finally {
    client.close();
  }
}
