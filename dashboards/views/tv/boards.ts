import { z } from "zod";
import { TributaryError } from "../../../core/base/errors.ts";
import { type Board, dashboardsSection } from "../../../core/metrics/boards.ts";
import { readyBoards } from "../../../core/metrics/ready-boards.ts";
import type { Db } from "../../../core/store/db.ts";
import { wordsFor } from "../../../core/base/words/index.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";
import { readSettings } from "../../../core/store/setup/settings.ts";

/** The boards there are: those of the config file, and of the default ones each whose id the file does not use. */
export async function readBoards(db: Db): Promise<readonly Board[]> {
  const stored = await readSettings(db, "dashboards");
  const ready = readyBoards(wordsFor((await readWorkspace(db)).locale).language);
  if (stored === null) return ready;
  const parsed = dashboardsSection.safeParse(stored);
  if (!parsed.success) {
    throw new TributaryError({
      code: "dashboard.bad_definition",
      kind: "config",
      message: `A dashboard's definition is not valid: ${z.prettifyError(parsed.error)}`,
      mend: "Correct `dashboards` in the config file and apply it.",
    });
  }
  return [...ready.filter(({ id }) => parsed.data.every((board) => board.id !== id)), ...parsed.data];
}
