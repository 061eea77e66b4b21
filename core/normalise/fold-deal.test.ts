import { fc } from "../../test/support/properties.ts";
import { expect, test } from "vitest";
import {
  type ChangeObservation,
  type DealObservation,
  FOLD_FIELDS,
  type FoldState,
  type SnapshotObservation,
} from "./deal-observations.ts";
import { foldDeal } from "./fold-deal.ts";

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
    record: "deals",
    precedence: 0,
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
    isMisdated: false,
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
  expect(told(won("2026-04-30"))[1]).toBe("2026-03-12T08:00 won P");
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
/** Dates that somebody typed: ahead, absurd, or sensible. */
const anyDate = fc.oneof(
  { weight: 6, arbitrary: anyTime },
  { weight: 1, arbitrary: fc.constantFrom(Date.UTC(2206, 2, 11), Date.UTC(9999, 11, 31), 0, at("0000-01-01")) },
);
const common = { isDay: fc.boolean(), knownAt: fc.oneof(fc.constant(-Infinity), anyTime), at: anyTime };
const anyChange: fc.Arbitrary<ChangeObservation> = fc.record({
  ...common,
  kind: fc.constant("change" as const),
  before: anyPart,
  after: anyPart,
  isMisdated: fc.boolean(),
  key: fc.constant(""),
  seq: fc.constant(0),
});
const anySnapshot: fc.Arbitrary<SnapshotObservation> = fc.record({
  ...common,
  kind: fc.constant("snapshot" as const),
  record: fc.constantFrom("leads", "closed"),
  precedence: fc.constantFrom(0, 1),
  state: fc.oneof(anyState, anyPart),
  isAtFetch: fc.boolean(),
  createdAt: fc.option(anyDate),
  createdIsDay: fc.boolean(),
  closedAt: fc.option(anyDate),
  closedIsDay: fc.boolean(),
  key: fc.constant(""),
  seq: fc.constant(0),
});
const anyHistory = fc
  .array(fc.oneof(anyChange, anySnapshot), { maxLength: 8 })
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
      // One without a time of its own does not outrank what is dated.
      if (newest === undefined || newest.isAtFetch || all.some((one) => one !== newest && one.at >= newest.at)) return;
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

/** What a row of a spreadsheet shows: without a time of its own. */
function row(time: string, state: Partial<FoldState>, more: Partial<SnapshotObservation> = {}): SnapshotObservation {
  return snapshot(time, state, { isAtFetch: true, knownAt: at(time), ...more });
}
const loaded = { knownAt: -Infinity };

/** A history as lines, with the doubt in the time of a win or loss. */
function doubted(observations: readonly DealObservation[]): string[] {
  const lines = told(observations);
  return foldDeal(observations).map(({ doubt }, index) => `${lines[index]}${doubt === null ? "" : ` (${doubt})`}`);
}

test.each([
  ["ahead", "2026-04-30"],
  ["in 2206", "2206-03-11"],
  ["in 9999", "9999-12-31"],
  ["in year 0", "0000-03-11"],
  ["of an empty cell", "1899-12-30"],
])("a deal whose closing date is %s closed when it was first seen closed, and says so", (_, day) => {
  const typed = { closedAt: at(day), closedIsDay: true };
  const won = row("2026-03-12T08:00:00Z", { status: "won" }, typed);
  const doubt = "2026-03-12T08:00 won P (odd_closing_date)";
  expect(doubted([won])).toEqual(["2026-03-01T00:00 open P", doubt]);
  expect(doubted([row("2026-03-10T08:00:00Z", {}), won])).toEqual(["2026-03-01T00:00 open P", doubt]);
  // Read once more, and with another cell changed, it closed no later.
  const again = row("2026-05-20T08:00:00Z", { status: "won", rep_id: "bob" }, typed);
  expect(doubted([won, again])).toEqual(["2026-03-01T00:00 open P", doubt, "2026-05-20T08:00 won P"]);
  const lost = row("2026-04-05T08:00:00Z", { status: "lost" }, { closedAt: at("2026-04-05"), closedIsDay: true });
  expect(doubted([won, lost]).at(-1)).toBe("2026-04-05 lost P");
});

test("a closing date that was corrected is believed, and doubted no more", () => {
  const won = row("2026-03-12T08:00:00Z", { status: "won" }, { closedAt: at("2206-03-11"), closedIsDay: true });
  const corrected = row("2026-03-13T08:00:00Z", { status: "won" }, { closedAt: at("2026-03-11"), closedIsDay: true });
  expect(doubted([won, corrected])).toEqual(["2026-03-01T00:00 open P", "2026-03-11 won P"]);
  // A date after it was seen won is as odd as one ahead, also once that day has come.
  const later = row("2026-05-20T08:00:00Z", { status: "won" }, { closedAt: at("2026-04-30"), closedIsDay: true });
  expect(doubted([won, later]).at(-1)).toBe("2026-03-12T08:00 won P (odd_closing_date)");
});

test("the closing date of a later win says nothing of an earlier one", () => {
  const history = [
    row("2026-03-12T08:00:00Z", { status: "won" }, { closedAt: at("2026-03-11"), closedIsDay: true }),
    row("2026-03-20T08:00:00Z", { status: "open" }),
    row("2026-03-25T08:00:00Z", { status: "won" }, { closedAt: at("2026-03-24T15:00:00Z") }),
  ];
  expect(doubted(history)).toEqual([
    "2026-03-01T00:00 open P",
    "2026-03-11 won P",
    "2026-03-20T08:00 open P",
    "2026-03-24T15:00 won P",
  ]);
  const witnessed = [
    snapshot("2026-03-12T08:00:00Z", { status: "won" }, { closedAt: at("2026-03-05") }),
    change("2026-03-14T08:00:00Z", {}, { status: "lost" }),
    snapshot("2026-03-15T08:00:00Z", { status: "won" }, { closedAt: at("2026-03-15") }),
  ];
  expect(told(witnessed)).toEqual([
    "2026-03-01T00:00 open P",
    "2026-03-05T00:00 won P",
    "2026-03-14T08:00 lost P",
    "2026-03-15T00:00 won P",
  ]);
});

test("a deal that came won without a date is won, nobody knows since when", () => {
  expect(doubted([row("2026-03-12T08:00:00Z", { status: "won" }, loaded)])).toEqual([
    "2026-03-01T00:00 won P (no_closing_date)",
  ]);
  // Moves in the past that say it was open do not say when it closed, either.
  const move = change("2026-03-05T10:00:00Z", { status: "open", stage_id: "P" }, { status: "open", stage_id: "Q" });
  expect(doubted([row("2026-03-12T08:00:00Z", { status: "won", stage_id: "Won" }, loaded), move])).toEqual([
    "2026-03-01T00:00 open P",
    "2026-03-05T10:00 open Q",
    "2026-03-05T10:00 won Won (no_closing_date)",
  ]);
});

test("a deal that was seen open and then won without a date closed when it was seen won", () => {
  const history = [row("2026-03-10T08:00:00Z", {}, loaded), row("2026-03-12T08:00:00Z", { status: "won" })];
  expect(doubted(history)).toEqual(["2026-03-01T00:00 open P", "2026-03-12T08:00 won P"]);
  const filledIn = row("2026-03-13T08:00:00Z", { status: "won" }, { closedAt: at("2026-03-11"), closedIsDay: true });
  expect(doubted([...history, filledIn])).toEqual(["2026-03-01T00:00 open P", "2026-03-11 won P"]);
});

test("a row without a time of its own never outranks a dated change", () => {
  const lead = row("2026-04-01T08:00:00Z", { status: "open", stage_id: "P", rep_id: null, amount_minor: 0 }, loaded);
  const won = change("2026-03-11T09:00:00Z", {}, { status: "won", rep_id: "bob", amount_minor: 500 });
  expect(doubted([lead, won])).toEqual(["2026-03-01T00:00 open P", "2026-03-11T09:00 won P"]);
  expect(foldDeal([lead, won]).at(-1)?.state).toMatchObject({ rep_id: "bob", amount_minor: 500 });
  // What the row is seen to change to is dated: by the reading.
  const reopened = row("2026-04-02T08:00:00Z", { status: "open", stage_id: "Q", rep_id: null, amount_minor: 0 });
  expect(doubted([lead, won, reopened]).at(-1)).toBe("2026-04-02T08:00 won Q");
  // A closing date is a time, too: the later of the two counts.
  const sheet = row("2026-04-01T08:00:00Z", { status: "won" }, { ...loaded, closedAt: at("2026-03-11") });
  const reopening = (time: string) => change(time, { status: "won" }, { status: "open" });
  expect(doubted([sheet, reopening("2026-03-20")]).at(-1)).toBe("2026-03-20T00:00 open P");
  expect(doubted([sheet, reopening("2026-03-08")]).at(-1)).toBe("2026-03-11T00:00 won P");
});

test("two records of one deal are one: each says what it has, and the first of them counts where both do", () => {
  const leads = row(
    "2026-04-01T08:00:00Z",
    { status: "open", rep_id: "ann" },
    { ...loaded, record: "leads", state: { status: "open", rep_id: "ann" } },
  );
  const closed = row(
    "2026-04-01T08:00:00Z",
    {},
    {
      ...loaded,
      record: "closed",
      precedence: 1,
      state: { status: "won", amount_minor: 700, rep_id: "bob" },
      createdAt: null,
      closedAt: at("2026-03-11"),
      closedIsDay: true,
    },
  );
  for (const both of [
    [leads, closed],
    [closed, leads],
  ]) {
    expect(doubted(both)).toEqual(["2026-03-01T00:00 open -", "2026-03-11 won -"]);
    expect(foldDeal(both).at(-1)?.state).toMatchObject({ rep_id: "ann", amount_minor: 700 });
  }
  const preferred = foldDeal([
    { ...leads, precedence: 1 },
    { ...closed, precedence: 0 },
  ]);
  expect(preferred.at(-1)?.state).toMatchObject({ status: "won", rep_id: "bob" });
  expect(doubted([leads, { ...closed, closedAt: null }])).toEqual(["2026-03-01T00:00 won - (no_closing_date)"]);
});

test("a win that is dated before the deal's creation is told by a change as by a row: on its own date", () => {
  const created = { createdAt: at("2026-03-08"), createdIsDay: true };
  const lead = row("2026-04-01T08:00:00Z", {}, { record: "leads", state: { status: "open" }, ...created });
  const won = row(
    "2026-04-01T08:00:00Z",
    {},
    { record: "won", state: { status: "won" }, createdAt: null, closedAt: at("2026-03-05T14:35:59Z") },
  );
  const byChange = foldDeal([lead, change("2026-03-05T14:35:59Z", {}, { status: "won" })]);
  const byRow = foldDeal([lead, won]);
  for (const history of [byChange, byRow])
    expect(history.map(({ heldFrom, state }) => [heldFrom, state.status])).toEqual([
      [at("2026-03-05T14:35:59Z"), "open"],
      [at("2026-03-05T14:35:59Z"), "won"],
    ]);
});

test("a record that is taken back says nothing any more, as long as another speaks of the deal", () => {
  const leads = row("2026-04-01T08:00:00Z", {}, { record: "leads", state: { status: "open" } });
  const closed = row(
    "2026-04-01T08:00:00Z",
    {},
    {
      record: "closed",
      precedence: 1,
      state: { status: "won", amount_minor: 700, rep_id: "bob" },
      closedAt: at("2026-03-11"),
    },
  );
  const gone = (of: SnapshotObservation): SnapshotObservation =>
    row("2026-05-02T08:00:00Z", {}, { record: of.record, precedence: of.precedence, state: {}, isGone: true });
  const won = ["2026-03-01T00:00 open -", "2026-03-11T00:00 won -"];
  expect(doubted([leads, closed])).toEqual(won);
  const reopened = foldDeal([leads, closed, gone(closed)]);
  expect(reopened.at(-1)?.state).toMatchObject({ status: "open", amount_minor: null, rep_id: null });
  expect(reopened.at(-1)?.heldFrom).toBe(at("2026-05-02T08:00:00Z"));
  // The lead is gone: the win stays, with what it says. Both are gone: the deal is, and was not open again before.
  expect(doubted([leads, closed, gone(leads)])).toEqual(won);
  for (const both of [
    [gone(leads), gone(closed)],
    [gone(closed), gone(leads)],
  ])
    expect(doubted([leads, closed, ...both])).toEqual(won);
});

test("for any observations: nothing closes later than it was first seen closed, or before 1971", () => {
  fc.assert(
    fc.property(anyHistory, (all) => {
      const lastShown = Math.max(...all.map((one) => one.at));
      for (const { heldFrom, state, doubt } of foldDeal(all)) {
        expect(heldFrom).toBeLessThanOrEqual(lastShown);
        expect(state.status === "open" && (doubt ?? "odd_creation_date") !== "odd_creation_date").toBe(false);
      }
    }),
  );
});

test("for any dates of one sheet: a win is where its date says if it can be, else where it was first seen", () => {
  const cases = fc.record({
    closed: fc.option(anyDate),
    seenOpen: fc.boolean(),
    readings: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(cases, ({ closed, seenOpen, readings }) => {
      const opened = row("2026-03-02T00:00:00Z", {}, loaded);
      const firstSeen = at("2026-03-03T00:00:00Z");
      const won = Array.from({ length: readings }, (_, n) =>
        row(new Date(firstSeen + n * 86_400_000).toISOString(), { status: "won" }, { closedAt: closed }),
      );
      const history = foldDeal([...(seenOpen ? [opened] : []), ...won]);
      const last = history.at(-1);
      expect(last?.state.status).toBe("won");
      const isPossible = closed !== null && closed <= firstSeen && closed >= Date.UTC(1971, 0, 1);
      const unlessPossible = closed === null ? "no_closing_date" : "odd_closing_date";
      const isKnown = isPossible || (closed === null && seenOpen);
      expect(last?.doubt).toBe(isKnown ? null : unlessPossible);
      const created = at("2026-03-01");
      const unseen = closed === null && !seenOpen ? created : firstSeen;
      expect(last?.heldFrom).toBe(isPossible ? Math.max(closed, created) : unseen);
    }),
  );
});
