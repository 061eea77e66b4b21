import { fieldOf } from "../../core/base/json.ts";
import type { Total } from "../../core/connector/define.ts";
import type { DriftClient } from "./client.ts";

const NOTE =
  "Drift counts conversations that were deleted meanwhile until it cleans up, and we do until a full pull; its counts are not documented further.";

/** Drift's own counts of conversations by status; their shape is unverified, and without it there is nothing to compare. */
export async function driftTotals(client: DriftClient): Promise<readonly Total[]> {
  const counts = fieldOf(await client.stats(), "conversationCount");
  return ["OPEN", "CLOSED", "PENDING"].flatMap((status) => {
    const theirs = fieldOf(counts, status);
    if (typeof theirs !== "number") return [];
    const where = { status: status.toLowerCase() };
    return [{ name: `${where.status} conversations`, theirs, ours: { stream: "conversations", where }, note: NOTE }];
  });
}
