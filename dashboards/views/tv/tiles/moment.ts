import type { Db } from "../../../../core/store/db.ts";
import type { Workspace } from "../../../../core/store/setup/workspace.ts";

/** When and for whom a tile is read. */
export type TileMoment = { readonly db: Db; readonly now: Date; readonly workspace: Workspace };
