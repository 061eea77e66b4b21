import { createHash } from "node:crypto";
import type { RequestHandler } from "express";
import { type Feed, questionsOfFeed } from "../../../core/metrics/feeds.ts";
import { keptAnswer, readCatalogue, type MetricAnswer } from "../../../core/metrics/index.ts";
import { askedNow, type Question } from "../../../core/metrics/ask/question.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";
import { notesOf } from "../../../core/metrics/ask/notes.ts";
import type { Listener } from "../../../core/store/listener.ts";
import type { ServerDeps } from "../../web/deps.ts";
import { createFormat } from "../../web/format.ts";
import { hasAlready } from "../../web/conditional.ts";
import { notFound } from "../../web/problem.ts";
import { lastGood } from "../../web/last-good.ts";
import { remembering } from "../../web/remembered.ts";
import type { Route } from "../../web/routes.ts";
import { feedTitle, readFeeds } from "./definitions.ts";
import { type WidgetData, widgetOf } from "./widgets.ts";

/** What a feed says, as it is sent. */
type Sent = {
  readonly body: Buffer;
  readonly etag: string;
  readonly headers: { readonly [name: string]: string };
  /** The same later, when no newer one can be made: marked with how old it is. */
  readonly asOld: (since: Date, now: Date) => Sent;
};

type FeedData = WidgetData & {
  /** That it is what was known at an instant, since the hub cannot look now. */
  readonly outOfReach: (since: Date, now: Date) => string;
};

/** So long a feed is not made again, unless a number or the set-up changes: then it is at once. */
const KEPT_MS = 2_000;

/** Pollers ask every minute or so; within this time they get the same answer without asking the database. */
const MAX_AGE_S = 15;

/** `/feeds/{feed}`: KPIs in Geckoboard's custom-widget JSON, for everything that polls. */
export function feedRoutes(deps: ServerDeps, listener: Listener): Route[] {
  const access = { kind: "link", screen: "feed", param: "feed" } as const;
  const handlers = [answer(deps, listener)];
  // Whoever sets up a widget chooses how it is asked for.
  return (["get", "post"] as const).map((method) => ({ method, path: "/feeds/:feed", access, handlers }));
}

function answer(deps: ServerDeps, listener: Listener): RequestHandler {
  const kept = remembering<Sent | null>(listener, {
    forMs: KEPT_MS,
    whileMs: MAX_AGE_S * 1000,
    isKept: (sent) => sent !== null,
  });
  const good = lastGood<Sent | null>((sent) => sent !== null);
  return async (request, response) => {
    const id = String(request.params["feed"]);
    const now = deps.clock.now();
    const { value, since } = await good.through(id, now, () => kept.get(id, now, async () => make(deps, id)));
    if (value === null) throw notFound("There is no feed with this id.");
    const sent = since === null ? value : value.asOld(since, now);
    response.set(sent.headers);
    if (hasAlready(request, sent.etag)) response.status(304).end();
    else
      response
        .set({ "Content-Type": "application/json; charset=utf-8", "Content-Length": String(sent.body.length) })
        .end(sent.body);
  };
}

/** Null: there is no such feed. */
async function make(deps: ServerDeps, id: string): Promise<Sent | null> {
  const feed = (await readFeeds(deps.store.db)).find((one) => one.id === id);
  if (feed === undefined) return null;
  const data = await readData(deps, feed);
  return sentOf(feed, data, data.answer.notes, {});
}

/** @param notes what is missing, as the header says it. */
function sentOf(feed: Feed, data: FeedData, notes: readonly string[], more: Sent["headers"]): Sent {
  const body = Buffer.from(JSON.stringify(widgetOf(feed, data)));
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`;
  return {
    body,
    etag,
    asOld: (since, now) => {
      const note = data.outOfReach(since, now);
      // RFC 9111, 5.1: so many seconds ago it was true.
      const age = { Age: String(Math.max(0, Math.round((now.getTime() - since.getTime()) / 1000))) };
      return sentOf(feed, { ...data, notes: [note, ...data.notes] }, [note, ...notes], age);
    },
    headers: {
      ...more,
      "Cache-Control": `private, max-age=${MAX_AGE_S}`,
      ETag: etag,
      // For pollers that show it: what the sources had changed up to then is in the numbers.
      ...(data.answer.fresh_as_of === null ? {} : { "X-Fresh-As-Of": data.answer.fresh_as_of }),
      // Of every format, also of those that have no room for words. A header holds ASCII alone.
      ...(notes.length === 0 ? {} : { "X-Incomplete": encodeURIComponent(notes.join("; ")) }),
    },
  };
}

/**
 * What a feed shows now.
 *
 * @param ask answers its questions; default: from the store, where they are then kept.
 */
export async function readData(deps: ServerDeps, feed: Feed, ask: typeof keptAnswer = keptAnswer): Promise<FeedData> {
  const now = deps.clock.now();
  const workspace = await readWorkspace(deps.store.db);
  const catalogue = await readCatalogue(deps.store.db);
  const { main, series } = questionsOfFeed(feed);
  const { query, compared } = askedNow(main, now, workspace);
  const answer = await ask(deps.store.db, query);
  const before = compared === null ? null : await ask(deps.store.db, compared.query);
  const inPeriods = async (asked: Question): Promise<MetricAnswer> =>
    ask(deps.store.db, askedNow(asked, now, workspace).query);
  const format = createFormat(workspace);
  return {
    title: feedTitle(feed, catalogue, workspace.locale),
    answer,
    before,
    series: series === null ? null : await inPeriods(series),
    better: catalogue.find(feed.metric)?.better ?? null,
    write: (value) => format.full(value, answer.unit),
    notes: notesOf(answer, format.words, (count) => format.full(count, "count")),
    outOfReach: (since, then) => format.words.outOfReach(format.clock(since, then)),
    asOf: answer.fresh_as_of === null ? null : format.words.asOf(format.clock(new Date(answer.fresh_as_of), now)),
  };
}
