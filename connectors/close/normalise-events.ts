import { fieldOf, type Json } from "../../core/base/json.ts";
import type { DealState, Fact } from "../../core/schema/facts.ts";
import { dayPart, moment, reading, share, valuePeriod, wholeMinor, type CloseContext } from "./normalise.ts";
import { eventRecord, type EventRecord } from "./records.ts";

/**
 * What the event log witnesses of a deal besides its stage (stage moves have rows of their own): value, owner, confidence, expected
 * close.
 *
 * Several quick updates of one object are one event, with `previous_data` from before the first and a `date_updated` of the last. So what
 * was before is dated by `date_created`, what is after by `date_updated`, and they are two witnesses when the two times differ.
 */
export const eventFacts = reading(eventRecord, (event, context, raw) => {
  if (event.object_type !== "opportunity") return [];
  if (event.action === "created") return changeFacts(event, {}, stateOf(fieldOf(raw, "data"), null, context));
  if (event.action !== "updated") return [];
  const [now, was] = [fieldOf(raw, "data"), fieldOf(raw, "previous_data")];
  const changed = new Set(event.changed_fields ?? []);
  return changeFacts(event, stateOf(was, changed, context, now), stateOf(now, changed, context));
});

function changeFacts(event: EventRecord, before: Partial<DealState>, after: Partial<DealState>): readonly Fact[] {
  const [first, last] = [moment(event.date_created), moment(event.date_updated)];
  if (last === null || (isEmpty(before) && isEmpty(after))) return [];
  const fact = { kind: "deal_change", deal: event.object_id } as const;
  const at = `${event.id}/${event.date_updated}`;
  if (first === null || event.date_created === event.date_updated) {
    return [{ ...fact, externalId: at, changedAt: last, before, after }];
  }
  return [
    ...(isEmpty(before) ? [] : [{ ...fact, externalId: `${at}/before`, changedAt: first, before, after: {} }]),
    { ...fact, externalId: `${at}/after`, changedAt: last, before: {}, after },
  ];
}

/**
 * The witnessed part of a deal's state.
 *
 * @param changed only these of Close's fields; null: all that are there.
 * @param rest the deal as a whole, where `data` holds changed fields alone.
 */
function stateOf(
  data: Json,
  changed: ReadonlySet<string> | null,
  context: CloseContext,
  rest: Json = null,
): Partial<DealState> {
  const has = (name: string): boolean =>
    (changed === null || changed.has(name)) && data !== null && typeof data === "object" && name in data;
  const number = (name: string): number | null => numberOrNull(fieldOf(data, name));
  const text = (name: string): string | null => textOrNull(fieldOf(data, name) ?? fieldOf(rest, name));
  const isOpen = text("status_type") === "active";
  return {
    ...(has("value")
      ? { amountMinor: wholeMinor(number("value")), currency: text("value_currency") ?? context.currency }
      : {}),
    ...(has("value_period") ? { valuePeriod: valuePeriod(text("value_period")) } : {}),
    ...(has("user_id") ? { rep: textOrNull(fieldOf(data, "user_id")) } : {}),
    ...(has("confidence") ? { probability: share(number("confidence")) } : {}),
    // On a deal that is not open the same field is the day it was won.
    ...(has("date_won") && isOpen ? { expectedCloseOn: dayPart(textOrNull(fieldOf(data, "date_won"))) } : {}),
  };
}

function isEmpty(state: Partial<DealState>): boolean {
  return Object.keys(state).length === 0;
}

function numberOrNull(value: Json): number | null {
  return typeof value === "number" ? value : null;
}

function textOrNull(value: Json): string | null {
  return typeof value === "string" ? value : null;
}
