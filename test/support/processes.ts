import { afterAll } from "vitest";
import { killAll, type Variables } from "./spawn.ts";

export { type Finished, kill, run, start, type Started, type Variables } from "./spawn.ts";

// What a test file has started is killed when it is done.
afterAll(killAll);

/** Where the suite runs on Redis: a database of that Redis for this test file alone, so that hubs do not see each other's jobs. */
export function redisOfItsOwn(database: number): Variables {
  const url = process.env["REDIS_URL"];
  if (url === undefined || url === "") return {};
  return { REDIS_URL: new URL(`/${database}`, url).href };
}
