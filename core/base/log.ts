import { pino, type Logger } from "pino";
import { Repeats } from "./repeats.ts";

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
 * stdout belongs to what a command answers, so nothing is logged there. A warning or an error that is said over and over is said once and then
 * counted.
 *
 * @param level pino's names: trace, debug, info, warn, error, fatal, silent.
 */
export function createLog(level: string, destination: NodeJS.WritableStream = process.stderr): Log {
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]);
  const repeats = new Repeats();
  return pino(
    {
      level,
      redact: { paths, censor: "[redacted]" },
      base: { pid: process.pid },
      hooks: {
        logMethod(args, method, levelNumber) {
          const say = (): void => method.apply(this, args);
          if (levelNumber < WARN) return say();
          // An object of fields and a text, or a text alone; the type knows the last form only.
          const [first, second] = args as unknown as [unknown, unknown];
          const text = typeof first === "string" ? first : typeof second === "string" ? second : "";
          const again = (repeated: number): void =>
            method.apply(this, [{ ...(typeof first === "object" ? first : {}), repeated }, text]);
          if (repeats.isNew(`${levelNumber} ${text} ${whatOf(first)} ${whatOf(this.bindings())}`, again)) say();
        },
      },
    },
    destination,
  );
}

const WARN = 40;

/** What tells lines of one text apart: what they are about and what went wrong, but not the number of the job or the run. */
function whatOf(fields: unknown): string {
  if (typeof fields !== "object" || fields === null) return "";
  const { connection, stream, queue, code, err } = fields as { readonly [field: string]: unknown };
  return JSON.stringify([connection, stream, queue, code, err instanceof Error ? err.message : null]);
}

/** A logger that says nothing, for tests and for callers that have none. */
export const silentLog: Log = pino({ level: "silent" });
