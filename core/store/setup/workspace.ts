import type { Db, Tx } from "../db.ts";

/** How the company that uses the hub counts: its days, weeks and money. */
export type Workspace = {
  readonly name: string;
  /** IANA. Calendar days are taken in it. */
  readonly timeZone: string;
  /** ISO weekday: 1 is Monday, 7 is Sunday. */
  readonly weekStart: number;
  /** ISO 4217. Amounts are shown in it. */
  readonly currency: string;
  /** BCP 47. */
  readonly locale: string;
};

/** There is always exactly one. */
export async function readWorkspace(db: Db | Tx): Promise<Workspace> {
  return db
    .selectFrom("workspace")
    .select(["name", "time_zone as timeZone", "week_start as weekStart", "currency", "locale"])
    .executeTakeFirstOrThrow();
}
