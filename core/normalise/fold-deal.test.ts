import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ChangeObservation,
  type DealObservation,
  foldDeal,
  FOLD_FIELDS,
  type FoldState,
  type SnapshotObservation,
} from "./fold-deal.ts";

const at = (text: string): number => Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text);

const OPEN: FoldState = {
  status: "open",
  pipeline_id: "sales",
  stage_id: "P",
  amount_minor: 100_00,
  currency: "USD",
  value_period: "one_time",
  rep_id: "ann",
  probability: null,
  expected_close_on: null,
};

let next = 0;
function snapshot(
  time: string,
  state: Partial<FoldState> = {},
  more: Partial<SnapshotObservation> = {},
): SnapshotObservation {
  next += 1;
  return {
    kind: "snapshot",
    key: `s${next}`,
    at: at(time),
    isDay: false,
    knownAt: -Infinity,
    seq: next,
    state: { ...OPEN, ...state },
    isAtFetch: false,
    createdAt: at("2026-03-01"),
    createdIsDay: false,
    closedAt: null,
    closedIsDay: false,
    ...more,
  };
}

function change(
  time: string,
  before: Partial<FoldState>,
  after: Partial<FoldState>,
  more: Partial<ChangeObservation> = {},
): ChangeObservation {
  next += 1;
  return {
    kind: "change",
    key: `c${next}`,
    at: at(time),
    isDay: false,
    knownAt: -Infinity,
    seq: next,
    before,
    after,
    ...more,
  };
}

/** A history as lines: when, status, stage. */
function told(observations: readonly DealObservation[]): string[] {
  return foldDeal(observations).map(({ heldFrom, state, isDay }) => {
    const when = Number.isFinite(heldFrom) ? new Date(heldFrom).toISOString().slice(0, isDay ? 10 : 16) : "ever";
    return `${when} ${state.status} ${state.stage_id ?? "-"}`;
  });
}

test("a deal that was only seen once has been so since it was created", () => {
  expect(told([snapshot("2026-03-20")])).toEqual(["2026-03-01T00:00 open P"]);
});

test("a deal without a creation time has been so ever since", () => {
  expect(told([snapshot("2026-03-20", {}, { createdAt: null })])).toEqual(["ever open P"]);
});

test("there is no history while only changes are known", () => {
  expect(foldDeal([change("2026-03-05", { stage_id: "P" }, { stage_id: "Q" })])).toEqual([]);
});

test("witnessed changes hold from their own time, and what was before comes from the first of them", () => {
  const history = [
    snapshot("2026-03-20", { status: "won", stage_id: "Won" }),
    change("2026-03-05T10:00:00Z", { stage_id: "P" }, { stage_id: "Q" }),
    change("2026-03-11T09:15:00Z", { stage_id: "Q", status: "open" }, { stage_id: "Won", status: "won" }),
  ];
  expect(told(history)).toEqual(["2026-03-01T00:00 open P", "2026-03-05T10:00 open Q", "2026-03-11T09:15 won Won"]);
});

test("a closed deal seen once was open until it closed, on a day where only the day is known", () => {
  const closed = snapshot("2026-03-20", { status: "won" }, { closedAt: at("2026-03-11"), closedIsDay: true });
  expect(told([closed])).toEqual(["2026-03-01T00:00 open P", "2026-03-11 won P"]);
});

test("what was probable while a deal was open is not told by its being closed", () => {
  const closed = snapshot("2026-03-20", { status: "lost", probability: 0 }, { closedAt: at("2026-03-11") });
  expect(foldDeal([closed]).map((row) => row.state.probability)).toEqual([null, 0]);
});

test("a change that nobody witnessed is placed at the snapshot that shows it", () => {
  const history = [snapshot("2026-03-10T08:00:00Z"), snapshot("2026-03-12T08:00:00Z", { stage_id: "Q" })];
  expect(told(history)).toEqual(["2026-03-01T00:00 open P", "2026-03-12T08:00 open Q"]);
});

test("an unwitnessed win is placed at its closing time, yet not before the deal was last seen open", () => {
  const won = (closedOn: string) => [
    snapshot("2026-03-10T08:00:00Z"),
    snapshot("2026-03-12T08:00:00Z", { status: "won" }, { closedAt: at(closedOn), closedIsDay: true }),
  ];
  expect(told(won("2026-03-11"))[1]).toBe("2026-03-11 won P");
  expect(told(won("2026-03-05"))[1]).toBe("2026-03-10 won P");
  expect(foldDeal(won("2026-03-05"))[1]?.heldFrom).toBe(at("2026-03-10T08:00:00Z"));
  expect(told(won("2026-04-30"))[1]).toBe("2026-03-12 won P");
});

test("a spreadsheet that says when a deal closed is believed, whenever it was read", () => {
  const history = [
    snapshot("2026-03-10T08:00:00Z", {}, { isAtFetch: true }),
    snapshot(
      "2026-03-12T08:00:00Z",
      { status: "won" },
      { isAtFetch: true, closedAt: at("2026-03-05"), closedIsDay: true },
    ),
  ];
  expect(told(history)).toEqual(["2026-03-01T00:00 open P", "2026-03-05 won P"]);
});

test("a closing time that is corrected later moves the win", () => {
  const history = [
    snapshot(
      "2026-03-20T00:00:00Z",
      { status: "won" },
      { isAtFetch: true, closedAt: at("2026-03-05"), closedIsDay: true },
    ),
    snapshot(
      "2026-03-21T00:00:00Z",
      { status: "won" },
      { isAtFetch: true, closedAt: at("2026-03-07"), closedIsDay: true },
    ),
  ];
  expect(told(history)).toEqual(["2026-03-01T00:00 open P", "2026-03-07 won P"]);
});

test("the witness of a change that arrives after the snapshot gives the exact time, as if it had come first", () => {
  const seen = [
    snapshot("2026-03-10T08:00:00Z"),
    snapshot(
      "2026-03-11T09:15:04Z",
      { status: "won", stage_id: "Won" },
      { closedAt: at("2026-03-11"), closedIsDay: true },
    ),
  ];
  const witness = change("2026-03-11T09:15:00Z", { status: "open", stage_id: "P" }, { status: "won", stage_id: "Won" });
  expect(told(seen)[1]).toBe("2026-03-11 won Won");
  expect(told([...seen, witness])).toEqual(["2026-03-01T00:00 open P", "2026-03-11T09:15 won Won"]);
  expect(foldDeal([...seen, witness])).toEqual(foldDeal([witness, ...seen]));
});

test("won, reopened and lost are all kept", () => {
  const history = [
    snapshot("2026-04-10", { status: "lost" }),
    change("2026-03-11", { status: "open" }, { status: "won" }),
    change("2026-04-05", { status: "won" }, { status: "open" }),
    change("2026-04-09", { status: "open" }, { status: "lost" }),
  ];
  expect(foldDeal(history).map((row) => row.state.status)).toEqual(["open", "won", "open", "lost"]);
});

test("changes of one day follow from one another, and from the source's order where they do not say", () => {
  const day = { isDay: true };
  const chained = [
    snapshot("2026-03-20", { stage_id: "M" }),
    change("2026-03-05", { stage_id: "Q" }, { stage_id: "M" }, day),
    change("2026-03-05", { stage_id: "P" }, { stage_id: "Q" }, day),
  ];
  // The one from Q came first in the source's order, but P is where the deal was when the chain begins with it.
  expect(told([snapshot("2026-03-02"), ...chained])).toEqual([
    "2026-03-01T00:00 open P",
    "2026-03-05 open Q",
    "2026-03-05 open M",
  ]);
  const silent = [
    snapshot("2026-03-20", { stage_id: "M" }),
    snapshot("2026-03-02"),
    change("2026-03-05", {}, { stage_id: "Q" }, day),
    change("2026-03-05", {}, { stage_id: "M" }, day),
  ];
  expect(told(silent)).toEqual(["2026-03-01T00:00 open P", "2026-03-05 open Q", "2026-03-05 open M"]);
});

test("a deal closed on a day before it was created begins with that day", () => {
  const wrong = snapshot("2026-03-20", { status: "won" }, { closedAt: at("2026-02-20"), closedIsDay: true });
  expect(told([wrong])).toEqual(["2026-02-20T00:00 open P", "2026-02-20 won P"]);
});

test("a deal that was created and closed on one day begins when it was created", () => {
  const quick = snapshot(
    "2026-03-20",
    { status: "won" },
    { createdAt: at("2026-03-01T15:00:00Z"), closedAt: at("2026-03-01"), closedIsDay: true },
  );
  const [first, second] = foldDeal([quick]);
  expect(first?.heldFrom).toBe(at("2026-03-01T15:00:00Z"));
  expect(first?.heldTo).toBe(second?.heldFrom);
});

test("what was loaded at set-up is known when it happened, what came later when it landed", () => {
  const landed = at("2026-03-12T08:00:05Z");
  const history = [
    snapshot("2026-03-10T08:00:00Z"),
    snapshot("2026-03-12T08:00:00Z", { stage_id: "Q" }, { knownAt: landed }),
  ];
  expect(foldDeal(history).map((row) => row.knownAt)).toEqual([at("2026-03-01"), landed]);
});

test("a change is known from the first that showed it, also when its exact time came later", () => {
  const seen = snapshot("2026-03-12T08:00:01Z", { stage_id: "Q" }, { knownAt: at("2026-03-12T08:01:00Z") });
  const witness = change(
    "2026-03-12T08:00:00Z",
    { stage_id: "P" },
    { stage_id: "Q" },
    { knownAt: at("2026-03-12T09:00:00Z") },
  );
  expect(foldDeal([snapshot("2026-03-10T08:00:00Z"), seen, witness])[1]?.knownAt).toBe(at("2026-03-12T08:01:00Z"));
});

const anyState: fc.Arbitrary<FoldState> = fc.record({
  status: fc.constantFrom("open", "won", "lost"),
  pipeline_id: fc.constant("sales"),
  stage_id: fc.constantFrom("P", "Q", "M", null),
  amount_minor: fc.constantFrom(1, 2, null),
  currency: fc.constant("USD"),
  value_period: fc.constantFrom("one_time", "monthly"),
  rep_id: fc.constantFrom("ann", "bob", null),
  probability: fc.constantFrom(0, 0.5, 1, null),
  expected_close_on: fc.constantFrom("2026-05-01", null),
});
const anyPart: fc.Arbitrary<Partial<FoldState>> = anyState.chain((state) =>
  fc.subarray([...FOLD_FIELDS]).map((fields) => Object.fromEntries(fields.map((field) => [field, state[field]]))),
);
const anyTime = fc.integer({ min: 0, max: 12 }).map((n) => at("2026-03-01") + n * 6 * 3_600_000);
const common = { isDay: fc.boolean(), knownAt: fc.oneof(fc.constant(-Infinity), anyTime), at: anyTime };
const anyObservation: fc.Arbitrary<DealObservation> = fc.oneof(
  fc.record({
    ...common,
    kind: fc.constant("change" as const),
    before: anyPart,
    after: anyPart,
    key: fc.constant(""),
    seq: fc.constant(0),
  }),
  fc.record({
    ...common,
    kind: fc.constant("snapshot" as const),
    state: anyState,
    isAtFetch: fc.boolean(),
    createdAt: fc.option(anyTime),
    createdIsDay: fc.boolean(),
    closedAt: fc.option(anyTime),
    closedIsDay: fc.boolean(),
    key: fc.constant(""),
    seq: fc.constant(0),
  }),
);
const anyHistory = fc
  .array(anyObservation, { maxLength: 8 })
  .map((all) => all.map((one, index): DealObservation => ({ ...one, key: `k${index}`, seq: Math.floor(index / 2) })));

test("for any observations: the order in which they arrive does not matter", () => {
  fc.assert(
    fc.property(
      anyHistory.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        expect(foldDeal(shuffled)).toEqual(foldDeal(all));
      },
    ),
  );
});

test("for any observations: intervals are contiguous and end in infinity, neighbours differ, nothing is known before it holds", () => {
  fc.assert(
    fc.property(anyHistory, (all) => {
      const rows = foldDeal(all);
      rows.forEach((row, index) => {
        const following = rows[index + 1];
        expect(row.heldTo).toBe(following?.heldFrom ?? Infinity);
        expect(row.heldFrom).toBeLessThanOrEqual(row.heldTo);
        expect(row.knownAt).toBeGreaterThanOrEqual(row.heldFrom);
        expect(following?.state).not.toEqual(row.state);
      });
    }),
  );
});

test("for any observations: the last row is what the newest snapshot shows, unless a later change was witnessed", () => {
  fc.assert(
    fc.property(anyHistory, (all) => {
      const newest = all
        .filter((one) => one.kind === "snapshot")
        .sort((a, b) => a.at - b.at || a.seq - b.seq || (a.key < b.key ? -1 : 1))
        .at(-1);
      if (newest === undefined || all.some((one) => one.kind === "change" && one.at > newest.at)) return;
      expect(foldDeal(all).at(-1)?.state).toMatchObject({ ...newest.state });
    }),
  );
});

test("for any observations: seeing the newest snapshot once more changes nothing but what is known", () => {
  fc.assert(
    fc.property(anyHistory, (all) => {
      const snapshots = all.filter((one) => one.kind === "snapshot");
      const newest = snapshots.sort((a, b) => a.at - b.at || a.seq - b.seq || (a.key < b.key ? -1 : 1)).at(-1);
      if (newest === undefined) return;
      const again = { ...newest, key: `${newest.key}+`, knownAt: Infinity };
      expect(foldDeal([...all, again])).toEqual(foldDeal(all));
    }),
  );
});
