import { z } from "zod";
import { ACTIVITY_TYPES, DIRECTIONS } from "../schema/canonical.ts";
import { OUTCOMES } from "../schema/outcomes.ts";

/** Section `targeted_actions` of the config: what a company asks its reps to do, and what it is worth. */

const oneOrMore = <T extends z.ZodType>(one: T): z.ZodUnion<[T, z.ZodArray<T>]> => z.union([one, z.array(one).min(1)]);

export const targetedAction = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "expected lower-case letters, digits and underscores"),
    title: z.string().trim().min(1).max(60).optional(),
    type: oneOrMore(z.enum(ACTIVITY_TYPES)).optional().describe("An activity of this type, or of one of these"),
    direction: z.enum(DIRECTIONS).optional(),
    outcome: oneOrMore(z.enum(OUTCOMES)).optional().describe("How it ended"),
    at_least_minutes: z.number().positive().max(1440).optional().describe("How long it took, at least"),
    deal: z.enum(["created", "won"]).optional().describe("A deal that was created, or won"),
    stage: z.string().min(1).optional().describe("A stage that a deal entered: its name, or the canonical one"),
    pipeline: z.string().min(1).optional().describe("Of a stage: only in this pipeline"),
    points: z.number().min(0).max(100_000).default(1),
    daily_target: z.int().min(1).max(10_000).optional().describe("So many a working day keep a streak going"),
  })
  .superRefine((action, context) => {
    const what = [action.type, action.deal, action.stage].filter((one) => one !== undefined).length;
    const complain = (path: string[], message: string): void => context.addIssue({ code: "custom", path, message });
    if (what !== 1) complain([], "expected one of type (an activity), deal and stage");
    for (const field of ["direction", "outcome", "at_least_minutes"] as const)
      if (action[field] !== undefined && action.type === undefined)
        complain([field], "only an activity (type) has one");
    if (action.pipeline !== undefined && action.stage === undefined) complain(["pipeline"], "only a stage has one");
  });

export const targetedActionsSection = z
  .array(targetedAction)
  .max(100)
  .refine((actions) => new Set(actions.map(({ id }) => id)).size === actions.length, "Two actions have one id");
