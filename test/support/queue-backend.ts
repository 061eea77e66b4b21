import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll } from "vitest";
import type { QueueBackend } from "../../workers/queue-backend.ts";
import { testDatabaseTarget } from "./database.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** The backend under test: Redis when REDIS_URL is set, else PostgreSQL. Nobody else uses this one; emptied after the file. */
export async function testQueueBackend(): Promise<QueueBackend> {
  const url = process.env["REDIS_URL"];
  if (url === undefined || url === "")
    return { kind: "postgres", target: await testDatabaseTarget(), schema: "tributary_queue" };
  const prefix = `tributary-test-${randomBytes(6).toString("hex")}`;
  cleanUps.push(() => emptyPrefix(url, prefix));
  return { kind: "redis", url, prefix };
}

async function emptyPrefix(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url);
  for await (const keys of redis.scanStream({ match: `*${prefix}*` }) as AsyncIterable<string[]>)
    if (keys.length > 0) await redis.del(...keys);
  await redis.quit();
}
