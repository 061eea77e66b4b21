import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import express, { type Request, type RequestHandler, type Response } from "express";
import { TributaryError, toTributaryError } from "../../core/base/errors.ts";
import { type Json, parseJson } from "../../core/base/json.ts";
import {
  type IdempotencyKey,
  claimIdempotencyKey,
  completeIdempotencyKey,
  releaseIdempotencyKey,
} from "../../core/store/setup/idempotency.ts";
import { principalOf } from "../auth/identify.ts";
import type { ServerDeps } from "../web/deps.ts";
import { invalidRequest } from "../web/problem.ts";
import type { Route } from "../web/routes.ts";
import { activityEndpoints } from "./activities.ts";
import { apiKeyEndpoints } from "./api-keys.ts";
import { appEndpoints } from "./apps.ts";
import { conclusionEndpoints } from "./conclusions.ts";
import { accountEndpoints } from "./accounts.ts";
import { connectionEndpoints } from "./connections.ts";
import { connectorEndpoints } from "./connectors.ts";
import type { Download, Endpoint } from "./endpoint.ts";
import { erasureEndpoints } from "./erasures.ts";
import { destinationEndpoints } from "./destinations.ts";
import { digestEndpoints } from "./digests.ts";
import { eventEndpoints } from "./events.ts";
import { exportEndpoints } from "./exports.ts";
import { goalEndpoints } from "./goals.ts";
import { healthEndpoints } from "./health.ts";
import { identityEndpoints } from "./identities.ts";
import { forecastEndpoints } from "./forecast.ts";
import { kpiEndpoints } from "./kpis.ts";
import { lookUpEndpoints } from "./look-ups.ts";
import { meEndpoints } from "./me.ts";
import { openApiDocument } from "./openapi.ts";
import { inputOf, jsonBody } from "./operation.ts";
import { rateLimit } from "./rate-limit.ts";
import { reportEndpoints } from "./reports.ts";
import { reviewEndpoints } from "./reviews.ts";
import { rowEndpoints } from "./rows.ts";
import { stageEndpoints } from "./stages.ts";
import { teamEndpoints } from "./teams.ts";
import { runEndpoints } from "./runs.ts";
import { screenEndpoints } from "./screens.ts";
import { auditEndpoints } from "./audit.ts";
import { uploadEndpoints } from "./uploads.ts";
import { userEndpoints } from "./users.ts";
import { webhookEndpoints } from "./webhooks.ts";
import { workspaceEndpoints } from "./workspace.ts";

/** Where the REST API is mounted. */
export const API_ROOT = "/api/v1";

/** Every operation of the REST API. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...connectorEndpoints,
  ...connectionEndpoints,
  ...accountEndpoints,
  ...meEndpoints,
  ...healthEndpoints,
  ...workspaceEndpoints,
  ...goalEndpoints,
  ...userEndpoints,
  ...auditEndpoints,
  ...runEndpoints,
  ...kpiEndpoints,
  ...reportEndpoints,
  ...exportEndpoints,
  ...forecastEndpoints,
  ...reviewEndpoints,
  ...conclusionEndpoints,
  ...destinationEndpoints,
  ...digestEndpoints,
  ...identityEndpoints,
  ...stageEndpoints,
  ...teamEndpoints,
  ...activityEndpoints,
  ...lookUpEndpoints,
  ...rowEndpoints,
  ...screenEndpoints,
  ...webhookEndpoints,
  ...eventEndpoints,
  ...apiKeyEndpoints,
  ...appEndpoints,
  ...erasureEndpoints,
  ...uploadEndpoints,
];

/** The API's routes, documentation included. */
export function apiRoutes(deps: ServerDeps): Route[] {
  const document = openApiDocument(ENDPOINTS);
  const limit = rateLimit(deps);
  return [
    {
      method: "get",
      path: `${API_ROOT}/openapi.json`,
      access: { kind: "public" },
      handlers: [(_request, response) => void response.json(document)],
    },
    ...ENDPOINTS.map((operation) => ({
      method: operation.method,
      path: API_ROOT + operation.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      access: operation.access,
      handlers: [limit, ...bodyReaders(operation), answer(operation, deps)],
    })),
  ];
}

function bodyReaders(operation: Endpoint): RequestHandler[] {
  if (operation.rawBodyLimit !== null) return [express.raw({ limit: operation.rawBodyLimit, type: () => true })];
  return operation.body === null ? [] : [jsonBody()];
}

function answer(operation: Endpoint, deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const input = inputOf(operation, {
      params: request.params,
      query: request.query,
      // Sound: what the body's readers have made of it; the schema looks at it next.
      body: request.body as unknown,
    });
    const idempotency = operation.method === "get" ? null : idempotencyKeyOf(request, response);
    const idempotencyKey = idempotency?.key ?? null;
    const call = { deps, principal: principalOf(response), now: deps.clock.now(), idempotencyKey };
    if (operation.download !== null) {
      // What an operation declares as a download gives one: `download()` makes them.
      await sendFile(response, (await operation.run(input, call)) as Download);
      return;
    }
    // The others give what their response's schema says, which is JSON.
    const run = async (): Promise<Json> => ((await operation.run(input, call)) ?? null) as Json;
    response.set("Cache-Control", "no-store");
    if (idempotency === null) send(response, operation.status, await run());
    else await runOnce(operation, deps, idempotency, response, run);
  };
}

/**
 * Runs a write at most once for its `Idempotency-Key`: the same request again gets the first one's answer.
 * draft-ietf-httpapi-idempotency-key-header: another request under the same key is 422, one that still runs is 409.
 */
async function runOnce(
  operation: Endpoint,
  deps: ServerDeps,
  key: IdempotencyKey,
  response: Response,
  run: () => Promise<Json>,
): Promise<void> {
  const { db } = deps.store;
  const sealedFor = `idempotency_keys/${key.caller}/${key.key}`;
  const claim = await claimIdempotencyKey(db, key, deps.clock.now());
  switch (claim.state) {
    case "done": {
      response.set("Idempotent-Replayed", "true");
      const kept = claim.response;
      const isSealed = operation.isSecret && typeof kept === "string";
      send(response, claim.status, isSealed ? parseJson(deps.secrets.open(kept, sealedFor)) : kept);
      return;
    }
    case "in_progress":
      throw new TributaryError({
        code: "request.idempotency_in_progress",
        kind: "config",
        message: "A request with this Idempotency-Key is still running.",
        mend: "Wait for its answer, or send this one again a little later.",
      });
    case "mismatch":
      throw new TributaryError({
        code: "request.idempotency_mismatch",
        kind: "config",
        message: "This Idempotency-Key was used for another request.",
        mend: "Use a new key for each new request.",
      });
    case "new":
      break;
    default:
      claim satisfies never;
  }
  let result: Json;
  try {
    result = await run();
  } catch (error) {
    await releaseIdempotencyKey(db, key);
    throw toTributaryError(error);
  }
  const kept = operation.isSecret ? deps.secrets.seal(JSON.stringify(result), sealedFor) : result;
  await completeIdempotencyKey(db, key, { status: operation.status, response: kept });
  send(response, operation.status, result);
}

function idempotencyKeyOf(request: Request, response: Response): IdempotencyKey | null {
  const key = request.get("Idempotency-Key");
  if (key === undefined) return null;
  if (key.length < 1 || key.length > 255) throw invalidRequest("`Idempotency-Key` has 1 to 255 characters.");
  const principal = principalOf(response);
  if (principal.kind === "anonymous") return null;
  const { body } = request as { readonly body: unknown };
  const said = JSON.stringify([request.method, request.originalUrl, Buffer.isBuffer(body) ? null : (body ?? null)]);
  const hash = createHash("sha256").update(said);
  if (Buffer.isBuffer(body)) hash.update(body);
  return { caller: `${principal.kind}:${principal.id}`, key, requestHash: hash.digest() };
}

/** Whoever takes nothing for so long has gone, or holds a connection to the database for nothing. */
const STALLED_MS = 60_000;

async function sendFile(response: Response, { mediaType, fileName, body }: Download): Promise<void> {
  response.status(200).type(mediaType).attachment(fileName).set("Cache-Control", "no-store");
  response.setTimeout(STALLED_MS, () => response.destroy());
  try {
    await pipeline(body, response);
  } catch (error) {
    // The reader is gone; there is nobody to tell.
    if (response.destroyed && response.headersSent) return;
    throw error;
  }
}

function send(response: Response, status: number, body: Json): void {
  if (status === 204) response.status(204).end();
  else response.status(status).json(body);
}
