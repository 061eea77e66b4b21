import { z } from "zod";

/** What a lead's status can mean. */
const LEAD_STATUS_MEANINGS = ["open", "qualified", "disqualified"] as const;

/** The section `lead_statuses` of the config: what the tools' words for a lead's status mean. Upper and lower case are alike. */
export const leadStatusesSection = z
  .record(z.string().trim().min(1).max(200), z.enum(LEAD_STATUS_MEANINGS))
  .describe("A tool's word for a lead's status, and what it means; a word that is not here is an open lead's");
