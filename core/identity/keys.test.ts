import { describe, expect, it } from "vitest";
import { domainKey, emailKey, nameKey, otherIdKey, phoneKey } from "./keys.ts";

describe("what makes two records one", () => {
  it.each([
    ["  Ann@Example.COM ", "ann@example.com"],
    ["ann+news@example.com", "ann+news@example.com"],
    ["ann@example", null],
    ["ann example.com", null],
    ["a nn@example.com", null],
    ["ann@exa mple.com", null],
    ["ann@@example.com", null],
    ["@example.com", null],
    ["", null],
  ])("is of the address %j the key %j", (text, key) => {
    expect(emailKey(text)).toBe(key);
  });

  it.each([
    ["+4722334455", "+4722334455"],
    [" tel:+4722334455 ", "+4722334455"],
    ["TEL:+4722334455", "+4722334455"],
    ["+47 22 33 44 55", "+4722334455"],
    ["+1 (212) 555-0100", "+12125550100"],
    // Without its country a number names nobody.
    ["22 33 44 55", null],
    ["tel:22334455", null],
    ["0047 22 33 44 55", null],
    // Too short and too long for E.164.
    ["+4712", null],
    ["+47 12", null],
    ["+1234567890123456", null],
    ["+", null],
    ["", null],
  ])("is of the number %j the key %j", (text, key) => {
    expect(phoneKey(text)).toBe(key);
  });

  it.each([
    ["Fjord.example", "fjord.example"],
    [" https://www.Fjord.example/about?x=1#y ", "fjord.example"],
    ["http://shop.example.com:8080", "shop.example.com"],
    ["www.example.co.uk", "example.co.uk"],
    ["müller.de", "xn--mller-kva.de"],
    // Anybody can have an address there.
    ["gmail.com", null],
    ["duck.com", null],
    ["localhost", null],
    ["ann@example.com", null],
    ["exa mple.com", null],
    ["", null],
  ])("is of the domain %j the key %j", (text, key) => {
    expect(domainKey(text)).toBe(key);
  });

  it.each([
    [{ system: "close", id: "cont_1" }, "close:cont_1"],
    [{ system: " Close ", id: " cont_1 " }, "close:cont_1"],
    [{ system: null, id: "cont_1" }, "*:cont_1"],
    [{ system: "zendesk", id: "42" }, "zendesk:42"],
    // Every tool has a number 42.
    [{ system: null, id: " 42 " }, null],
    [{ system: null, id: "42a" }, "*:42a"],
    [{ system: "close", id: "  " }, null],
  ])("is of the other tool's id %j the key %j", (other, key) => {
    expect(otherIdKey(other)).toBe(key);
  });

  it.each([
    ["  Ann   BERG ", "ann berg"],
    ["Ann\u00a0Berg", "ann berg"],
    // Composed and not, full width, and with an invisible joiner.
    ["Zoe\u0308", "zo\u00eb"],
    ["\uff21nn", "ann"],
    ["An\u200dn", "ann"],
  ])("is of the name %j the key %j", (text, key) => {
    expect(nameKey(text)).toBe(key);
  });
});
