import { entityId } from "../../base/ids.ts";
import { type Day, instantText, startOfDay } from "../../base/time.ts";
import type { Fact, Moment } from "../../schema/facts.ts";
import { storableJson } from "../client.ts";

/** The texts that rows of facts are made of, as PostgreSQL reads them: the same text goes through COPY or into an update. */
export type Cell = string | null;
export type Cells = readonly Cell[];

export type RefKind = "rep" | "team" | "person" | "company" | "pipeline" | "stage" | "deal";
export type RowKind = Exclude<Fact["kind"], "deal_change" | "lead_status" | "label"> | "stage";

/** Ids of one connection's rows, computed; the same refs come over and over in a batch, so they are remembered for its length. */
export type RowMaker = {
  id(kind: RowKind, externalId: string): string;
  ref(kind: RefKind, externalId: string | null): string | null;
  instant(moment: Moment): Date;
};

export function rowMaker(connectionId: string, timeZone: string): RowMaker {
  const ids = new Map<string, string>();
  const days = new Map<Day, Date>();
  const id: RowMaker["id"] = (kind, externalId) => {
    const key = `${kind}|${externalId}`;
    let found = ids.get(key);
    if (found === undefined) {
      found = entityId(kind, connectionId, externalId);
      ids.set(key, found);
    }
    return found;
  };
  return {
    id,
    ref: (kind, externalId) => (externalId === null ? null : id(kind, externalId)),
    instant: (moment) => {
      if ("instant" in moment) return moment.instant;
      let start = days.get(moment.day);
      if (start === undefined) {
        start = startOfDay(moment.day, timeZone);
        days.set(moment.day, start);
      }
      return start;
    },
  };
}

export function time(value: Date | null): Cell {
  return value === null ? null : instantText(value);
}

export function number(value: number | null): Cell {
  return value === null ? null : String(value);
}

export function flag(value: boolean | null): Cell {
  return value === null ? null : value ? "t" : "f";
}

/** An array as PostgreSQL writes one: every element quoted. */
export function list(values: readonly string[]): Cell {
  if (values.length === 0) return "{}";
  return `{${values.map((value) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
}

export function json(value: object): Cell {
  return storableJson(value);
}

export function moment(make: RowMaker, value: Moment | null): Cell {
  return value === null ? null : instantText(make.instant(value));
}

export function isDay(value: Moment | null): Cell {
  return flag(value !== null && "day" in value);
}
