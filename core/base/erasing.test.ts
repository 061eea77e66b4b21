import { describe, expect, it } from "vitest";
import {
  emailText,
  erasedJson,
  erasedText,
  knownBy,
  knownByMarks,
  markOf,
  nameText,
  phoneText,
  speaksOf,
  type Subject,
} from "./erasing.ts";

const SALT = Buffer.alloc(32, 7);
const JO: Subject = {
  emails: ["jo@fjord.example"],
  names: ["jo berg"],
  phones: ["+47 22 12 34 56"],
  ids: ["cont_a1b2c3"],
};
const marks = new Set(
  [
    ...JO.emails.map((email) => markOf(SALT, "email", email)),
    ...JO.names.map((name) => markOf(SALT, "name", name)),
    ...JO.phones.map((phone) => markOf(SALT, "phone", phoneText(phone) ?? "")),
    ...JO.ids.map((id) => markOf(SALT, "id", id)),
  ].map((mark) => mark.toString("hex")),
);

describe.each([
  ["known in plain", knownBy(JO, SALT)],
  ["known by marks alone", knownByMarks(SALT, marks)],
])("a person who is to be forgotten, %s", (_how, known) => {
  const place = known.email("jo@fjord.example") ?? "";

  it("has one place for each address, whatever it was", () => {
    expect(place).toMatch(/^erased-[0-9a-f]{12}@erased\.invalid$/);
  });

  it.each([
    ["Jo@Fjord.example", "@"],
    ["mail to jo@fjord.example.", "mail to @."],
    ["<jo@fjord.example>, ann@fjord.example", "<@>, ann@fjord.example"],
    ["https://x.example/?to=jo%40fjord.example&a=1", "https://x.example/?to=%&a=1"],
    ["mojo@fjord.example", "mojo@fjord.example"],
    ["jo@fjord.example.com", "jo@fjord.example.com"],
    ["jo+news@fjord.example", "jo+news@fjord.example"],
    ["Jo Berg", "Jo Berg"],
  ])("is taken out of %j by the address alone", (text, left) => {
    const expected = left.replace(/(?<![\w.])@(?!\w)/, place).replace(/to=%/, `to=${encodeURIComponent(place)}`);
    expect(erasedText(known, text, false)).toBe(expected);
  });

  it.each([
    ["Call with Jo  Berg, 22123456", "Call with (erased), (erased)"],
    ["JO BERG / Anna Berg", "(erased) / Anna Berg"],
    ["Jo Bergen", "Jo Bergen"],
    ["(0047) 22 12 34 56", "(0(erased)"],
    ["+47 22 12 34 57", "+47 22 12 34 57"],
  ])("is taken out of %j where it is sure that they are meant", (text, left) => {
    expect(erasedText(known, text, true).replace(/^\(?0*\(erased\)$/, "(0(erased)")).toBe(left);
  });

  it("is spoken of by an address, an id or a number, at any depth, and not by a name", () => {
    for (const value of [
      { a: [{ b: "x jo@fjord.example y" }] },
      ["cont_a1b2c3"],
      { "jo@fjord.example": 1 },
      "+4722123456",
    ])
      expect([value, speaksOf(known, value)]).toEqual([value, true]);
    for (const value of [{ name: "Jo Berg" }, ["cont_a1b2c"], 22123456, null, "20261124123456"])
      expect([value, speaksOf(known, value)]).toEqual([value, false]);
  });

  it("leaves a record its shape, and one without them untouched", () => {
    const record = { id: 1, to: ["jo@fjord.example", null], by: { name: "Jo Berg", n: 2.5, ok: true } };
    expect(erasedJson(known, record, true)).toEqual({
      id: 1,
      to: [place, null],
      by: { name: "(erased)", n: 2.5, ok: true },
    });
    const other = { name: "Anna Berg", to: ["ann@fjord.example"] };
    expect(erasedJson(known, other, true)).toBe(other);
  });
});

it("compares names and addresses as people do", () => {
  expect(nameText("  Zoë\u0301  BERG ")).toBe(nameText("zoë\u0301 berg"));
  expect(emailText("'Jo%40Fjord.Example.")).toBe("jo@fjord.example");
  expect([phoneText("+47 (22) 12-34-56"), phoneText("12345")]).toEqual(["22123456", null]);
});
