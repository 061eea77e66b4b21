import { expect, test } from "vitest";
import { CONNECTORS } from "../../connectors/index.ts";
import { passAll } from "../support/acceptance.ts";
import { everyday, IN_EVERY_FORM } from "../support/checks.ts";

/** Enough for every stream to have pages and every kind of record; more of them take longer and find no more. */
const RECORDS = 100;

await passAll(everyday, RECORDS);

test("every form of every check is met by some connector", () => {
  const met = new Set(CONNECTORS.flatMap((_, nth) => everyday(nth)));
  expect(IN_EVERY_FORM.filter((check) => !met.has(check)).map(({ name }) => name)).toEqual([]);
});
