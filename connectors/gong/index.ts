import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { checkGong } from "./check.ts";
import { createGongClient } from "./client.ts";
import { gongAuth, gongSettings } from "./settings.ts";
import { gongStreams } from "./streams.ts";
import { gongTotals } from "./totals.ts";
import { gongWebhook } from "./webhook.ts";

/** Gong: recorded calls and meetings with who took part and how they went, users, and what they did in Gong. */
export const gong: AnyConnector = defineConnector({
  key: "gong",
  title: "Gong",
  docs: "https://help.gong.io/docs/what-the-gong-api-provides",
  settings: gongSettings,
  auth: gongAuth,
  sendsCredentialsTo: ({ base_url: base }) => [new URL(base).origin],
  everyS: 300,
  createClient: createGongClient,
  check: checkGong,
  streams: gongStreams,
  webhook: gongWebhook,
  totals: gongTotals,
});
