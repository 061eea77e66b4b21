import { buffer } from "node:stream/consumers";
import { createServer, type IncomingMessage } from "node:http";
import { portOf } from "../../core/base/network.ts";

/** What a vendor sends: to which path, with which headers, byte for byte. */
export type Delivery = {
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
};

/** @returns the status of the answer. */
export type Send = (delivery: Delivery) => Promise<number>;

/** The public address of a hub, known before the hub runs: what vendors send passes through here. */
export type Relay = {
  readonly url: string;
  /** Where the hub listens. */
  target: string;
  /** What becomes of a delivery on its way; the status that comes back is the vendor's answer. As it is: it is sent on, once. */
  pass: (delivery: Delivery, send: Send) => Promise<number>;
  close(): Promise<void>;
};

export async function startRelay(): Promise<Relay> {
  const relay = { target: "", pass: (delivery: Delivery, send: Send) => send(delivery) };
  const send: Send = ({ path, headers, body }) => post(`${relay.target}${path}`, headers, body);
  const server = createServer((request, response) => {
    void readDelivery(request).then(
      async (delivery) => {
        // Some vendors look whether somebody is there before they take an address.
        const status =
          request.method === "POST"
            ? await relay.pass(delivery, send)
            : (await fetch(`${relay.target}${delivery.path}`, { method: request.method ?? "GET" })).status;
        response.writeHead(status).end();
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(relay, {
    url: `http://127.0.0.1:${portOf(server)}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** @returns the answer's status, once all of the answer is there. */
export async function post(url: string, headers: Delivery["headers"], body: Buffer): Promise<number> {
  const answer = await fetch(url, { method: "POST", headers, body: new Uint8Array(body) });
  await answer.arrayBuffer();
  return answer.status;
}

/** Headers that are about one connection, and are made anew for the next. */
const OF_THE_CONNECTION = new Set(["host", "connection", "content-length", "transfer-encoding"]);

async function readDelivery(request: IncomingMessage): Promise<Delivery> {
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === "string" && !OF_THE_CONNECTION.has(name) ? [[name, value] as const] : [],
  );
  return { path: request.url ?? "/", headers: Object.fromEntries(headers), body: await buffer(request) };
}
