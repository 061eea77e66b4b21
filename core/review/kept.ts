import type { Db } from "../store/db.ts";
import { findReview } from "../store/reviews/reviews.ts";
import { readWorkspace } from "../store/setup/workspace.ts";
import type { Agenda } from "./agenda.ts";
import { agendaParts, agendaText } from "./render.ts";

/** A review that was made, for people to read: its agenda as it was kept. Null: it is not there. */
export async function keptReviewText(
  db: Db,
  id: string,
): Promise<{ readonly subject: string; readonly text: string; readonly html: string } | null> {
  const found = await findReview(db, id);
  if (found === null) return null;
  const { name, locale } = await readWorkspace(db);
  const of = { name, language: locale };
  // Written by `makeReview`, and by nobody else.
  const agenda = found.agenda as Agenda;
  return {
    subject: agendaParts(agenda, of).title,
    text: agendaText(agenda, "md", of),
    html: agendaText(agenda, "html", of),
  };
}
