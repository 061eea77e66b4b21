import { pino, type Logger } from "pino";

export type Log = Logger;

/** Names of fields whose value is a secret wherever it stands, up to three levels deep. */
const SECRET_FIELDS = [
  "password",
  "credentials",
  "secret",
  "secretKey",
  "apiKey",
  "api_key",
  "token",
  "accessToken",
  "access_token",
  "refreshToken",
  "refresh_token",
  "clientSecret",
  "client_secret",
  "signatureKey",
  "signature_key",
  "authorization",
  "Authorization",
  "cookie",
];

/**
 * The process's logger: JSON lines on stderr, secrets replaced by `[redacted]`.
 * stdout belongs to what a command answers, so nothing is logged there.
 *
 * @param level pino's names: trace, debug, info, warn, error, fatal, silent.
 */
export function createLog(level: string, destination: NodeJS.WritableStream = process.stderr): Log {
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]);
  return pino({ level, redact: { paths, censor: "[redacted]" }, base: { pid: process.pid } }, destination);
}

/** A logger that says nothing, for tests and for callers that have none. */
export const silentLog: Log = pino({ level: "silent" });
