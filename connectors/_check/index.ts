import type { Check, Subject } from "./check.ts";
import { normalisesPurely, replaysEqual } from "./facts.ts";
import { staysFlat, streamsPages } from "./memory.ts";
import {
  hidesSecrets,
  keepsMistyped,
  namesAccount,
  namesMissingRight,
  namesRevokedKey,
  passesUnknownFields,
  survivesFaults,
} from "./failing.ts";
import {
  bearsClockChanges,
  bearsClockSkew,
  bearsDisorder,
  bearsEditsWhilePaging,
  followsChanges,
  resumes,
  takesEverything,
  takesNothingTwice,
} from "./pulling.ts";

/** The acceptance checks, cheapest explanation first: where an early one fails, the later ones mostly fail for the same reason. */
export const CHECKS: readonly Check[] = [
  namesAccount,
  takesEverything,
  takesNothingTwice,
  resumes,
  followsChanges,
  bearsDisorder,
  bearsEditsWhilePaging,
  ...bearsClockSkew,
  ...bearsClockChanges,
  ...survivesFaults,
  namesRevokedKey,
  namesMissingRight,
  passesUnknownFields,
  keepsMistyped,
  replaysEqual,
  normalisesPurely,
  streamsPages,
  staysFlat,
  hidesSecrets,
];

export type CheckOutcome = {
  readonly name: string;
  /** What is wrong; null where the promise is kept. */
  readonly failure: string | null;
};

/** Runs the checks one after another and tells each outcome as it comes. */
export async function* runChecks(subject: Subject, checks: readonly Check[] = CHECKS): AsyncIterable<CheckOutcome> {
  for (const check of checks) {
    try {
      await check.run(subject);
      yield { name: check.name, failure: null };
    } catch (error) {
      yield { name: check.name, failure: error instanceof Error ? error.message : String(error) };
    }
  }
}
