import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { signedUrl } from "./routes.ts";
import type { SimCall } from "./store.ts";

/** An automation rule that fires a webhook for each call. */
export type Rule = {
  readonly url: string;
  /** As `Show public key` shows it: base64 without the lines of a PEM; null for "URL includes key". */
  readonly publicKey: string | null;
};

export type Webhooks = {
  /** Makes a rule, as an admin does in Gong. */
  addRule(url: string, options?: { readonly isSigned: boolean }): Rule;
  /** Tells every rule of a call. Gong documents no second attempt, so there is none. */
  deliver(call: SimCall): void;
  /** Every delivery that is under way has ended. */
  settled(): Promise<void>;
  stop(): void;
};

export function createWebhooks(now: () => Date): Webhooks {
  const rules: { readonly url: string; readonly key: KeyObject | null }[] = [];
  const underway = new Set<Promise<void>>();
  const stopped = new AbortController();
  let sent = 0;

  async function send(url: string, key: KeyObject | null, call: SimCall): Promise<void> {
    sent += 1;
    const media = { audioUrl: signedUrl(call.id, { requestId: `delivery ${sent}` }) };
    const body = JSON.stringify({ callData: { ...call.document, collaboration: {}, media }, isTest: false });
    const authorization = key === null ? {} : { authorization: tokenFor(body, url, key, now()) };
    const headers = { "content-type": "application/json", ...authorization };
    try {
      const answer = await fetch(url, { method: "POST", headers, body, signal: stopped.signal });
      await answer.arrayBuffer();
    } catch {
      // Lost, as a delivery to a hub that is down is.
    }
  }

  return {
    addRule(url, { isSigned } = { isSigned: true }) {
      if (!isSigned) {
        rules.push({ url, key: null });
        return { url, publicKey: null };
      }
      const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      rules.push({ url, key: privateKey });
      return { url, publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64") };
    },
    deliver(call) {
      for (const { url, key } of rules) {
        const work = send(url, key, call).finally(() => underway.delete(work));
        underway.add(work);
      }
    },
    async settled() {
      await Promise.all(underway);
    },
    stop: () => stopped.abort(),
  };
}

/** The JWT of a delivery. Gong sends it without `Bearer` before it. */
export function tokenFor(body: string, url: string, key: KeyObject, now: Date): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const issuedS = Math.floor(now.getTime() / 1000);
  const claims = {
    webhook_url: url,
    body_sha256: createHash("sha256").update(body).digest("hex"),
    iat: issuedS,
    exp: issuedS + 300,
  };
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), key).toString("base64url")}`;
}
