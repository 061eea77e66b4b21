import type { Random } from "./random.ts";

/** What people write. Short: a simulator's texts only need to look like texts. */

const EMAILS = [
  [
    "Following up on our call",
    "thank you for your time. I have put together what we spoke about; tell me where it misses the mark.",
  ],
  [
    "The numbers you asked for",
    "attached is the calculation for your team's size. Happy to go through it line by line.",
  ],
  ["A question about your roll-out", "when do you expect to decide, and who else should have a say in it?"],
  ["Next steps", "I suggest a half-hour with your operations lead this week. Would Thursday suit you?"],
  ["How others in your trade do it", "two firms of your size told us what changed for them. Shall I introduce you?"],
  ["Your trial", "your trial runs for another week. Is anything in the way of a good look at it?"],
] as const;

const NOTES = [
  "Budget is set in the next quarter; champion is keen.",
  "Needs sign-off from finance before the contract can go out.",
  "They compare three offers; security review comes first.",
  "Wants a reference in the same trade.",
  "Team grows by ten in spring, so volume pricing matters.",
  "Migration of old data is the main worry.",
];
const CALL_NOTES = [
  "Went through the open points, will send a summary.",
  "Good talk, asked for a demo with the team.",
  "Not the decision maker, gave me the right name.",
  "Call back next week.",
  "Happy with the trial so far.",
];
const SMS = [
  "Running five minutes late, sorry!",
  "Sent you the link by mail.",
  "Does 3 pm still work?",
  "Thanks, got it.",
];
const TASKS = [
  "Send the proposal",
  "Call back",
  "Check in after the trial",
  "Prepare the demo",
  "Ask for the signed contract",
];
const TICKETS = [
  "Cannot sign in after the update",
  "Export is missing a column",
  "How do I add a colleague?",
  "Invoice shows the old address",
  "Report is slow this morning",
  "Notifications arrive twice",
  "Please raise our user limit",
];
const CHATS = [
  "Do you support single sign-on?",
  "What does the team plan cost for 20 people?",
  "Can I import from a spreadsheet?",
  "Is there a trial?",
  "How do I talk to somebody in sales?",
];

export const TICKET_REPLY = "Thank you, we are on it.";
export const TICKET_SOLUTION = "This is mended now.";
export const TICKET_RETURN = "It happens again, I am afraid.";
export const CHAT_BOT = "Somebody will be with you in a moment.";
export const CHAT_REPLY = "Hello! Happy to help.";

export function emailText(
  random: Random,
  firstName: string,
  isReply: boolean,
): { readonly subject: string; readonly body: string } {
  const [subject, text] = random.pick(EMAILS);
  return isReply
    ? { subject: `Re: ${subject}`, body: "Thanks, that helps. I will come back to you." }
    : { subject, body: `Hi ${firstName}, ${text}` };
}

export const noteText = (random: Random): string => random.pick(NOTES);
export const callNote = (random: Random): string => random.pick(CALL_NOTES);
export const smsText = (random: Random): string => random.pick(SMS);
export const taskText = (random: Random): string => random.pick(TASKS);
export const ticketSubject = (random: Random): string => random.pick(TICKETS);
export const chatQuestion = (random: Random): string => random.pick(CHATS);
