import { z } from "zod";
import { eventFilters } from "../../../core/destination/subscription.ts";
import { secret } from "../../../core/secrets/declared.ts";

/** What has a text and a page of its own, and so makes a letter. */
export const MAILED = ["digest.ready", "review.ready"] as const;

/** An entry of the section `mail` of the config file: some people, and what they are sent. */
export const mailSettings = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and hyphens")
    .describe("Chosen once: `managers`"),
  smtp: secret(
    z.string().refine(isSmtp, "expected smtps://user:password@host or smtp://user:password@host:587"),
  ).describe(
    "The mail server, as ${ENV_NAME}: smtps:// (TLS, port 465) or smtp:// (port 587, which has to offer STARTTLS). What stands before the @ is percent-encoded",
  ),
  from: z.email("expected an e-mail address").describe("Who it is from; the mail server has to allow it"),
  from_name: z
    .string()
    .max(100)
    .regex(/^[^\p{Cc}]*$/u)
    .default("Tributary"),
  to: z
    .array(z.email("expected an e-mail address"))
    .min(1)
    .max(50)
    .describe("Each is sent a letter of its own: one that is refused holds up nobody else"),
  events: z
    .array(z.enum(MAILED))
    .min(1)
    .default([...MAILED]),
  filters: eventFilters.optional().describe("Of these events, only what fits: `digests: [morning]`"),
  description: z.string().max(500).optional(),
});
export type MailSettings = z.output<typeof mailSettings>;

export type SmtpServer = {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte on; `starttls`, without which nothing is sent; `none`, for a relay on the operator's own network. */
  readonly security: "tls" | "starttls" | "none";
  readonly auth: { readonly user: string; readonly pass: string } | null;
};

function isSmtp(text: string): boolean {
  return smtpServer(text) !== null;
}

/** Null: it is no address of a mail server. */
export function smtpServer(text: string): SmtpServer | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hostname === "" || !["smtp:", "smtps:"].includes(url.protocol)) return null;
  const user = decoded(url.username);
  const pass = decoded(url.password);
  if (user === null || pass === null) return null;
  const isTls = url.protocol === "smtps:";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 465 : 587) : Number(url.port),
    security: isTls ? "tls" : url.searchParams.get("tls") === "none" ? "none" : "starttls",
    auth: user === "" ? null : { user, pass },
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
