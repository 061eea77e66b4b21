import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterAll } from "vitest";
import { portOf } from "../../core/base/network.ts";

export type Received = { readonly headers: IncomingMessage["headers"]; readonly body: string };

/** A web server that keeps what it is sent and answers as it is told. Closed when the test file is done. */
export type Receiver = {
  readonly url: string;
  readonly received: Received[];
  /** Statuses of the next answers, in order; after them 204. */
  answerWith(...statuses: number[]): void;
  /** The status of an answer for which none was said by `answerWith`. */
  statusOf: (request: Received) => number;
  /** Of every answer. */
  answerHeaders: { readonly [name: string]: string };
  /** Called before each answer; a test can hold the answer back. */
  beforeAnswer: (request: Received) => Promise<void>;
  /** Ends the answer, with a body or without one. */
  answerBody: (response: ServerResponse, request: Received) => void;
};

export async function startReceiver(): Promise<Receiver> {
  const statuses: number[] = [];
  const receiver: Receiver = {
    url: "",
    received: [],
    answerWith: (...next) => void statuses.push(...next),
    statusOf: () => 204,
    answerHeaders: {},
    beforeAnswer: () => Promise.resolve(),
    answerBody: (response) => void response.end(),
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = { headers: request.headers, body: Buffer.concat(chunks).toString("utf8") };
      receiver.received.push(one);
      void receiver.beforeAnswer(one).then(() => {
        response.writeHead(statuses.shift() ?? receiver.statusOf(one), receiver.answerHeaders);
        receiver.answerBody(response, one);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return Object.assign(receiver, { url: `http://127.0.0.1:${portOf(server)}/hook` });
}
