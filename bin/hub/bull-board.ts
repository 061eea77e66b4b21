import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { Queue } from "bullmq";
import type { Express, Router } from "express";
import type { Queues } from "../../workers/queues.ts";

/** Bull Board, to be mounted at `/queues` behind the server's own access rules. */
export function bullBoard(queues: Pick<Queues, "bull">): Router {
  const adapter = new ExpressAdapter();
  adapter.setBasePath("/queues");
  // Bull Board's types know BullMQ's queues on Redis alone; what it calls is there on every backend.
  const boards = Object.values(queues.bull).map((queue) => new BullMQAdapter(queue as unknown as Queue));
  createBullBoard({ queues: boards, serverAdapter: adapter });
  // An application of its own, which would say what it is made of.
  const app = adapter.getRouter() as Express;
  app.disable("x-powered-by");
  return app;
}
