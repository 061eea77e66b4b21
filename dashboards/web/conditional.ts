import type { Request } from "express";

/**
 * RFC 9110, 13.1.2. Not Express's own `fresh`: that sends everything again to a client that says `no-cache`, which only asks to be sure.
 */
export function hasAlready(request: Request, etag: string): boolean {
  const tags = (request.get("If-None-Match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag);
}
