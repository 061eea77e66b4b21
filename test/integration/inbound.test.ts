import { afterAll, beforeAll, expect, it } from "vitest";
import { testDatabase } from "../support/database.ts";
import { type Running, newConnection, startServer } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
beforeAll(async () => {
  running = await startServer(store);
  await newConnection(store, "acme-1");
});
afterAll(() => running.close());

const send = (path: string, body: string, signature = "right"): Promise<Response> =>
  running.fetch(path, {
    method: "POST",
    body,
    headers: { "X-Signature": signature, "Content-Type": "application/json" },
  });

it("hands over the body byte for byte, and answers at once", async () => {
  const body = '{ "event":  "é" }\n';
  const response = await send("/in/acme-1/token-of-acme-1", body);
  expect([response.status, await response.json()]).toEqual([202, { status: "accepted" }]);
  expect(running.asked).toContain(`inbound acme-1 ${body}`);
});

it("answers 404 alike for a wrong token and for a connection that there is not", async () => {
  for (const path of ["/in/acme-1/wrong", "/in/nobody/token-of-acme-1"]) {
    const response = await send(path, "{}");
    expect([path, response.status]).toEqual([path, 404]);
  }
});

it("answers 401 for a signature that does not hold, with its code", async () => {
  const response = await send("/in/acme-1/token-of-acme-1", "{}", "wrong");
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ status: 401, code: "acme.webhook.bad_signature" });
});

it("refuses a body that no vendor sends", async () => {
  expect((await send("/in/acme-1/token-of-acme-1", "x".repeat(2 * 1024 * 1024 + 1))).status).toBe(413);
});

it("tells a vendor that looks first that somebody is there, and nobody else", async () => {
  for (const method of ["GET", "HEAD"])
    expect((await running.fetch("/in/acme-1/token-of-acme-1", { method })).status).toBe(200);
  expect((await running.fetch("/in/acme-1/wrong", { method: "GET" })).status).toBe(404);
});
