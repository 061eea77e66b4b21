import { workingTime, type WorkingTime } from "../../base/working-time.ts";
import type { Day } from "../../base/time.ts";
import type { JsonObject } from "../../base/json.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** How the company that uses the hub counts: its days, weeks and money. */
export type Workspace = {
  readonly name: string;
  /** IANA. Calendar days are taken in it. */
  readonly timeZone: string;
  /** ISO weekday: 1 is Monday, 7 is Sunday. */
  readonly weekStart: number;
  /** The month that years, and with them quarters, start with: 1 is January. */
  readonly yearStart: number;
  /** ISO 4217. Amounts are shown in it. */
  readonly currency: string;
  /** BCP 47. */
  readonly locale: string;
  /** Null: all time is working time. */
  readonly working: WorkingTime | null;
};

/** There is always exactly one. */
export async function readWorkspace(db: Db | Tx): Promise<Workspace> {
  const { business_hours, holidays, ...row } = await db
    .selectFrom("workspace")
    .select([
      "name",
      "time_zone as timeZone",
      "week_start as weekStart",
      "fiscal_year_start as yearStart",
      "currency",
      "locale",
      "business_hours",
      "holidays",
    ])
    .executeTakeFirstOrThrow();
  // A map, as updateWorkspace writes it; below as well.
  return { ...row, working: workingTime(business_hours as JsonObject, holidays) };
}

/** The workspace's own row. Fields as in the table. */
export type WorkspaceRow = {
  readonly name: string;
  readonly time_zone: string;
  readonly week_start: number;
  readonly currency: string;
  readonly locale: string;
  readonly business_hours: JsonObject;
  readonly holidays: readonly Day[];
  readonly timely_contact_minutes: number;
  readonly cold_after_days: number;
  readonly landmark_days: number;
  readonly fiscal_year_start: number;
};

const COLUMNS = [
  "name",
  "time_zone",
  "week_start",
  "currency",
  "locale",
  "business_hours",
  "holidays",
  "timely_contact_minutes",
  "cold_after_days",
  "landmark_days",
  "fiscal_year_start",
] as const;

export async function readWorkspaceRow(db: Db | Tx): Promise<WorkspaceRow> {
  const row = await db.selectFrom("workspace").select(COLUMNS).executeTakeFirstOrThrow();
  return { ...row, business_hours: row.business_hours as JsonObject }; // As above.
}

export async function updateWorkspace(tx: Tx, row: WorkspaceRow): Promise<void> {
  await tx
    .updateTable("workspace")
    .set({ ...row, business_hours: storableJson(row.business_hours), holidays: [...row.holidays] })
    .execute();
}
