import { linkManually, undoLink } from "../identity/index.ts";
import type { WhoEntity } from "../store/identity/who.ts";
import { type Actor, noted, type SetupDeps } from "./verb.ts";

type Deps = Pick<SetupDeps, "store" | "clock" | "requestMeasure">;

/**
 * Makes two rows one by hand; the KPIs are measured anew.
 *
 * @returns the number of the link.
 * @throws TributaryError `identity.no_such_row`, `identity.same_row`
 */
export async function makeOne(
  deps: Deps,
  actor: Actor,
  rows: { readonly entity: WhoEntity; readonly from: string; readonly into: string },
): Promise<number> {
  const { entity, from, into } = rows;
  const id = await noted<number>(
    deps.store.db,
    (made) => ({ actor, action: "identity.link", target: String(made), details: { ...rows } }),
    (tx) => linkManually(tx, { entity, fromId: from, intoId: into, by: actor }),
  );
  await deps.requestMeasure();
  return id;
}

/** Takes the two rows of a link apart, for good; the KPIs are measured anew. @throws TributaryError `identity.no_such_link` */
export async function takeApart(deps: Deps, actor: Actor, linkId: number): Promise<void> {
  await noted(deps.store.db, { actor, action: "identity.undo", target: String(linkId) }, (tx) =>
    undoLink(tx, linkId, actor, deps.clock.now()),
  );
  await deps.requestMeasure();
}
