import express, { type Request, type RequestHandler } from "express";
import { findTributaryError, TributaryError } from "../../core/base/errors.ts";
import { isSameSecret } from "../../core/secrets/tokens.ts";
import { readInbound } from "../../core/store/setup/connections.ts";
import type { ServerDeps } from "../web/deps.ts";
import { notFound, problemOf, requestIdOf, sendProblem } from "../web/problem.ts";
import type { Route } from "../web/routes.ts";

/** A vendor's delivery holds a handful of events; the largest that a vendor of ours documents is far below this. */
const BODY_LIMIT = "2mb";

/**
 * `/in/{connection}/{token}`: what vendors call when something changed. Verified, kept and answered at once; the work is a job's.
 * 202 for a new delivery, 200 for one that is already there, 401 for a bad signature, 404 for an address that is not one of ours, 422 for one of
 * which nothing can be read.
 */
export function inboundRoutes(deps: ServerDeps): Route[] {
  const readBody = express.raw({ type: () => true, limit: BODY_LIMIT, inflate: true });
  return [
    { method: "post", path: "/in/:connection/:token", access: { kind: "inbound" }, handlers: [readBody, accept(deps)] },
    // What is sent to a part of the connection: `/in/tools/…/deals`.
    {
      method: "post",
      path: "/in/:connection/:token/:part",
      access: { kind: "inbound" },
      handlers: [readBody, accept(deps)],
    },
    // Some vendors look whether somebody is there (GET or HEAD) before they accept an address.
    { method: "get", path: "/in/:connection/:token", access: { kind: "inbound" }, handlers: [greet(deps)] },
  ];
}

function accept(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const id = await connectionOf(deps, request);
    const headers: { [name: string]: string } = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
    }
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    try {
      const part = request.params["part"];
      const outcome = await deps.acceptInbound(id, {
        headers,
        body,
        ...(part === undefined ? {} : { path: String(part) }),
      });
      if (outcome === "unsupported") throw notFound();
      if (typeof outcome !== "string") {
        const { status, answer } = outcome;
        if (status === "refused") sendProblem(response, nothingReadable(), answer);
        else response.status(status === "duplicate" ? 200 : 202).json({ status, ...answer });
        return;
      }
      response.status(outcome === "duplicate" ? 200 : 202).json({ status: outcome });
    } catch (error) {
      const known = findTributaryError(error);
      if (known?.kind !== "auth") throw error;
      const problem = { ...problemOf(known, requestIdOf(response)), status: 401, title: "Unauthorized" };
      response.status(401).type("application/problem+json").send(JSON.stringify(problem));
    }
  };
}

function nothingReadable(): TributaryError {
  return new TributaryError({
    code: "inbound.nothing_readable",
    kind: "config",
    message: "None of the rows can be read; `refused` says why. Nothing was taken in.",
    mend: "Correct what `refused` names, in what is sent or in the connection's mapping, and send it again.",
  });
}

function greet(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    await connectionOf(deps, request);
    response.status(200).json({ status: "ready" });
  };
}

/** The connection whose address was called; not found where the token is not its own. */
async function connectionOf(deps: ServerDeps, request: Request): Promise<string> {
  const id = String(request.params["connection"]);
  const inbound = await readInbound(deps.store.db, id);
  // The comparison takes place, and takes equally long, whether or not there is such a connection.
  const isKnown = isSameSecret(String(request.params["token"]), inbound?.token ?? NO_TOKEN) && inbound !== null;
  if (!isKnown) throw notFound();
  return id;
}

const NO_TOKEN = "no connection has this token";
