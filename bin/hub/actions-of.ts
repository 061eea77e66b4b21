import type { Actions } from "../../dashboards/web/deps.ts";
import { createPullDeps } from "../../workers/pull.ts";
import type { Hub } from "../context.ts";
import { createActions } from "./actions.ts";

/** What a one-shot command can set in motion. */
export function actionsOf(hub: Hub): Actions {
  return createActions(hub, createPullDeps({ ...hub, allowPrivateNetworks: hub.env.allowPrivateNetworks }));
}
