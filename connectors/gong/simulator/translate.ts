import type { JsonObject } from "../../../core/base/json.ts";
import type {
  Activity,
  Call,
  Company,
  CompanyChange,
  CompanyData,
  Meeting,
  Person,
  Rep,
} from "../../_simulator/company/model.ts";
import { gongId, gongTime, shareOf } from "./format.ts";
import { createStore, type GongStore, type SimCall } from "./store.ts";

const DAY_MS = 86_400_000;
/** Shorter calls are not recorded. */
const SHORTEST_S = 60;
/** Some reps forget to let the recorder in. */
const RECORDED = 0.8;
/** Of the recorded calls, so many are reviewed by the manager. */
const REVIEWED = 0.08;

const SCORECARD = gongId("scorecard discovery");
const QUESTIONS = ["Did the rep find the pain?", "Who decides, and how?", "Is the next step agreed?"];

/** Turns the one company into a Gong account: reps become users, answered calls and held meetings become recordings. */
export type Translator = {
  readonly store: GongStore;
  history(): void;
  /** What has just happened. @returns the call that it was recorded as, null when it was none. */
  change(change: CompanyChange, processingMs: number): SimCall | null;
};

export function createTranslator(company: CompanyData | Company): Translator {
  const { profile } = company;
  const repByUser = new Map(company.reps.map((rep) => [gongId(rep.id), rep]));
  const store = createStore({ id: gongId("workspace"), name: profile.name }, profile.timeZone);
  const reps = new Map(company.reps.map((rep) => [rep.id, rep]));
  const managerOf = new Map(company.teams.map((team) => [team.id, team.managerId]));
  const people = new Map<string, Person>();
  const peopleOfLead = new Map<string, Person[]>();

  function meet(person: Person): void {
    people.set(person.id, person);
    peopleOfLead.set(person.leadId, [...(peopleOfLead.get(person.leadId) ?? []), person]);
  }

  function addUsers(): void {
    for (const rep of company.reps) store.users.set(gongId(rep.id), userOf(rep, managerOf.get(rep.teamId) ?? null));
  }

  function record(activity: Activity, visibleMs: number): SimCall | null {
    const rep = reps.get(activity.repId);
    const person = people.get(activity.personId);
    if (rep === undefined || person === undefined || !isRecorded(activity)) return null;
    const others = (peopleOfLead.get(person.leadId) ?? []).filter((other) => other.id !== person.id);
    const call = recordingOf(activity, { rep, person, others, timeZone: profile.timeZone, visibleMs });
    store.calls.set(call.id, call);
    return call;
  }

  function review(call: SimCall): void {
    const manager = managerOf.get(repByUser.get(call.hostId)?.teamId ?? "");
    if (manager === undefined || shareOf(`reviewed ${call.id}`) > REVIEWED) return;
    const id = gongId(`review ${call.id}`);
    const at = new Date(call.listedMs + DAY_MS);
    const reviewTime = gongTime(at, profile.timeZone);
    const document = {
      answeredScorecardId: id,
      scorecardId: SCORECARD,
      scorecardName: "Discovery call",
      callId: call.id,
      callStartTime: gongTime(new Date(call.listedMs), profile.timeZone),
      reviewedUserId: call.hostId,
      reviewerUserId: gongId(manager),
      reviewTime,
      visibilityType: "PUBLIC",
      answers: QUESTIONS.map((text, nth) => ({
        questionId: gongId(`question ${nth}`),
        isOverall: nth === 0,
        score: 1 + Math.floor(shareOf(`${id} ${text}`) * 5),
        notApplicable: false,
      })),
    };
    store.reviews.set(id, { id, day: reviewTime.slice(0, 10), document });
  }

  return {
    store,
    history() {
      addUsers();
      for (const person of company.people) meet(person);
      store.scorecards.set(SCORECARD, scorecard(profile.startedAt, profile.timeZone));
      const nowMs = profile.now.getTime();
      for (const activity of company.activities) {
        const call = record(activity, 0);
        if (call !== null && call.listedMs + DAY_MS < nowMs) review(call);
      }
    },
    change(change, processingMs) {
      if (change.type === "lead.created") for (const person of change.people) meet(person);
      if (change.type !== "activity.created" && change.type !== "activity.updated") return null;
      return record(change.activity, change.at.getTime() + processingMs);
    },
  };
}

function isRecorded(activity: Activity): activity is Call | Meeting {
  if (shareOf(`recorded ${activity.id}`) >= RECORDED) return false;
  if (activity.type === "call") return activity.outcome === "answered" && activity.durationS > SHORTEST_S;
  return activity.type === "meeting" && activity.status === "completed";
}

function userOf(rep: Rep, managerId: string | null): JsonObject {
  return {
    id: gongId(rep.id),
    emailAddress: rep.email,
    created: gongTime(rep.hiredAt, rep.timeZone),
    active: rep.leftAt === null,
    emailAliases: [],
    trustedEmailAddress: null,
    firstName: rep.firstName,
    lastName: rep.lastName,
    title: rep.isManager ? "Sales Manager" : "Account Executive",
    phoneNumber: rep.phone,
    extension: null,
    personalMeetingUrls: [],
    settings: { webConferencesRecorded: true, telephonyCallsImported: true, emailsImported: true },
    managerId: managerId === null || managerId === rep.id ? null : gongId(managerId),
    meetingConsentPageUrl: null,
    spokenLanguages: [{ language: "en-US", primary: true }],
  };
}

function scorecard(at: Date, timeZone: string): JsonObject {
  const time = gongTime(at, timeZone);
  return {
    scorecardId: SCORECARD,
    scorecardName: "Discovery call",
    workspaceId: gongId("workspace"),
    enabled: true,
    updaterUserId: null,
    created: time,
    updated: time,
    questions: QUESTIONS.map((questionText, nth) => ({
      questionId: gongId(`question ${nth}`),
      questionText,
      questionType: "RANGE",
      isOverall: nth === 0,
      created: time,
      updated: time,
    })),
  };
}

type Scene = {
  readonly rep: Rep;
  readonly person: Person;
  /** Of the same company. */
  readonly others: readonly Person[];
  readonly timeZone: string;
  readonly visibleMs: number;
};

/** The recorder comes in some seconds after the call began by the CRM's record, and leaves a little before its end. */
export function recordingOf(activity: Call | Meeting, scene: Scene): SimCall {
  const id = gongId(activity.id);
  const luck = (what: string): number => shareOf(`${id} ${what}`);
  const isMeeting = activity.type === "meeting";
  const lateS = isMeeting ? 20 + Math.floor(luck("late") * 220) : 3 + Math.floor(luck("late") * 18);
  const wholeS = isMeeting ? (activity.endsAt.getTime() - activity.at.getTime()) / 1000 : activity.durationS;
  const durationS = Math.max(1, Math.round(wholeS - lateS - 1 - luck("left") * 9));
  const started = new Date(activity.at.getTime() + lateS * 1000);
  const guests = [scene.person, ...(isMeeting && luck("second") < 0.35 ? scene.others.slice(0, 1) : [])];
  const listedMs = isMeeting ? activity.at.getTime() : started.getTime();
  const parties = partiesOf(id, activity, scene.rep, guests, luck);
  const document = {
    metaData: metaDataOf(activity, { id, started, durationS, scene }),
    context: [],
    parties,
    content: {
      callOutcome: {
        id: gongId("outcome"),
        category: "Conversation",
        name: luck("outcome") < 0.7 ? "Connected" : "Gatekeeper",
      },
      topics: [
        { name: "Small Talk", duration: Math.round(durationS * 0.1) },
        { name: "Pricing", duration: Math.round(durationS * 0.2 * luck("pricing")) },
      ],
    },
    interaction: interactionOf(parties, durationS, luck),
  };
  const day = gongTime(started, scene.timeZone).slice(0, 10);
  return { id, hostId: gongId(scene.rep.id), listedMs, day, visibleMs: scene.visibleMs, document };
}

function metaDataOf(
  activity: Call | Meeting,
  made: { readonly id: string; readonly started: Date; readonly durationS: number; readonly scene: Scene },
): JsonObject {
  const { id, started, durationS, scene } = made;
  const isMeeting = activity.type === "meeting";
  return {
    id,
    url: `https://us-12345.app.gong.io/call?id=${id}`,
    title: isMeeting ? activity.title : `Call with ${scene.person.name}`,
    scheduled: gongTime(activity.at, scene.timeZone),
    started: gongTime(started, scene.timeZone),
    duration: durationS,
    primaryUserId: gongId(scene.rep.id),
    direction: isMeeting ? "Conference" : activity.direction === "inbound" ? "Inbound" : "Outbound",
    system: isMeeting ? "Zoom" : "Close",
    scope: "External",
    media: isMeeting ? "Video" : "Audio",
    language: "eng",
    workspaceId: gongId("workspace"),
    sdrDisposition: null,
    clientUniqueId: null,
    customData: null,
    purpose: null,
    // A rep's own room: the same address for each of their meetings.
    meetingUrl: isMeeting ? `https://zoom.example/j/${gongId(`room ${scene.rep.id}`).slice(0, 10)}` : null,
    isPrivate: false,
    calendarEventId: isMeeting ? activity.calendarUid : null,
  };
}

/** A dialer often knows the number alone. */
function partiesOf(
  id: string,
  activity: Call | Meeting,
  rep: Rep,
  guests: readonly Person[],
  luck: (what: string) => number,
): readonly JsonObject[] {
  const host = {
    id: gongId(`${id} host`),
    emailAddress: rep.email,
    name: rep.name,
    title: rep.isManager ? "Sales Manager" : "Account Executive",
    userId: gongId(rep.id),
    speakerId: gongId(`${id} host speaks`),
    context: [],
    affiliation: "Internal",
    phoneNumber: rep.phone,
    methods: ["Attendee"],
  };
  const isDialled = activity.type === "call";
  return [
    host,
    ...guests.map((person, nth) => {
      const phone = isDialled ? (activity.phone ?? person.phone) : null;
      const hasEmail = phone === null || luck("e-mail") > 0.3;
      return {
        id: gongId(`${id} guest ${nth}`),
        emailAddress: hasEmail ? person.email : null,
        name: person.name,
        title: person.title,
        userId: null,
        speakerId: gongId(`${id} guest ${nth} speaks`),
        context: [],
        affiliation: "External",
        phoneNumber: phone,
        methods: isDialled ? ["Attendee"] : ["Invitee", "Attendee"],
      };
    }),
  ];
}

function interactionOf(parties: readonly JsonObject[], durationS: number, luck: (what: string) => number): JsonObject {
  const ratio = Math.round((0.3 + luck("ratio") * 0.4) * 100) / 100;
  const hostS = Math.round(durationS * ratio);
  const guestS = durationS - hostS;
  const others = parties.length - 1;
  return {
    speakers: parties.map((party, nth) => ({
      id: party["id"] ?? null,
      userId: party["userId"] ?? null,
      // The first guest, whom the CRM names, speaks most.
      talkTime:
        nth === 0 ? hostS : nth === 1 ? guestS - Math.floor((guestS / 4) * (others - 1)) : Math.floor(guestS / 4),
    })),
    interactionStats: [
      { name: "Talk Ratio", value: ratio },
      { name: "Longest Monologue", value: Math.round(durationS * (0.05 + luck("monologue") * 0.15)) },
      { name: "Longest Customer Story", value: Math.round(durationS * luck("story") * 0.2) },
      { name: "Interactivity", value: Math.round(luck("interactivity") * 100) / 10 },
      { name: "Patience", value: Math.round((0.3 + luck("patience")) * 100) / 100 },
    ],
    questions: { companyCount: Math.floor(luck("asked") * 20), nonCompanyCount: Math.floor(luck("received") * 12) },
  };
}
