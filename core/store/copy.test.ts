import { expect, test } from "vitest";
import { copyHex, copyInstant, copyJson, copyText, toChunks } from "./copy.ts";

test("escapes what COPY's text format gives a meaning, and nothing else", () => {
  expect(copyText("a\tb\nc\rd\\e")).toBe("a\\tb\\nc\\rd\\\\e");
  expect(copyText("plain ünï 'quoted'")).toBe("plain ünï 'quoted'");
});

test("tells null from the text that looks like it", () => {
  expect(copyText(null)).toBe("\\N");
  expect(copyText("\\N")).toBe("\\\\N");
  expect(copyInstant(null)).toBe("\\N");
});

test("writes NUL, which no PostgreSQL text can hold, in its storable form", () => {
  expect(copyText("a\0\tb")).toBe("a␛0000\\tb");
  expect(copyJson(JSON.stringify({ a: "x\0y\n" }))).toBe('{"a":"x\\\\u241b0000y\\\\n"}');
});

test("writes bytes as hexadecimal", () => {
  expect(copyHex("00ff")).toBe("\\\\x00ff");
});

test("sends lines of any length in pieces that add up to them", () => {
  const lines = [`${"ü€😀".repeat(30_000)}\n`, "short\n", `${"x".repeat(65_536)}\n`, "ünï\n"];
  const chunks = [...toChunks(lines)];
  expect(chunks.length).toBeGreaterThan(1);
  expect(Buffer.concat(chunks).toString()).toBe(lines.join(""));
});

test("sends nothing when there are no lines", () => {
  expect([...toChunks([])]).toEqual([]);
});
