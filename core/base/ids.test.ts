import fc from "fast-check";
import { expect, test } from "vitest";
import { entityId } from "./ids.ts";

// The same examples each time: no test depends on chance.
fc.configureGlobal({ seed: 20_261_201 });

test("equal parts give the equal id, which is a UUID of version 8", () => {
  const id = entityId("deal", "close-main", "oppo_1");
  expect(entityId("deal", "close-main", "oppo_1")).toBe(id);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("other parts give another id, however they would join", () => {
  expect(entityId("deal", "a", "bc")).not.toBe(entityId("deal", "ab", "c"));
  expect(entityId("deal", "a", "b")).not.toBe(entityId("rep", "a", "b"));
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.array(fc.string(), { minLength: 1 }), (left, right) => {
      const isSame = JSON.stringify(left) === JSON.stringify(right);
      expect(entityId("record", ...left) === entityId("record", ...right)).toBe(isSame);
    }),
  );
});
