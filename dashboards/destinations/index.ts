import type { AnyDestination } from "../../core/destination/define.ts";
import { docs } from "./docs/index.ts";
import { geckoboard } from "./geckoboard/index.ts";
import { mail } from "./mail/index.ts";
import { sheets } from "./sheets/index.ts";
import { slack } from "./slack/index.ts";
import { webhooks } from "./webhooks/index.ts";

/** Every destination there is: one line each. */
export const DESTINATIONS: readonly AnyDestination[] = [docs, geckoboard, mail, sheets, slack, webhooks];
