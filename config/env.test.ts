import { expect, test } from "vitest";
import { readEnv } from "./env.ts";

test("an empty environment gives the embedded hub on 127.0.0.1:8080, its data beside us", () => {
  expect(readEnv({}, "/srv/hub")).toMatchObject({
    databaseUrl: null,
    redisUrl: null,
    host: "127.0.0.1",
    port: 8080,
    publicUrl: null,
    secretKey: null,
    oldSecretKeys: [],
    dataDir: "/srv/hub/.tributary",
    closedFolders: ["/srv/hub/.tributary"],
    configFile: "/srv/hub/config/tributary.yaml",
    logLevel: null,
    allowPrivateNetworks: false,
  });
});

test("an empty variable counts as not set, because compose files pass those", () => {
  expect(readEnv({ DATABASE_URL: "", PORT: " ", REDIS_URL: "" })).toMatchObject({ databaseUrl: null, port: 8080 });
});

test("every wrong variable is named in one error, without its value", () => {
  const wrong = { PORT: "eighty", DATABASE_URL: "mysql://root:hunter2@db/x", LOG_LEVEL: "loud" };
  expect(() => readEnv(wrong)).toThrow(
    expect.objectContaining({
      code: "config.env.invalid",
      message: expect.stringMatching(/^(?!.*(hunter2|eighty)).*DATABASE_URL.*PORT.*LOG_LEVEL/) as string,
    }),
  );
});

test("a cluster of Redis is several addresses, each of them checked", () => {
  expect(readEnv({ REDIS_URL: "redis://a:6379,redis://b:6379" }).redisUrl).toBe("redis://a:6379,redis://b:6379");
  expect(() => readEnv({ REDIS_URL: "redis://a:6379,b:6379" })).toThrow("REDIS_URL");
});

test("a public address loses the slash at its end, so that paths can be appended", () => {
  expect(readEnv({ PUBLIC_URL: "https://hub.example.com/" }).publicUrl).toBe("https://hub.example.com");
});
