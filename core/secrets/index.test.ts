import { expect, test } from "vitest";
import { createSecrets, generateSecretKey, parseSecretKey } from "./index.ts";

const key = parseSecretKey(generateSecretKey());
const secrets = createSecrets([key]);

test("opens what it sealed, for what it was sealed for", () => {
  expect(secrets.open(secrets.seal("api_ünïcode", "a"), "a")).toBe("api_ünïcode");
  expect(secrets.open(secrets.seal("", "a"), "a")).toBe("");
});

test("never seals the same text the same way twice", () => {
  expect(secrets.seal("x", "a")).not.toBe(secrets.seal("x", "a"));
});

test("refuses a sealed text that was moved to another row", () => {
  expect(() => secrets.open(secrets.seal("x", "a"), "b")).toThrow(/changed, cut off, or moved/);
});

test("refuses a sealed text of which any single character was changed", () => {
  const sealed = secrets.seal("secret", "a");
  const start = sealed.lastIndexOf(".") + 1;
  for (let at = start; at < sealed.length - 1; at += 1) {
    const other = sealed[at] === "A" ? "B" : "A";
    expect(() => secrets.open(sealed.slice(0, at) + other + sealed.slice(at + 1), "a")).toThrow(/changed/);
  }
});

test("refuses a text that is too short to have been sealed", () => {
  expect(() => secrets.open(`v1.${key.id}.AAAA`, "a")).toThrow(/changed/);
  expect(() => secrets.open("plain", "a")).toThrow(/changed/);
});

test("names the key that a text needs when it is not there, and shows none of the text", () => {
  const other = createSecrets([parseSecretKey(generateSecretKey())]);
  expect(() => other.open(secrets.seal("hunter2", "a"), "a")).toThrow(`sealed with key ${key.id}`);
});

test("opens texts of an older key and seals with the newer", () => {
  const newer = parseSecretKey(generateSecretKey());
  const both = createSecrets([newer, key]);
  expect(both.open(secrets.seal("x", "a"), "a")).toBe("x");
  expect(both.seal("x", "a").split(".")[1]).toBe(newer.id);
});

test("takes a key in hexadecimal or base64 and refuses one of another length", () => {
  const hex = "00".repeat(32);
  expect(parseSecretKey(hex).id).toBe(parseSecretKey(Buffer.alloc(32).toString("base64")).id);
  expect(() => parseSecretKey("short")).toThrow(/32 bytes/);
});
