import type { AnyConnector } from "../core/connector/define.ts";
import { close } from "./close/index.ts";
import { csv } from "./csv/index.ts";
import { drift } from "./drift/index.ts";
import { gong } from "./gong/index.ts";
import { googleAnalytics } from "./google-analytics/index.ts";
import { inbound } from "./inbound/index.ts";
import { intercom } from "./intercom/index.ts";
import { mailchimp } from "./mailchimp/index.ts";
import { zendesk } from "./zendesk/index.ts";

/** Every connector there is: one line each. */
export const CONNECTORS: readonly AnyConnector[] = [
  close,
  csv,
  drift,
  gong,
  googleAnalytics,
  inbound,
  intercom,
  mailchimp,
  zendesk,
];

/** The connector of a key, null when there is none. */
export function findConnector(key: string): AnyConnector | null {
  return CONNECTORS.find((connector) => connector.key === key) ?? null;
}
