import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { checkDrift } from "./check.ts";
import { createDriftClient } from "./client.ts";
import { DRIFT_END } from "./errors.ts";
import { driftAuth, driftSettings } from "./settings.ts";
import { driftStreams } from "./streams.ts";
import { driftTotals } from "./totals.ts";
import { driftWebhook } from "./webhook.ts";

/** Drift: conversations with their messages, contacts, users, accounts and booked meetings; until its vendor ends it, and kept after. */
export const drift: AnyConnector = defineConnector({
  key: "drift",
  title: "Drift (its vendor has announced the end)",
  docs: "https://devdocs.drift.com",
  settings: driftSettings,
  auth: driftAuth,
  sendsCredentialsTo: ({ base_url: base }) => [new URL(base).origin],
  everyS: 300,
  createClient: createDriftClient,
  check: checkDrift,
  streams: driftStreams,
  webhook: driftWebhook,
  end: DRIFT_END,
  totals: driftTotals,
});
