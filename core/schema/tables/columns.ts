import type { ColumnType } from "kysely";

/** Columns that many tables have, and how the driver reads them. */

/** `infinity` and `-infinity` come back from the driver as the numbers of that name. */
export type TimestampOrInfinity = ColumnType<Date | number, Date | string, Date | string>;

export type JsonColumn<T> = ColumnType<T, string, string>;

/** Left out when a row is written. */
export type Landed = ColumnType<Date | number, Date | string | undefined, Date | string>;

/** The columns every fact row has: which raw record it was made from, and whether the source still has it. */
export type FromSource = {
  id: string;
  connection_id: string;
  record_id: string;
  external_id: string;
  deleted_at: Date | null;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};
