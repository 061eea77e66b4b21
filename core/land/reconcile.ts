import { TributaryError } from "../base/errors.ts";
import { countRaw } from "../store/pulls/raw.ts";
import { type EngineDeps, openConnection } from "./engine.ts";

/** One number that both sides state. */
export type Compared = {
  readonly name: string;
  readonly theirs: number;
  readonly ours: number;
  readonly isEqual: boolean;
  /** Why the two may differ where the vendor counts differently; null when it does not. */
  readonly note: string | null;
};

/**
 * Asks the vendor for its own counts and sums, and counts the raw records that it still has. What the vendor changed since the last pull
 * shows as a difference, so pull first.
 *
 * @throws TributaryError `reconcile.unsupported`, `connection.unknown`, and whatever the vendor's answer means
 */
export async function reconcile(
  deps: EngineDeps,
  connectionId: string,
  signal: AbortSignal,
): Promise<readonly Compared[]> {
  const { connector, client, settings } = await openConnection(deps, connectionId, signal);
  if (connector.totals === undefined) throw unsupported(connector.key);
  const compared: Compared[] = [];
  for (const { name, theirs, ours, note } of await connector.totals(client, settings)) {
    const filter = { sum: ours.sum ?? null, where: ours.where ?? {} };
    const count = await countRaw(deps.store.db, connectionId, ours.stream, filter);
    compared.push({ name, theirs, ours: count, isEqual: count === theirs, note: note ?? null });
  }
  return compared;
}

function unsupported(connector: string): TributaryError {
  return new TributaryError({
    code: "reconcile.unsupported",
    kind: "config",
    message: `The connector ${connector} states no totals of its own to compare with.`,
    mend: "Compare the counts of `tributary sync` with the source by hand.",
  });
}
