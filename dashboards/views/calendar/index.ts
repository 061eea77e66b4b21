import { createHash } from "node:crypto";
import type { RequestHandler } from "express";
import type { ServerDeps } from "../../web/deps.ts";
import { hasAlready } from "../../web/conditional.ts";
import { notFound } from "../../web/problem.ts";
import type { Route } from "../../web/routes.ts";
import { reviewCalendar } from "./reviews.ts";

/** Calendar programs ask every few hours, some every few minutes; within this time they need not ask at all. */
const MAX_AGE_S = 300;

/** `/calendar/reviews.ics`: the pipeline reviews, for any program that subscribes to calendars. With a link key of its own. */
export function calendarRoutes(deps: ServerDeps): Route[] {
  const access = { kind: "link", screen: "calendar", param: "calendar" } as const;
  return [{ method: "get", path: "/calendar/:calendar.ics", access, handlers: [answer(deps)] }];
}

function answer(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    if (request.params["calendar"] !== "reviews") throw notFound("There is no calendar with this id.");
    const body = await reviewCalendar(deps.store.db, deps.clock.now());
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`;
    response.set({ "Cache-Control": `private, max-age=${MAX_AGE_S}`, ETag: etag });
    if (hasAlready(request, etag)) response.status(304).end();
    else
      response
        .set({
          "Content-Type": "text/calendar; charset=utf-8",
          "Content-Disposition": 'inline; filename="reviews.ics"',
          "Content-Length": String(Buffer.byteLength(body)),
        })
        .end(body);
  };
}
