import { expect, test } from "vitest";
import { z } from "zod";
import { isSecretPath, openDeclared, sealDeclared, secret, secretPaths } from "./declared.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "./index.ts";

const schema = z.strictObject({
  host: z.string(),
  pass: secret(z.string().min(1)).describe("Whatever it is called").optional(),
  ways: z.array(z.union([z.strictObject({ url: secret(z.url()) }), z.strictObject({ name: z.string() })])).default([]),
  headers: z.record(z.string(), secret(z.string())).default({}),
});
const value = {
  host: "a",
  pass: "p",
  ways: [{ name: "n" }, { url: "https://x.example/T0/B0" }],
  headers: { authorization: "Bearer 1" },
};
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
const belongsTo = (path: readonly PropertyKey[]): string => path.join("/");

test("finds what is declared secret, however deep and whatever it is called", () => {
  expect(secretPaths(schema, value)).toEqual([["pass"], ["ways", 1, "url"], ["headers", "authorization"]]);
});

test("knows a secret's place without a value, and what lies inside of it", () => {
  expect(isSecretPath(schema, ["ways", 7, "url"])).toBe(true);
  expect(isSecretPath(schema, ["headers", "x", "deeper"])).toBe(true);
  expect(isSecretPath(schema, ["host"])).toBe(false);
  expect(isSecretPath(schema, ["ways"])).toBe(false);
});

test("seals each for its own place, and opens it there alone", () => {
  const sealed = sealDeclared(schema, value, secrets, belongsTo);
  expect(sealed.host).toBe("a");
  // Whole values: a short piece such as "T0" stands in a random cipher text by chance now and then.
  for (const secret of ["https://x.example/T0/B0", "Bearer 1"]) expect(JSON.stringify(sealed)).not.toContain(secret);
  expect(openDeclared(schema, sealed, secrets, belongsTo)).toEqual(value);
  expect(() => openDeclared(schema, { ...sealed, pass: sealed.headers.authorization }, secrets, belongsTo)).toThrow(
    /moved/,
  );
});

test("leaves the value that it was given as it was", () => {
  sealDeclared(schema, value, secrets, belongsTo);
  expect(value.pass).toBe("p");
});
