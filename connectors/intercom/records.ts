import { z } from "zod";

/** The fields that are read of Intercom's records; everything else stays in the raw record. */
const text = z.string().nullish();
/** Ids are text; admins' and teams' come as numbers in some places. */
const id = z.union([z.string().min(1), z.int()]).transform(String);
/** Unix seconds. `Date` ends at 8.64e12. */
const time = z
  .number()
  .min(0)
  .max(8.64e12)
  .transform((seconds) => new Date(seconds * 1000));
const count = z.number().nullish();

export const adminRecord = z.object({ id, name: text, email: text });

export const teamRecord = z.object({ id, name: text, admin_ids: z.array(id).nullish() });

export const companyRecord = z.object({
  id,
  name: text,
  company_id: text,
  website: text,
  industry: text,
  size: count,
  plan: z.object({ name: text }).nullish(),
});

export const contactRecord = z.object({
  id,
  role: text,
  external_id: text,
  email: text,
  phone: text,
  name: text,
  owner_id: id.nullish(),
  companies: z.object({ data: z.array(z.object({ id })).nullish() }).nullish(),
  location: z.object({ country: text }).nullish(),
});

const author = z.object({
  type: text,
  id: id.nullish(),
  name: text,
  email: text,
  from_ai_agent: z.boolean().nullish(),
});
export type Author = z.infer<typeof author>;

export const conversationRecord = z.object({
  id,
  state: text,
  created_at: time,
  admin_assignee_id: id.nullish(),
  team_assignee_id: id.nullish(),
  company: z.object({ id }).nullish(),
  tags: z.object({ tags: z.array(z.object({ name: text })).nullish() }).nullish(),
  contacts: z.object({ contacts: z.array(z.object({ id })).nullish() }).nullish(),
  source: z.object({ type: text, delivered_as: text, url: text, author: author.nullish() }).nullish(),
  statistics: z
    .object({
      first_admin_reply_at: time.nullish(),
      last_close_at: time.nullish(),
      time_to_admin_reply: count,
      count_reopens: count,
    })
    .nullish(),
  conversation_rating: z.object({ rating: count }).nullish(),
  sla_applied: z.object({ sla_status: text }).nullish(),
  ai_agent_participated: z.boolean().nullish(),
  ai_agent: z.object({ resolution_state: text }).nullish(),
  conversation_parts: z
    .object({
      conversation_parts: z.array(z.object({ part_type: text, created_at: time, author: author.nullish() })),
      total_count: count,
    })
    .nullish(),
});
export type ConversationRecord = z.infer<typeof conversationRecord>;
