import { describe, expect, it } from "vitest";
import { readFlag, readMoment } from "./values.ts";

const reading = { format: "iso", timeZone: "Europe/Berlin", locale: "en" };

describe("dates", () => {
  it("keeps a day a day, and a time an instant in the mapping's zone", () => {
    expect(readMoment("10/20/2016", { ...reading, format: "M/d/yyyy" })).toEqual({ day: "2016-10-20" });
    // 12:00 in Berlin in summer is 10:00 UTC.
    expect(readMoment("01.07.2026 12:00", { ...reading, format: "dd.MM.yyyy HH:mm" })).toEqual({
      instant: new Date("2026-07-01T10:00:00Z"),
    });
    expect(readMoment("2026-07-01T12:00:00+09:00", reading)).toEqual({ instant: new Date("2026-07-01T03:00:00Z") });
    expect(readMoment("2026-07-01 12:00", reading)).toEqual({ instant: new Date("2026-07-01T10:00:00Z") });
    expect(readMoment("2026-07-01", reading)).toEqual({ day: "2026-07-01" });
  });

  it("never guesses: what is not of the named form is no date, though it would be one in another", () => {
    expect(readMoment("20/10/2016", { ...reading, format: "M/d/yyyy" })).toBeNull();
    expect(readMoment("2016-10-20", { ...reading, format: "M/d/yyyy" })).toBeNull();
    expect(readMoment("10/20/2016", reading)).toBeNull();
    expect(readMoment("2/30/2016", { ...reading, format: "M/d/yyyy" })).toBeNull();
    expect(readMoment("10/20/16", { ...reading, format: "M/d/yyyy" })).toBeNull();
  });

  it("takes a workbook's date cell for what it is, whatever the format of texts", () => {
    expect(readMoment({ date: "2026-07-01" }, { ...reading, format: "M/d/yyyy" })).toEqual({ day: "2026-07-01" });
    expect(readMoment({ date: "2026-07-01T12:00:00" }, { ...reading, format: "M/d/yyyy" })).toEqual({
      instant: new Date("2026-07-01T10:00:00Z"),
    });
  });

  it("reads month names in the mapping's language", () => {
    expect(readMoment("1 juillet 2026", { ...reading, format: "d MMMM yyyy", locale: "fr" })).toEqual({
      day: "2026-07-01",
    });
  });
});

it("reads yes and no, and nothing else as either", () => {
  expect([readFlag("Yes"), readFlag("0"), readFlag("maybe")]).toEqual([true, false, null]);
});
