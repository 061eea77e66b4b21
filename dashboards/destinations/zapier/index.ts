import core from "zapier-platform-core";
import own from "./package.json" with { type: "json" };
import { creates, searches } from "./actions.ts";
import { byKey, byOauth } from "./authentication.ts";
import { eventTriggers, listTriggers } from "./triggers.ts";

/** The app as Zapier loads it: from these names. `TRIBUTARY_CONNECT=oauth2` makes it one that people let in; else they give it a key. */
const { authentication: chosen, beforeRequest: proof } =
  process.env["TRIBUTARY_CONNECT"] === "oauth2" ? byOauth : byKey;

export const version = own.version;
export const platformVersion = core.version;
export const authentication = chosen;
export const beforeRequest = proof;
export const triggers = { ...eventTriggers, ...listTriggers };
export { creates, searches };
