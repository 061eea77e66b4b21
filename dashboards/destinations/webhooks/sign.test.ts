import { expect, test } from "vitest";
import { signedHeaders, withNewSecret } from "./sign.ts";
import { webhookSettings } from "./settings.ts";

const SECRET = "whsec_dHJpYnV0YXJ5LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk=";
const BODY = '{"type":"deal.won","timestamp":"2025-12-01T00:00:00Z","data":{"id":"d_81"}}';
const SENT = new Date(1_764_547_200_000);

test("signs as two libraries of others do", () => {
  expect(signedHeaders({ secret: SECRET }, "msg_01JDG7T0", BODY, SENT)).toEqual({
    "webhook-id": "msg_01JDG7T0",
    "webhook-timestamp": "1764547200",
    "webhook-signature": "v1,s7QA/CfYhopbRiSDFvuSmBXtiEYNy3SZVEbSHOIgiS8=",
  });
});

test("a former secret signs until its time is over, after the newest", () => {
  const settings = webhookSettings.parse({ url: "https://hooks.example.com", events: ["*"], secret: SECRET });
  const rotated = withNewSecret(settings, SENT, 60_000);
  const at = (ms: number): string[] =>
    signedHeaders(rotated, "msg_01JDG7T0", BODY, new Date(SENT.getTime() + ms))["webhook-signature"]?.split(" ") ?? [];
  expect(at(0)).toHaveLength(2);
  expect(at(0)[1]).toBe("v1,s7QA/CfYhopbRiSDFvuSmBXtiEYNy3SZVEbSHOIgiS8=");
  expect(at(60_000)).toHaveLength(1);
});
