import { expect, test } from "vitest";
import { createPullRoom } from "./pull-room.ts";

let nowMs = 0;
let waits = true;
const room = () =>
  createPullRoom({
    places: 8,
    clock: { now: () => new Date(nowMs) },
    isAwaited: () => Promise.resolve(waits),
  });

test("a connection takes at most a third of the places while others wait, and all of them while nobody does", async () => {
  const one = room();
  waits = true;
  for (let n = 0; n < 3; n += 1) await one.enter("close");
  await expect(one.enter("close")).rejects.toMatchObject({ code: "land.gives_way", kind: "rate_limited" });
  await one.enter("gong");
  waits = false;
  for (let n = 0; n < 4; n += 1) await one.enter("close");
});

test("connections whose vendors are slow share half of the places, however many they are", async () => {
  const one = room();
  waits = true;
  for (const id of ["a", "b", "c", "d", "e", "f"]) (await one.enter(id)).leave(true);
  for (const id of ["a", "b", "c", "d"]) await one.enter(id);
  await expect(one.enter("e")).rejects.toMatchObject({ code: "land.gives_way" });
  await one.enter("healthy");
});

test("a vendor that answers again is slow no more", async () => {
  const one = room();
  waits = true;
  for (const id of ["a", "b", "c", "d", "e"]) (await one.enter(id)).leave(true);
  for (const id of ["a", "b", "c", "d"]) await one.enter(id);
  await expect(one.enter("e")).rejects.toMatchObject({ code: "land.gives_way" });
  waits = false;
  const back = await one.enter("e");
  back.leave(false);
  waits = true;
  await one.enter("e");
});

test("a long pull gives its place up to who waits, and keeps it while nobody does", async () => {
  const one = room();
  nowMs = 0;
  waits = true;
  const stay = await one.enter("close");
  nowMs = 19_999;
  expect(await stay.givesWay()).toBeNull();
  nowMs = 20_000;
  expect(await stay.givesWay()).toMatchObject({ code: "land.gives_way" });
  waits = false;
  expect(await stay.givesWay()).toBeNull();
});
