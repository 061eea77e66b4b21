import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { gong } from "../../connectors/gong/index.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { type GongSimulator, startGongSimulator } from "../../connectors/gong/simulator/index.ts";
import { connect, pull } from "../integration/gong-harness.ts";

/**
 * The connector's requests and the simulator's answers, held against a description of Gong's contract. Gong publishes none that machines
 * can read, so this one is ours, written from the sources that connectors/gong/README.md names: it is as right as those are. It is kept
 * apart from the connector's own schemas, which read a few fields and let the rest pass.
 */

const id = z.string().regex(/^\d{1,20}$/);
const day = z.iso.date();
const time = z.iso.datetime({ offset: true });
const text = z.string().nullable();
const cursor = z.string().min(1).optional();
const ids = z.array(id);
const days = (from: string, to: string) => z.strictObject({ [from]: day, [to]: day });

/** What may be asked: exactly these fields. */
const BODIES: { readonly [path: string]: z.ZodType } = {
  "/v2/calls/extensive": z.strictObject({
    cursor,
    filter: z.union([
      z.strictObject({ fromDateTime: time, toDateTime: time }),
      z.strictObject({ callIds: ids.min(1) }),
    ]),
    contentSelector: z.strictObject({
      context: z.enum(["None", "Basic", "Extended"]),
      exposedFields: z.strictObject({
        parties: z.boolean(),
        content: z.strictObject({ callOutcome: z.boolean(), topics: z.boolean() }),
        interaction: z.strictObject({
          speakers: z.boolean(),
          personInteractionStats: z.boolean(),
          questions: z.boolean(),
        }),
        media: z.literal(false),
      }),
    }),
  }),
  "/v2/calls/transcript": z.strictObject({ cursor, filter: z.strictObject({ fromDateTime: time, toDateTime: time }) }),
  "/v2/stats/activity/day-by-day": z.strictObject({ cursor, filter: days("fromDate", "toDate") }),
  "/v2/stats/activity/scorecards": z.strictObject({ cursor, filter: days("reviewFromDate", "reviewToDate") }),
};

/** Paths that are read by GET, with their parameters. */
const QUERIES: { readonly [path: string]: readonly string[] } = {
  "/v2/users": ["cursor"],
  "/v2/calls": ["fromDateTime", "toDateTime", "cursor"],
  "/v2/settings/scorecards": [],
  "/v2/workspaces": [],
};

const metaData = z.strictObject({
  id,
  url: z.url(),
  title: text,
  scheduled: time,
  started: time,
  duration: z.int(),
  primaryUserId: id,
  direction: z.enum(["Inbound", "Outbound", "Conference", "Unknown"]),
  system: text,
  scope: z.enum(["Internal", "External", "Unknown"]),
  media: z.enum(["Video", "Audio"]),
  language: text,
  workspaceId: id,
  sdrDisposition: text,
  clientUniqueId: text,
  customData: text,
  purpose: text,
  meetingUrl: text,
  isPrivate: z.boolean(),
  calendarEventId: text,
});
const party = z.strictObject({
  id,
  emailAddress: text,
  name: text,
  title: text,
  userId: id.nullable(),
  speakerId: id.nullable(),
  context: z.array(z.looseObject({ system: z.string() })),
  affiliation: z.enum(["Internal", "External", "Unknown"]),
  phoneNumber: text,
  methods: z.array(z.enum(["Invitee", "Attendee"])),
});
const STATS = ["Talk Ratio", "Longest Monologue", "Longest Customer Story", "Interactivity", "Patience"] as const;
const call = z.strictObject({
  metaData,
  context: z.array(z.looseObject({ system: z.string() })),
  parties: z.array(party).min(2),
  content: z.strictObject({
    callOutcome: z.strictObject({ id, category: z.string(), name: z.string() }),
    topics: z.array(z.strictObject({ name: z.string(), duration: z.number() })),
  }),
  interaction: z.strictObject({
    speakers: z.array(z.strictObject({ id, userId: id.nullable(), talkTime: z.number().nonnegative() })),
    interactionStats: z.array(z.strictObject({ name: z.enum(STATS), value: z.number() })).length(STATS.length),
    questions: z.strictObject({ companyCount: z.int(), nonCompanyCount: z.int() }),
  }),
  collaboration: z.strictObject({}),
});
const daily = z.strictObject({
  fromDate: day,
  toDate: day,
  callsAsHost: ids,
  callsAttended: ids,
  callsGaveFeedback: ids,
  callsRequestedFeedback: ids,
  callsReceivedFeedback: ids,
  ownCallsListenedTo: ids,
  othersCallsListenedTo: ids,
  callsSharedInternally: ids,
  callsSharedExternally: ids,
  callsScorecardsFilled: ids,
  callsScorecardsReceived: ids,
  callsCommentsGiven: ids,
  callsCommentsReceived: ids,
  callsMarkedAsFeedbackGiven: ids,
  callsMarkedAsFeedbackReceived: ids,
});
const user = z.looseObject({ id, emailAddress: text, created: time, active: z.boolean(), managerId: id.nullable() });
const review = z.looseObject({
  answeredScorecardId: id,
  scorecardId: id,
  callId: id,
  reviewedUserId: id,
  reviewTime: time,
});
const sentence = z.strictObject({ start: z.int(), end: z.int(), text: z.string() });
const transcript = z.array(z.strictObject({ speakerId: id.nullable(), topic: text, sentences: z.array(sentence) }));

const envelope = z.strictObject({
  totalRecords: z.int(),
  currentPageSize: z.int().max(100),
  currentPageNumber: z.int(),
  cursor,
});
const listOf = (key: string, row: z.ZodType) =>
  z.strictObject({ requestId: z.string(), records: envelope, [key]: z.array(row).min(1) });

const ANSWERS: { readonly [path: string]: z.ZodType } = {
  "/v2/users": listOf("users", user),
  "/v2/calls": listOf("calls", metaData),
  "/v2/calls/extensive": listOf("calls", call),
  "/v2/calls/transcript": listOf("callTranscripts", z.strictObject({ callId: id, transcript })),
  "/v2/stats/activity/day-by-day": listOf(
    "usersDetailedActivities",
    z.strictObject({ userId: id, userEmailAddress: text, userDailyActivityStats: z.array(daily).min(1) }),
  ),
  "/v2/stats/activity/scorecards": listOf("answeredScorecards", review),
  "/v2/settings/scorecards": z.strictObject({
    requestId: z.string(),
    scorecards: z.array(z.looseObject({ scorecardId: id, scorecardName: z.string(), enabled: z.boolean() })),
  }),
  "/v2/workspaces": z.strictObject({
    requestId: z.string(),
    workspaces: z.array(z.strictObject({ id, name: z.string(), description: text })),
  }),
};

describe("Gong's contract, as its sources describe it", () => {
  let sim: GongSimulator;
  const clock = { now: () => new Date("2026-03-02T12:00:00Z") };

  beforeAll(async () => {
    const company = createCompany({ seed: 7, now: clock.now(), scale: 0.05, months: 12 });
    sim = await startGongSimulator({ company, clock, limits: "off" });
    for (const stream of Object.keys(gong.streams)) await pull(sim, clock, stream);
    const { client, settings } = connect(sim, clock, { transcripts: true });
    await gong.check(client, settings);
    await gong.totals?.(client, settings);
    const [told] = sim.store.calls.keys();
    const body = Buffer.from(JSON.stringify({ callData: { metaData: { id: told } } }));
    await gong.webhook?.parts({ headers: {}, body }, client);
    return () => sim.close();
  }, 120_000);

  it("knows each request of the connector: path, method, parameters and every field of a body", () => {
    const unknown = new Set<string>();
    for (const { method, path, query } of sim.log) {
      const allowed = method === "GET" ? QUERIES[path] : path in BODIES ? [] : undefined;
      const names = [...new URLSearchParams(query).keys()];
      if (allowed === undefined || names.some((name) => !allowed.includes(name)))
        unknown.add(`${method} ${path}?${query}`);
    }
    for (const { path, body } of sim.bodies) {
      const read = BODIES[path]?.safeParse(body);
      if (read?.success !== true) unknown.add(`${path}: ${read === undefined ? "?" : z.prettifyError(read.error)}`);
    }
    expect([...unknown]).toEqual([]);
    expect(new Set(sim.bodies.map((one) => one.path)).size).toBe(Object.keys(BODIES).length);
  });

  it("accepts each answer of the simulator", async () => {
    const headers = {
      authorization: `Basic ${Buffer.from(`${sim.accessKey}:${sim.accessKeySecret}`).toString("base64")}`,
    };
    const refused: string[] = [];
    const answered = new Set<string>();

    async function hold(path: string, url: string, init: RequestInit): Promise<void> {
      const response = await fetch(url, { ...init, headers: { ...headers, "content-type": "application/json" } });
      const body: unknown = await response.json();
      if (response.status === 404) {
        const empty = z.strictObject({
          requestId: z.string(),
          errors: z.array(z.string().regex(/^No .* found/)).length(1),
        });
        if (!empty.safeParse(body).success) refused.push(`${path}: a 404 without Gong's words`);
        return;
      }
      const read = ANSWERS[path]?.safeParse(body);
      if (read?.success !== true) refused.push(`${path}: ${read === undefined ? "?" : z.prettifyError(read.error)}`);
      answered.add(path);
    }

    const gets = new Map(sim.log.filter((one) => one.method === "GET").map((one) => [one.path, one.query]));
    for (const [path, query] of gets) await hold(path, `${sim.baseUrl}${path}?${query}`, {});
    for (const { path, body } of sim.bodies.slice()) {
      await hold(path, sim.baseUrl + path, { method: "POST", body: JSON.stringify(body) });
    }
    expect(refused.slice(0, 5)).toEqual([]);
    expect([...answered].toSorted()).toEqual(Object.keys(ANSWERS).toSorted());
  });
});
