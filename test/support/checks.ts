import type { Check } from "../../connectors/_check/check.ts";
import { survivesFaults } from "../../connectors/_check/failing.ts";
import { CHECKS } from "../../connectors/_check/index.ts";
import { staysFlat } from "../../connectors/_check/memory.ts";
import { bearsClockChanges, bearsClockSkew } from "../../connectors/_check/pulling.ts";

/** The same promise in many forms, which takes minutes for all connectors: every form is for `npm run test:endurance`. */
export const IN_EVERY_FORM: readonly Check[] = [...survivesFaults, ...bearsClockSkew, ...bearsClockChanges];

/** What remains, but for memory, which cannot be measured beside others. */
const ONCE: readonly Check[] = CHECKS.filter((check) => check !== staysFlat && !IN_EVERY_FORM.includes(check));

/** Everything once, and of the many forms another two for each connector, so that all connectors together meet each. */
export function everyday(nth: number): readonly Check[] {
  const forms = [2 * nth, 2 * nth + 1].map((form) => IN_EVERY_FORM[form % IN_EVERY_FORM.length]);
  return [...ONCE, ...forms.filter((check) => check !== undefined)];
}
