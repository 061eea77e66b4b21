import { z } from "zod";

/** The fields that are read of Drift's records; everything else stays in the raw record. Unset fields are absent. */
const text = z.string().nullish();
/** A 64-bit number; as JavaScript reads it, it may have lost digits, and then it is none. */
const id = z.union([z.string().min(1), z.int()]).transform(String);
/** Unix milliseconds. `Date` ends at 8.64e15. */
const time = z
  .number()
  .min(0)
  .max(8.64e15)
  .transform((ms) => new Date(ms));

export const userRecord = z.object({
  id,
  name: text,
  alias: text,
  email: text,
  phone: text,
  availability: text,
  bot: z.boolean().nullish(),
});

export const contactRecord = z.object({
  id,
  attributes: z
    .object({
      email: text,
      name: text,
      first_name: text,
      phone: text,
      externalId: z.union([z.string(), z.number()]).nullish(),
      original_entrance_page_url: text,
    })
    .nullish(),
});

const message = z.object({
  author: z.object({ type: z.string(), id: id.nullish(), bot: z.boolean().nullish() }),
  type: text,
  createdAt: time,
  context: z.object({ href: text }).nullish(),
});

export const conversationRecord = z.object({
  id,
  status: text,
  contactId: id.nullish(),
  participants: z.array(id).nullish(),
  relatedPlaybookId: id.nullish(),
  inboxId: id.nullish(),
  conversationTags: z.array(z.object({ name: text })).nullish(),
  createdAt: time,
  updatedAt: time.nullish(),
  messages: z.array(message),
});
export type ConversationRecord = z.infer<typeof conversationRecord>;

export const meetingRecord = z.object({
  slug: z.union([z.string(), z.number()]).transform(String),
  agentId: id.nullish(),
  schedulerId: id.nullish(),
  conversationId: id.nullish(),
  eventId: text,
  status: text,
  meetingSource: text,
  meetingType: text,
  slotStart: time,
  slotEnd: time.nullish(),
  scheduledAt: time.nullish(),
});

export const accountRecord = z.object({
  accountId: z.union([z.string(), z.number()]).transform(String),
  name: text,
  domain: text,
  ownerId: id.nullish(),
  targeted: z.boolean().nullish(),
});
