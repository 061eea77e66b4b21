import type { ActivityType } from "./canonical.ts";

/** How an activity ended, in one vocabulary for all tools. What the tool itself calls it stands beside it, as its disposition. */
export const OUTCOMES = [
  // Calls and chats.
  "answered",
  "no_answer",
  "voicemail",
  "busy",
  "wrong_number",
  "abandoned",
  // Meetings. `held`: its time has passed and nobody has said otherwise.
  "scheduled",
  "held",
  "no_show",
  "rescheduled",
  "declined",
  "cancelled",
  // Messages.
  "sent",
  "delivered",
  "bounced",
  "replied",
  "unsubscribed",
  // Ratings and tasks.
  "positive",
  "negative",
  "open",
  "done",
  // It came to nothing for a technical reason.
  "failed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** In the order in which they are tried: what says that nobody was reached comes before what says that somebody was. */
const WORDS: readonly (readonly [Outcome, RegExp])[] = [
  ["no_show", /\bno ?shows?\b|\bnot? show(ed)?( up)?\b|\bdid ?n.?t (show|attend|come|turn up)|\bnot attend/],
  ["rescheduled", /\breschedul|\bpostpon/],
  ["cancelled", /\bcancel/],
  [
    "wrong_number",
    /\b(wrong|bad|invalid|false|disconnected) (phone )?(number|person|contact)|\bnumber (is )?(not in service|invalid|wrong)/,
  ],
  ["voicemail", /\bvoice ?mail|\bvm\b|\bleft (a )?(message|msg)\b|\bansw?ering machine|\bmail ?box\b/],
  ["bounced", /\bbounc/],
  ["unsubscribed", /\bunsubscrib|\bopt(ed)? ?out/],
  ["abandoned", /\babandon/],
  ["busy", /\bbusy\b|\bline engaged\b/],
  [
    "no_answer",
    /\b(no|without) (answer|response|reply|contact|pick ?up)|\bnot (answered|connected|reached|available)|\bun(answered|reachable|available)|\bdid ?n.?t (answer|pick up|connect|respond)|\bmissed\b|\bnobody (there|answered)/,
  ],
  ["failed", /\bfail|\berror\b|\bblocked\b|\btime ?out|\btimed out|\bundeliver|\brejected by/],
];

/** What is said of a conversation that took place, whatever came of it. */
const TALKED =
  /\banswered\b|\bconnected\b|\breached\b|\bspoke|\btalked|\bconversation|\bcall ?back|\binterest|\bqualified|\bgate ?keeper|\bfollow ?up|\breferr|\b(meeting|demo|appointment) (booked|set|scheduled|agreed)|\b(booked|set|scheduled) (a )?(meeting|demo|appointment)/;

/**
 * The outcome that somebody's words mean for an activity of a type; null when they say none of the vocabulary. A call that ended in
 * "Meeting booked" or "Not interested" was answered; a meeting that is "booked" is scheduled.
 */
export function outcomeOf(words: string | null | undefined, type: ActivityType): Outcome | null {
  if (!words) return null;
  const said = words
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[_\-–/.,;:()]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  const exact = said.replaceAll(" ", "_");
  const known = OUTCOMES.find((outcome) => outcome === exact);
  if (known !== undefined) return known;
  for (const [outcome, pattern] of WORDS) if (pattern.test(said)) return outcome;
  if (type === "call" || type === "chat") return TALKED.test(said) ? "answered" : null;
  if (/\brepl(y|ied)|\bresponded/.test(said)) return "replied";
  if (/\bdelivered\b/.test(said)) return "delivered";
  if (/\bdeclin|\brefus/.test(said)) return "declined";
  if (/\bupcoming\b|\bscheduled\b|\bplanned\b|\bbooked\b|\bconfirmed\b/.test(said)) return "scheduled";
  if (type === "meeting" && /\bheld\b|\bcompleted?\b|\btook place\b|\battended\b|\bdone\b|\bhappened\b/.test(said))
    return "held";
  if (type === "task" && /\bcompleted?\b|\bdone\b|\bfinished\b/.test(said)) return "done";
  return /^sent\b/.test(said) ? "sent" : null;
}
