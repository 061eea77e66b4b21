import type { Request, Response } from "express";

export const SESSION_COOKIE = "tributary_session";
/** Tells a device from which somebody has signed in before; opens nothing. */
export const DEVICE_COOKIE = "tributary_device";
/** Who is away at a provider of identities. */
export const PROVIDER_COOKIE = "tributary_sign_in";
export const OAUTH_COOKIE = "tributary_oauth";

/** A request's cookie of that name, or null. */
export function readCookie(request: Request, name: string): string | null {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const separator = pair.indexOf("=");
    if (separator > 0 && pair.slice(0, separator).trim() === name) return pair.slice(separator + 1).trim();
  }
  return null;
}

/**
 * Sets a cookie that no script can read and no other site's form can send along. Lax, not Strict: a person who comes back from a
 * vendor's consent page is still signed in.
 */
export function setCookie(
  response: Response,
  name: string,
  value: string,
  options: { readonly isSecure: boolean; readonly maxAgeMs: number },
): void {
  response.cookie(name, value, {
    httpOnly: true,
    sameSite: "lax",
    secure: options.isSecure,
    maxAge: options.maxAgeMs,
    path: "/",
    encode: (text) => text,
  });
}

export function clearCookie(response: Response, name: string, isSecure: boolean): void {
  response.clearCookie(name, { httpOnly: true, sameSite: "lax", secure: isSecure, path: "/" });
}
