import { linkManually, undoLink } from "../core/identity/index.ts";
import { writeAudit } from "../core/store/setup/audit.ts";
import type { WhoEntity } from "../core/store/identity/who.ts";
import { actorOf, type Principal } from "./auth/principal.ts";
import type { ServerDeps } from "./web/deps.ts";

/** What the API and the console do about who is one. Each is noted in the audit log in its own transaction, and the KPIs are measured anew. */

/** @returns the number of the link. @throws TributaryError `identity.no_such_row`, `identity.same_row` */
export async function makeOne(
  deps: ServerDeps,
  principal: Principal,
  rows: { readonly entity: WhoEntity; readonly from: string; readonly into: string },
): Promise<number> {
  const actor = actorOf(principal);
  const { entity, from, into } = rows;
  const id = await deps.store.db.transaction().execute(async (tx) => {
    const made = await linkManually(tx, { entity, fromId: from, intoId: into, by: actor });
    await writeAudit(tx, { actor, action: "identity.link", target: String(made), details: { ...rows } });
    return made;
  });
  await deps.actions.requestMeasure();
  return id;
}

/** @throws TributaryError `identity.no_such_link` */
export async function takeApart(deps: ServerDeps, principal: Principal, linkId: number, now: Date): Promise<void> {
  const actor = actorOf(principal);
  await deps.store.db.transaction().execute(async (tx) => {
    await undoLink(tx, linkId, actor, now);
    await writeAudit(tx, { actor, action: "identity.undo", target: String(linkId), details: {} });
  });
  await deps.actions.requestMeasure();
}
