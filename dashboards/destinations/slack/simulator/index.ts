import { text } from "node:stream/consumers";
import { createServer, type IncomingMessage } from "node:http";
import { portOf } from "../../../../core/base/network.ts";

/** Behaves like the incoming webhook of one channel (sources in ../README.md): the address is the secret, the answer `ok`, errors in words. */
export type SlackSimulator = {
  readonly url: string;
  readonly webhookUrl: string;
  /** The texts of the messages, the first first. */
  readonly messages: readonly string[];
  /** The next requests answer with this status instead. */
  failNext(count: number, status: number): void;
  close(): Promise<void>;
};

export async function startSlackSimulator(options: {
  readonly secret: string;
  readonly port?: number;
}): Promise<SlackSimulator> {
  const messages: string[] = [];
  const path = `/services/T000/B000/${options.secret}`;
  let failures = { left: 0, status: 500 };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const [status, text] = answer(request, body);
      response.writeHead(status, { "content-type": "text/plain", ...(status === 429 ? { "retry-after": "30" } : {}) });
      response.end(text);
    });
  });

  function answer({ method, url, headers }: IncomingMessage, body: string): [number, string] {
    if (method !== "POST") return [405, "method_not_allowed"];
    if (url !== path) return [404, "no_service"];
    if (failures.left > 0) {
      failures = { ...failures, left: failures.left - 1 };
      return [failures.status, failures.status === 410 ? "channel_is_archived" : "failed"];
    }
    if (headers["content-type"]?.startsWith("application/json") !== true) return [400, "invalid_payload"];
    const text = textOf(body);
    if (text === undefined) return [400, "invalid_payload"];
    if (typeof text !== "string" || text === "") return [400, "no_text"];
    messages.push(text);
    return [200, "ok"];
  }

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${portOf(server)}`;
  return {
    url,
    webhookUrl: `${url}${path}`,
    messages,
    failNext: (count, status) => void (failures = { left: count, status }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Undefined: the body is no JSON object. */
function textOf(body: string): unknown {
  try {
    const parsed = JSON.parse(body) as unknown;
    return typeof parsed === "object" && parsed !== null ? ("text" in parsed ? parsed.text : null) : undefined;
  } catch {
    return undefined;
  }
}
