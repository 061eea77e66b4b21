import { z } from "zod";
import { TributaryError } from "../../../core/base/errors.ts";
import { type Board, dashboardsSection } from "../../../core/metrics/boards.ts";
import { readyBoards } from "../../../core/metrics/ready-boards.ts";
import type { Db } from "../../../core/store/db.ts";
import { wordsFor } from "../../../core/base/words/index.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";
import { readEntries } from "../../../core/store/setup/settings.ts";

/** Whose a dashboard or feed is: there from the start, of the config file, or made in the console or by the API. */
export type Owner = "ready" | "file" | "made";

/** The boards there are: those made here and those of the config file, and of the ready ones each whose id neither uses. */
export async function readBoards(db: Db): Promise<readonly Board[]> {
  return (await readOwnedBoards(db)).map(({ board }) => board);
}

/** The same, and whose each is. */
export async function readOwnedBoards(db: Db): Promise<readonly { readonly board: Board; readonly owner: Owner }[]> {
  const ready = readyBoards(wordsFor((await readWorkspace(db)).locale).language);
  const { file, made } = await readEntries(db, "dashboards");
  const parsed = dashboardsSection.safeParse([...made, ...(file ?? [])]);
  if (!parsed.success) {
    throw new TributaryError({
      code: "dashboard.bad_definition",
      kind: "config",
      message: `A dashboard's definition is not valid: ${z.prettifyError(parsed.error)}`,
      mend: "Correct it in the console, or `dashboards` in the config file and apply it.",
    });
  }
  const owned = parsed.data.map((board, index) => ({
    board,
    owner: index < made.length ? ("made" as const) : ("file" as const),
  }));
  return [
    ...ready
      .filter(({ id }) => parsed.data.every((board) => board.id !== id))
      .map((board) => ({ board, owner: "ready" as const })),
    ...owned,
  ];
}
