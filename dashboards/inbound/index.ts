import express, { type Request, type RequestHandler } from "express";
import { findTributaryError } from "../../core/base/errors.ts";
import { isSameSecret } from "../../core/secrets/tokens.ts";
import { readInbound } from "../../core/store/setup/connections.ts";
import type { ServerDeps } from "../web/deps.ts";
import { notFound, problemOf, requestIdOf } from "../web/problem.ts";
import type { Route } from "../web/routes.ts";

/** A vendor's delivery holds a handful of events; the largest that a vendor of ours documents is far below this. */
const BODY_LIMIT = "2mb";

/**
 * `/in/{connection}/{token}`: what vendors call when something changed. Verified, kept and answered at once; the work is a job's.
 * 202 for a new delivery, 200 for one that is already there, 401 for a bad signature, 404 for an address that is not one of ours.
 */
export function inboundRoutes(deps: ServerDeps): Route[] {
  const readBody = express.raw({ type: () => true, limit: BODY_LIMIT, inflate: true });
  return [
    { method: "post", path: "/in/:connection/:token", access: { kind: "inbound" }, handlers: [readBody, accept(deps)] },
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
      const outcome = await deps.acceptInbound(id, { headers, body });
      if (outcome === "unsupported") throw notFound();
      response.status(outcome === "duplicate" ? 200 : 202).json({ status: outcome });
    } catch (error) {
      const known = findTributaryError(error);
      if (known?.kind !== "auth") throw error;
      const problem = { ...problemOf(known, requestIdOf(response)), status: 401, title: "Unauthorized" };
      response.status(401).type("application/problem+json").send(JSON.stringify(problem));
    }
  };
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
