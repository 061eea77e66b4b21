import { z } from "zod";

/** The fields that are read of Gong's records; everything else stays in the raw record. What is missing or null says nothing. */
const text = z.string().nullish();
const number = z.number().nullish();
const flag = z.boolean().nullish();

export const userRecord = z.object({
  id: z.string(),
  emailAddress: text,
  firstName: text,
  lastName: text,
  phoneNumber: text,
  active: flag,
});

/** What of a CRM hangs on a call or on somebody in it. */
const context = z
  .array(z.object({ system: text, objects: z.array(z.object({ objectType: text, objectId: text })).nullish() }))
  .nullish();
export type Context = z.infer<typeof context>;

const party = z.object({
  /** Of this call alone. */
  id: text,
  userId: text,
  emailAddress: text,
  phoneNumber: text,
  name: text,
  title: text,
  /** `Internal`, `External` or `Unknown`. */
  affiliation: text,
  context,
});
export type Party = z.infer<typeof party>;

export const callRecord = z.object({
  metaData: z.object({
    id: z.string(),
    url: text,
    title: text,
    started: text,
    scheduled: text,
    /** In seconds. */
    duration: number,
    primaryUserId: text,
    /** `Inbound`, `Outbound`, `Conference` or `Unknown`. */
    direction: text,
    system: text,
    /** `Internal`, `External` or `Unknown`. */
    scope: text,
    media: text,
    language: text,
    purpose: text,
    sdrDisposition: text,
    clientUniqueId: text,
    meetingUrl: text,
    isPrivate: flag,
    calendarEventId: text,
  }),
  context,
  parties: z.array(party).nullish(),
  content: z.object({ callOutcome: z.object({ name: text, category: text }).nullish() }).nullish(),
  interaction: z
    .object({
      speakers: z.array(z.object({ id: text, talkTime: number })).nullish(),
      interactionStats: z.array(z.object({ name: text, value: number })).nullish(),
      questions: z.object({ companyCount: number, nonCompanyCount: number }).nullish(),
    })
    .nullish(),
});
export type CallRecord = z.infer<typeof callRecord>;

/** A user's day, taken out of the user's list of days. */
export const activityRecord = z.object({
  userId: z.string(),
  userEmailAddress: text,
  fromDate: z.string(),
  callsAsHost: z.array(z.string()).nullish(),
  callsAttended: z.array(z.string()).nullish(),
});

export const scorecardRecord = z.object({ scorecardId: z.string(), scorecardName: text });

export const reviewRecord = z.object({ answeredScorecardId: z.string(), callId: text, reviewTime: text });

export const transcriptRecord = z.object({
  callId: z.string(),
  transcript: z.array(z.object({ speakerId: text })).nullish(),
});
