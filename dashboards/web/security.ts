import helmet from "helmet";
import type { RequestHandler, Response } from "express";

/** Scripts, styles and data from this server alone, none inline; nobody may frame a page. */
const STRICT = {
  "default-src": ["'none'"],
  "script-src": ["'self'"],
  "style-src": ["'self'"],
  "img-src": ["'self'", "data:"],
  "connect-src": ["'self'"],
  "font-src": ["'self'"],
  "form-action": ["'self'"],
  "base-uri": ["'none'"],
  "frame-ancestors": ["'none'"],
};

/** Lets one page bring styles that carry its nonce; scripts stay from files. */
export function allowStyles(response: Response, nonce: string): void {
  setPolicy(response, { ...STRICT, "style-src": ["'self'", `'nonce-${nonce}'`] });
}

/** Lets one page's forms lead to another place, given as an origin or a scheme. */
export function allowFormsTo(response: Response, source: string): void {
  setPolicy(response, { ...STRICT, "form-action": ["'self'", source] });
}

function setPolicy(response: Response, directives: typeof STRICT): void {
  const policy = Object.entries(directives).map(([name, sources]) => [name, ...sources].join(" "));
  response.set("Content-Security-Policy", policy.join(";"));
}

/**
 * Security headers. Two third-party pages need more than our own: Bull Board sets its base address and styles inline, Swagger UI
 * styles; scripts stay from files everywhere.
 */
export function securityHeaders(options: { readonly isHttps: boolean }): RequestHandler {
  const headersFor = (directives: typeof STRICT): RequestHandler =>
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives },
      strictTransportSecurity: options.isHttps,
      referrerPolicy: { policy: "same-origin" },
      crossOriginResourcePolicy: { policy: "same-origin" },
    });
  const strict = headersFor(STRICT);
  const styled = headersFor({ ...STRICT, "style-src": ["'self'", "'unsafe-inline'"], "base-uri": ["'self'"] });
  return (request, response, next) => {
    const needsStyles = /^\/(queues|docs)(\/|$)/.test(request.path);
    (needsStyles ? styled : strict)(request, response, next);
  };
}
