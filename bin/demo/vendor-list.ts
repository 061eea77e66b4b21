import { startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { LOST_REASON_FIELD } from "../../connectors/close/simulator/setup.ts";
import { startDriftSimulator } from "../../connectors/drift/simulator/index.ts";
import { startGongSimulator } from "../../connectors/gong/simulator/index.ts";
import { startGoogleAnalyticsSimulator } from "../../connectors/google-analytics/simulator/index.ts";
import { startIntercomSimulator } from "../../connectors/intercom/simulator/index.ts";
import { startMailchimpSimulator } from "../../connectors/mailchimp/simulator/index.ts";
import { startZendeskSimulator } from "../../connectors/zendesk/simulator/index.ts";
import type { Company, CompanyChange } from "../../connectors/_simulator/company/model.ts";
import type { Clock } from "../../core/base/clock.ts";
import { createHash } from "node:crypto";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import type { AnyDestination, Received } from "../../core/destination/define.ts";
import { startPages } from "./pages.ts";
import type { VendorsPlan } from "./vendors-protocol.ts";

/** A simulated vendor as the demo's second process holds it. */
export type Vendor = {
  /** Something whose origin is the vendor's. */
  readonly url: string;
  /** Variables of the demo's config file. */
  readonly variables: { readonly [name: string]: string };
  /** What happens in the company, where it concerns this tool. */
  readonly change?: (change: CompanyChange) => void;
  /** Calls this address from now on, and tells what it signs with. Absent where the hub subscribes by the vendor's own interface. */
  readonly addWebhook?: (address: string) => string | Promise<string>;
  /** Of a destination: what it was sent or holds. */
  readonly received?: () => readonly Received[];
  close(): Promise<void>;
};

export type VendorStart = {
  readonly company: Company;
  readonly clock: Clock;
  readonly port: number;
};
type PlannedStart = VendorStart & { readonly plan: VendorsPlan; readonly received: () => ReceivedBy };
/** What each destination has, by its title. */
export type ReceivedBy = { readonly [destination: string]: readonly Received[] };

/** A first load that is paced like a real account's would take minutes: the vendors allow more, and their limits are still at work. */
const PACE = 5;
const FAST = 50;

export const TOOL_STARTS = {
  async close(start: VendorStart): Promise<Vendor> {
    const sim = await startCloseSimulator({ ...start, limits: PACE });
    const variables = {
      DEMO_CLOSE_URL: sim.baseUrl,
      DEMO_CLOSE_API_KEY: sim.apiKey,
      DEMO_LOST_REASON_FIELD: LOST_REASON_FIELD,
    };
    return { ...common(sim), url: sim.baseUrl, variables };
  },
  async mailchimp(start: VendorStart): Promise<Vendor> {
    const sim = await startMailchimpSimulator(start);
    const variables = { DEMO_MAILCHIMP_URL: sim.baseUrl, DEMO_MAILCHIMP_API_KEY: sim.apiKey };
    return { ...common(sim), url: sim.baseUrl, variables };
  },
  async zendesk(start: VendorStart): Promise<Vendor> {
    const sim = await startZendeskSimulator({ ...start, limits: FAST });
    const variables = {
      DEMO_ZENDESK_URL: sim.origin,
      DEMO_ZENDESK_SUBDOMAIN: sim.subdomain,
      DEMO_ZENDESK_CLIENT_ID: sim.oauth.clientId,
      DEMO_ZENDESK_CLIENT_SECRET: sim.oauth.clientSecret,
    };
    return { ...common(sim), url: sim.origin, variables };
  },
  async "google-analytics"(start: VendorStart): Promise<Vendor> {
    const sim = await startGoogleAnalyticsSimulator(start);
    const variables = {
      DEMO_ANALYTICS_URL: sim.baseUrl,
      DEMO_ANALYTICS_PROPERTY: sim.propertyId,
      DEMO_ANALYTICS_KEY: sim.serviceAccountJson,
    };
    return { ...common(sim), url: sim.baseUrl, variables };
  },
  async gong(start: VendorStart): Promise<Vendor> {
    const sim = await startGongSimulator({ ...start, limits: FAST });
    const variables = {
      DEMO_GONG_URL: sim.baseUrl,
      DEMO_GONG_KEY: sim.accessKey,
      DEMO_GONG_SECRET: sim.accessKeySecret,
    };
    const addWebhook = (address: string): string => sim.webhooks.addRule(address, { isSigned: true }).publicKey ?? "";
    return { ...common(sim), url: sim.baseUrl, variables, addWebhook };
  },
  async drift(start: VendorStart): Promise<Vendor> {
    const sim = await startDriftSimulator({ ...start, limits: "off" });
    const variables = { DEMO_DRIFT_URL: sim.baseUrl, DEMO_DRIFT_TOKEN: sim.credentials.access_token };
    const addWebhook = (address: string): string => {
      sim.webhooks.subscribe(address);
      return sim.verificationToken;
    };
    return { ...common(sim), url: sim.baseUrl, variables, addWebhook };
  },
  async intercom(start: VendorStart): Promise<Vendor> {
    const sim = await startIntercomSimulator(start);
    const variables = { DEMO_INTERCOM_URL: sim.baseUrl, DEMO_INTERCOM_TOKEN: sim.credentials.access_token };
    const addWebhook = async (address: string): Promise<string> => {
      await sim.webhooks.subscribe(address);
      return sim.oauth.clientSecret;
    };
    return { ...common(sim), url: sim.baseUrl, variables, addWebhook };
  },
  async pages({ company, port, plan, received }: PlannedStart): Promise<Vendor> {
    const pages = await startPages({ company, webhookSecret: plan.webhookSecret, port, received });
    const variables = { DEMO_PAGES_URL: pages.origin, DEMO_WEBHOOK_SECRET: plan.webhookSecret };
    return { url: pages.origin, variables, close: () => pages.close() };
  },
};

/** By name: every simulated tool, and every destination that has a simulator. */
export const VENDOR_STARTS: { readonly [name: string]: (start: PlannedStart) => Promise<Vendor> } = {
  ...TOOL_STARTS,
  ...Object.fromEntries(DESTINATIONS.flatMap(destinationStart)),
};

function destinationStart({ key, simulator }: AnyDestination): [string, (start: PlannedStart) => Promise<Vendor>][] {
  if (simulator === undefined) return [];
  return [
    [
      key,
      async ({ port, plan }) => {
        const secret = createHash("sha256").update(`${plan.destinationSecret}/${key}`).digest("hex").slice(0, 32);
        return (await simulator())({ port, secret });
      },
    ],
  ];
}

function common(sim: {
  change(change: CompanyChange): void;
  close(): Promise<void>;
}): Pick<Vendor, "change" | "close"> {
  return { change: (change) => sim.change(change), close: () => sim.close() };
}
