import type { AnyConnector } from "./define.ts";

/** What is said of a connection that would not count for its connector. */
export function unusedOfConnection(
  { isPushed, isReadWhole }: AnyConnector,
  { schedule, backfillFrom }: { readonly schedule: unknown; readonly backfillFrom: unknown },
): readonly { readonly setting: string; readonly because: string }[] {
  const because = isPushed === true ? "nothing is pulled, rows come by themselves" : "all there is is read each time";
  return [
    ...(isPushed === true && schedule !== null ? [{ setting: "schedule", because }] : []),
    ...((isPushed === true || isReadWhole === true) && backfillFrom !== null
      ? [{ setting: "backfill_from", because }]
      : []),
  ];
}
