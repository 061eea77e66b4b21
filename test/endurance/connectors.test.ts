import { passAll } from "../support/acceptance.ts";
import { IN_EVERY_FORM } from "../support/checks.ts";

await passAll(() => IN_EVERY_FORM);
