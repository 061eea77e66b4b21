import { z } from "zod";

/** Config section `reps`, stored under that name in `settings`: who is who, where the tools cannot tell. */
export const repsSection = z.array(
  z.strictObject({
    name: z.string().min(1).describe("As people say it; rows of any tool that carry exactly this name are this rep"),
    email: z.email().optional().describe("Rows that carry this address are this rep"),
    team: z.string().min(1).optional().describe("The team's name; overrides what the tools say, from now on"),
    also: z
      .array(z.string().min(1))
      .default([])
      .describe("Further rows: connection:id (the tool's own id), or another name that a tool uses"),
  }),
);
export type RepsSection = z.infer<typeof repsSection>;
