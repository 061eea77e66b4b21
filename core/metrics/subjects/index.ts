import type { Subject } from "../engine/define.ts";
import { activity } from "./activity.ts";
import { campaign } from "./campaign.ts";
import { conversation } from "./conversation.ts";
import { deal } from "./deal.ts";
import { goal } from "./goal.ts";
import { lead } from "./lead.ts";
import { openDeal } from "./open-deal.ts";
import { spend } from "./spend.ts";
import { stageStay } from "./stage-stay.ts";
import { firstMeeting } from "./first-meeting.ts";
import { landmark } from "./landmark.ts";
import { targetedAction } from "./targeted-action.ts";
import { ticket } from "./ticket.ts";
import { webTraffic } from "./web-traffic.ts";

/** What KPIs can be about. */
export const SUBJECTS: readonly Subject[] = [
  deal,
  stageStay,
  openDeal,
  landmark,
  activity,
  firstMeeting,
  targetedAction,
  lead,
  ticket,
  conversation,
  campaign,
  webTraffic,
  spend,
  goal,
];
