import { failedWith } from "../../core/base/errors.ts";
import type { Json } from "../../core/base/json.ts";
import type { StreamPart } from "../../core/connector/define.ts";
import { ACTIVITY_STREAMS } from "./activities.ts";
import { type CloseClient, type CloseRow } from "./client.ts";
import { NOT_FOUND } from "./errors.ts";
import { keepPlain, type Keep } from "./kept.ts";
import { leadsAndContacts } from "./leads.ts";

/**
 * A lead and everything under it, as it is now. After a merge the children keep their ids and belong to the destination; their own
 * events, if there are any, are not promised. Nothing when the lead is gone by now.
 */
export async function* leadAndChildren(
  client: CloseClient,
  leadId: string,
  keep: Keep,
): AsyncGenerator<readonly StreamPart[]> {
  try {
    const lead = await client.get(`lead/${leadId}/`);
    const { records, others = [] } = leadsAndContacts([lead], keep);
    yield [{ stream: "leads", records }, ...others];
  } catch (error) {
    if (failedWith(error, NOT_FOUND)) return;
    throw error;
  }
  const deals = await client.listAll("opportunity/", 100, { lead_id: leadId });
  yield [{ stream: "opportunities", records: deals.map((deal) => keep("opportunities", deal)) }];
  // The list of all types takes one lead, and mixes the types.
  yield byType(await client.listAll("activity/", 100, { lead_id: leadId }));
}

const STREAM_OF_TYPE: ReadonlyMap<Json, string> = new Map(
  ACTIVITY_STREAMS.map(({ rowType, stream }) => [rowType, stream]),
);

function byType(rows: readonly CloseRow[]): readonly StreamPart[] {
  const parts = new Map<string, Json[]>();
  for (const row of rows) {
    const stream = STREAM_OF_TYPE.get(row["_type"] ?? null);
    if (stream !== undefined) parts.set(stream, [...(parts.get(stream) ?? []), keepPlain(stream, row)]);
  }
  return [...parts].map(([stream, records]) => ({ stream, records }));
}
