import type { Total } from "../../core/connector/define.ts";
import type { GongClient } from "./client.ts";

/** What Gong says that it has. Its count runs ahead: a call is counted when it is known, and listed when it has been analysed. */
export async function gongTotals(client: GongClient): Promise<readonly Total[]> {
  const calls = await client.countCalls(client.clock.now());
  const users = await client.users(null);
  return [
    {
      name: "calls and meetings",
      theirs: calls,
      ours: { stream: "calls" },
      note: "Gong counts calls that it is still analysing, which it does not list yet; one deleted before the days that are listed again leaves with a full pull.",
    },
    ...(users.total === null ? [] : [{ name: "users", theirs: users.total, ours: { stream: "users" } }]),
  ];
}
