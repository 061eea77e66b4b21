import { expect, test } from "vitest";
import { EVENT_TYPES, EVENTS } from "../../../core/outbox/catalogue.ts";
import { messageOf } from "./message.ts";

test("a win names deal, amount, company and who won it, with the way to its tool", () => {
  expect(messageOf({ type: "deal.won", data: EVENTS["deal.won"].sample })).toBe(
    ":tada: Won: *<https://app.close.com/lead/lead_1/|Fjord Supplies, renewal>* · €12,500.00 · Fjord Supplies AS · by Ada Lovelace · Proposal Sent → Contract Out",
  );
});

test("what a deal is called cannot call the channel, and what is missing is left out", () => {
  const sample = EVENTS["deal.won"].sample;
  const deal = { ...sample.deal, name: "<!channel> A & B", url: null, owner: null, company: null, from_stage: null };
  const data = { ...sample, deal: { ...deal, value: { amount: null, currency: "EUR" } } };
  expect(messageOf({ type: "deal.won", data })).toBe(":tada: Won: *&lt;!channel&gt; A &amp; B*");
});

test("a KPI is told in its unit, with what it was before", () => {
  const data = {
    ...EVENTS["kpi.updated"].sample,
    metric: "win_rate",
    unit: "ratio",
    value: 0.305,
    previous_value: null,
  };
  expect(messageOf({ type: "kpi.updated", data })).toBe(
    "*win rate* (2026-11-01 to 2026-11-30): 30.5%, before no value",
  );
});

test.each(EVENT_TYPES)("%s has words of its own", (type) => {
  const text = messageOf({ type, data: EVENTS[type].sample });
  expect(text).not.toBe(type);
  expect(text).not.toMatch(/undefined|null|\[object/);
});
