import type { Request } from "express";
import type { ServerDeps } from "./deps.ts";

/** Where people reach the server, without a slash at the end: as it is configured, else as this request did. */
export function baseUrl({ options }: Pick<ServerDeps, "options">, request: Request): string {
  return (options.publicUrl ?? `http://${request.headers.host ?? `${options.host}:${options.port}`}`).replace(
    /\/$/,
    "",
  );
}

/** Where a connection's vendor delivers what has changed. */
export function inboundAddress(base: string, connectionId: string, token: string): string {
  return `${base}/in/${encodeURIComponent(connectionId)}/${token}`;
}
