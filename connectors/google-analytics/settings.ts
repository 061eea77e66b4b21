import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { webAddress } from "../../core/connector/address.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";

export const VENDOR_BASE_URL = "https://analyticsdata.googleapis.com/";

export const analyticsSettings = z.object({
  property_id: z
    .string()
    .regex(/^\d+$/, "digits only: Admin → Property details shows it (G-… is a measurement id, another thing)")
    .describe("The GA4 property's number: Google Analytics → Admin → Property details"),
  key_events: z
    .array(z.string().min(1))
    .optional()
    .describe("Key events to list by name (generate_lead, book_demo); absent: all of the property's"),
  base_url: webAddress()
    .default(VENDOR_BASE_URL)
    .describe("Where the Data API answers, without a path; only a test changes it"),
  timeout_s: z.number().positive().max(300).default(60).describe("Seconds that one report may take"),
  server_errors_per_hour: z
    .int()
    .min(4)
    .max(50)
    .default(10)
    .describe("Google's own failures per hour after which it locks us out: 10, with Analytics 360 50"),
});

export type AnalyticsSettings = z.infer<typeof analyticsSettings>;

export type ServiceAccount = { readonly client_email: string; readonly private_key: string };

/** What we need of the key file; what else is in it passes. */
const serviceAccount = z.looseObject({
  client_email: z.string().min(1),
  private_key: z.string().refine(isPrivateKey, "is no private key"),
});

const credentials = z.object({
  service_account_json: z
    .string()
    .refine((text) => parseServiceAccount(text) !== null, "is not the JSON file of a service account's key")
    .describe("The whole JSON key file of a service account that is a Viewer of the property"),
});

export const analyticsAuth: readonly AuthMethod[] = [
  {
    kind: "service_account",
    title: "Service account (JSON key)",
    madeAt: "https://console.cloud.google.com/iam-admin/serviceaccounts",
    needs: ["the role Viewer of the property (Google Analytics → Admin → Property access management)"],
    credentials,
  },
];

/** @throws TributaryError `google-analytics.auth.key_unreadable` */
export function readServiceAccount(held: JsonObject): ServiceAccount {
  const account = parseServiceAccount(held["service_account_json"] ?? null);
  if (account !== null) return account;
  throw new TributaryError({
    code: "google-analytics.auth.key_unreadable",
    kind: "auth",
    message: "The credentials are not the JSON key file of a service account.",
    mend: "Paste the whole file that Google Cloud → IAM → Service accounts → Keys → Add key → JSON has downloaded.",
  });
}

function parseServiceAccount(text: Json): ServiceAccount | null {
  if (typeof text !== "string") return null;
  try {
    return serviceAccount.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}
