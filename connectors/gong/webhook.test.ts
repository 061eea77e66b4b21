import { createHmac, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { InboundRequest } from "../../core/connector/define.ts";
import { tokenFor } from "./simulator/webhooks.ts";
import { gongWebhook } from "./webhook.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const bare = publicKey.export({ type: "spki", format: "der" }).toString("base64");
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
const now = new Date("2026-03-02T12:00:00Z");
const body = JSON.stringify({ callData: { metaData: { id: "7782342274025937895" } }, isTest: false });
const token = tokenFor(body, "https://hub.example/in/gong/t", privateKey, now);

function delivery(authorization: string, text = body): InboundRequest {
  return { headers: { authorization }, body: Buffer.from(text) };
}

function verdict(request: InboundRequest, secret: string | null = bare, at = now): string {
  try {
    gongWebhook.verify(request, secret, at);
    return "taken";
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe("a signed delivery", () => {
  it("is taken with the rule's key, as Gong shows it or as PEM, with and without Bearer", () => {
    expect(verdict(delivery(token))).toBe("taken");
    expect(verdict(delivery(`Bearer ${token}`), pem)).toBe("taken");
  });

  it("is refused with another key, another body, or no signature", () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const stranger = tokenFor(body, "https://hub.example/in/gong/t", other.privateKey, now);
    expect(verdict(delivery(stranger))).toBe("gong.webhook.signature_invalid");
    expect(verdict(delivery(token, body.replace("false", "true")))).toBe("gong.webhook.signature_invalid");
    expect(verdict(delivery(""))).toBe("gong.webhook.signature_invalid");
    expect(verdict(delivery(`${token}.more`))).toBe("gong.webhook.signature_invalid");
  });

  it("is refused when its sender chose the algorithm: the public key is no shared secret", () => {
    const [, claims] = token.split(".");
    for (const alg of ["HS256", "none"]) {
      const signed = `${Buffer.from(JSON.stringify({ alg })).toString("base64url")}.${claims ?? ""}`;
      const mac = alg === "none" ? "" : createHmac("sha256", pem).update(signed).digest("base64url");
      expect(verdict(delivery(`${signed}.${mac}`))).toBe("gong.webhook.signature_invalid");
    }
  });

  it("is refused when it is sent again after it has run out", () => {
    expect(verdict(delivery(token), bare, new Date("2026-03-02T12:05:30Z"))).toBe("taken");
    expect(verdict(delivery(token), bare, new Date("2026-03-02T12:06:30Z"))).toBe("gong.webhook.too_old");
  });

  it("says so when the secret is no key", () => {
    expect(verdict(delivery(token), "hunter2")).toBe("gong.webhook.no_public_key");
  });
});

it("without a key the hard-to-guess address is the proof, as Gong's other way has it", () => {
  expect(gongWebhook.takesUnsigned).toBe(true);
  expect(verdict(delivery(""), null)).toBe("taken");
});

it("the same delivery has the same key, another one of the same call has not", () => {
  const again = delivery("another signature");
  expect(gongWebhook.dedupeKey(delivery(token))).toBe(gongWebhook.dedupeKey(again));
  expect(gongWebhook.dedupeKey(delivery(token, `${body} `))).not.toBe(gongWebhook.dedupeKey(again));
});
