import type { Command } from "commander";
import { listConnectionOverviews, type ConnectionOverview } from "../../core/store/setup/connection-overview.ts";
import type { CliContext } from "../context.ts";
import { tableText } from "../output.ts";

/** More than anybody connects. */
const LIMIT = 1000;

/** `tributary connections`: the accounts there are and how each is doing. */
export function registerConnections(command: Command, context: CliContext): void {
  command.action(async () => {
    const list = await context.withDatabase((database) =>
      listConnectionOverviews(database.store.db, { limit: LIMIT, after: null }),
    );
    context.out.result(list.map(toJson), () =>
      list.length === 0
        ? "No account is connected yet: tributary connect, or tributary apply."
        : tableText(list.map(toRow)),
    );
  });
}

function toJson(one: ConnectionOverview): object {
  return {
    id: one.id,
    connector: one.connector,
    title: one.title,
    state: one.state,
    state_code: one.stateCode,
    state_reason: one.stateReason,
    account: { id: one.accountId, name: one.accountName },
    schedule: one.schedule,
    streams: one.streamStates.map((stream) => ({
      stream: stream.stream,
      records: stream.records,
      fresh_as_of: stream.freshAsOf?.toISOString() ?? null,
      last_success_at: stream.lastSuccessAt?.toISOString() ?? null,
      is_partial: stream.isPartial,
      failures_in_a_row: stream.failuresInARow,
    })),
  };
}

function toRow(one: ConnectionOverview): { readonly [column: string]: string | number | null } {
  const pulled = one.streamStates.filter((stream) => stream.lastSuccessAt !== null);
  const oldest = pulled.map((stream) => stream.freshAsOf?.toISOString() ?? "").toSorted()[0];
  const failing = one.streamStates.filter((stream) => stream.failuresInARow > 0).map((stream) => stream.stream);
  return {
    id: one.id,
    connector: one.connector,
    account: one.accountName ?? one.title,
    state: one.state,
    records: one.streamStates.reduce((sum, stream) => sum + stream.records, 0),
    "fresh as of": oldest === undefined || oldest === "" ? "never pulled" : oldest,
    trouble: one.stateReason ?? (failing.length === 0 ? null : `failing: ${failing.join(", ")}`),
  };
}
