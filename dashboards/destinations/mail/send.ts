import { lookup as resolve } from "node:dns";
import { isIP } from "node:net";
import { guardedLookup, isInternet } from "../../../core/connector/guard.ts";
import type { OutgoingEvent, SendOutcome, SenderOptions } from "../../../core/destination/define.ts";
import { letterOf } from "./letter.ts";
import { type MailSettings, type SmtpServer, smtpServer } from "./settings.ts";

const CONNECT_MS = 8_000;
/** Some servers let a client wait on purpose. */
const ANSWER_MS = 12_000;
const WHOLE_MS = 25_000;
/** A server that asks to come again (greylisting) takes it after some minutes (RFC 6647, 5.). */
const AGAIN_S = 300;

/** Sends an event as a letter. Never throws: whatever happens is the outcome. */
export async function sendLetter(
  settings: MailSettings,
  event: OutgoingEvent,
  options: SenderOptions,
): Promise<SendOutcome> {
  const startedAt = performance.now();
  const server = smtpServer(settings.smtp);
  const outcome = (rest: Partial<SendOutcome> & Pick<SendOutcome, "error">): SendOutcome => ({
    statusCode: null,
    retryAfterS: null,
    wish: null,
    response: null,
    ...rest,
    durationMs: Math.round(performance.now() - startedAt),
    // The address has the password in it.
    request: { to: [...settings.to], from: settings.from, server: server?.host ?? "?" },
  });
  if (server === null) return outcome({ error: "The address of the mail server cannot be read." });
  try {
    const address = await addressOf(server, options);
    const letter = await letterOf(event, options);
    const { accepted, response } = await post(server, address, {
      ...letter,
      from: { name: settings.from_name, address: settings.from },
      to: [...settings.to],
      // The same for every attempt: who gets it twice sees it once.
      messageId: `<${event.eventId}.${settings.id}@${settings.from.split("@")[1] ?? "tributary"}>`,
      date: event.occurredAt,
      headers: { "Auto-Submitted": "auto-generated", "X-Tributary-Event": event.type },
    });
    return outcome({ error: null, statusCode: 250, response: { accepted, server: response.slice(0, 500) } });
  } catch (error) {
    return outcome(failure(error));
  }
}

/** The address that is connected to: the name is resolved once, so what was held against the guard is what is used. */
async function addressOf({ host, security }: SmtpServer, { allowPrivateNetworks }: SenderOptions): Promise<string> {
  if (allowPrivateNetworks) return host;
  if (security === "none") throw new NotAllowed("The mail server's address says tls=none, which is not allowed.");
  if (isIP(host) !== 0) {
    if (isInternet(host)) return host;
    throw new NotAllowed("The mail server is in a private network, which is not allowed.");
  }
  return new Promise((found, failed) => {
    guardedLookup(resolve)(host, {}, (error, address) => {
      if (error !== null) failed(error);
      else if (typeof address === "string") found(address);
      else failed(new Error("The name of the mail server leads nowhere."));
    });
  });
}

class NotAllowed extends Error {}

type Message = {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly date: Date;
  readonly headers: { readonly [name: string]: string };
};

async function post(
  { host, port, security, auth }: SmtpServer,
  address: string,
  message: Message,
): Promise<{ readonly accepted: string[]; readonly response: string }> {
  // Loaded here: a hub without mail does without.
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    host: address,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(auth === null ? {} : { auth }),
    tls: { minVersion: "TLSv1.2", ...(isIP(host) === 0 ? { servername: host } : {}) },
    connectionTimeout: CONNECT_MS,
    greetingTimeout: ANSWER_MS,
    socketTimeout: ANSWER_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { headers, ...rest } = message;
  const whole = AbortSignal.timeout(WHOLE_MS);
  const sent = transport.sendMail({ ...rest, headers: { ...headers } });
  const late = new Promise<never>((_, reject) =>
    whole.addEventListener("abort", () => reject(new Error("The mail server took too long."))),
  );
  // Whichever comes second is met by nobody.
  sent.catch(() => undefined);
  late.catch(() => undefined);
  try {
    // Nodemailer, "Message object": the addresses that were taken, and the server's last reply.
    const info = (await Promise.race([sent, late])) as { readonly accepted: unknown[]; readonly response: string };
    return { accepted: info.accepted.map(String), response: info.response };
  } finally {
    transport.close();
  }
}

/** What went wrong, by nodemailer's codes and the server's reply (RFC 5321, 4.2.1: 4yz may work later, 5yz never will). */
function failure(error: unknown): Partial<SendOutcome> & Pick<SendOutcome, "error"> {
  if (!(error instanceof Error)) return { error: "The letter could not be sent." };
  if (error instanceof NotAllowed) return { error: error.message };
  if (/is not allowed\. Because/.test(error.message))
    return { error: "The mail server is in a private network, which is not allowed." };
  // Fields that nodemailer gives to its errors.
  const { code, responseCode, response } = error as {
    readonly code?: string;
    readonly responseCode?: number;
    readonly response?: string;
  };
  const statusCode = responseCode ?? null;
  const said = response === undefined ? "" : `: ${response.slice(0, 200)}`;
  const shown = { statusCode, response: response === undefined ? null : { server: response.slice(0, 500) } };
  if (code === "EAUTH" && (statusCode === null || statusCode >= 500))
    return { ...shown, error: `The mail server refuses the user name or the password${said}` };
  if (statusCode !== null && statusCode >= 400 && statusCode < 500)
    return { ...shown, error: `The mail server asks to try again later${said}`, retryAfterS: AGAIN_S };
  if (statusCode !== null && (code === "EENVELOPE" || code === "EMESSAGE"))
    return { ...shown, error: `The mail server refuses the letter for good${said}`, wish: "drop" };
  if (code === "ETLS" || /certificate|self.signed|STARTTLS|wrong version/i.test(error.message))
    return {
      ...shown,
      error: "No safe connection to the mail server: it offers no TLS, or its certificate is not one to trust.",
    };
  return { ...shown, error: `The mail server could not be reached (${code ?? "no answer"})${said}` };
}
