import { expect, test } from "vitest";
import { whyUnreached } from "./unreached.ts";

const failure = (code: string): Error => Object.assign(new Error("connect to https://key@vendor.example"), { code });

test.each([
  ["ENOTFOUND", "its name is not known here (ENOTFOUND)"],
  ["EAI_AGAIN", "its name is not known here (EAI_AGAIN)"],
  ["ERR_CANCELED", "there was no complete answer in time (ERR_CANCELED)"],
  ["ECONNREFUSED", "ECONNREFUSED"],
])("%s is told as what it is", (code, told) => expect(whyUnreached(failure(code))).toBe(told));

test.each([
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])("%s is about the certificate", (code) => expect(whyUnreached(failure(code))).toContain(`certificate (${code})`));

test("what has no code says itself", () => {
  expect([
    whyUnreached(new Error("no complete answer within 5 ms")),
    whyUnreached("?"),
    whyUnreached(new Error()),
  ]).toEqual(["no complete answer within 5 ms", "the connection failed", "the connection failed"]);
});
