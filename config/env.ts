import path from "node:path";
import { z } from "zod";
import "../core/base/wording.ts";
import { TributaryError } from "../core/base/errors.ts";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** What the environment says, checked. Null: not said. */
export type Env = {
  /** An existing PostgreSQL 14 or later; null for the embedded one. */
  readonly databaseUrl: string | null;
  /** Redis or Valkey for the queues; several addresses, parted by commas, are the nodes of a cluster. Null for PostgreSQL. */
  readonly redisUrl: string | null;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Where people reach the hub when that is not host and port; without a slash at the end. */
  readonly publicUrl: string | null;
  /** How many proxies in front of the hub are ours. */
  readonly trustedProxies: number;
  /** As written; null for the one kept in the data folder. */
  readonly secretKey: string | null;
  /** Keys that were in use before, for what they sealed. */
  readonly oldSecretKeys: readonly string[];
  /** Absolute. */
  readonly dataDir: string;
  /** Null: what suits the command. */
  readonly logLevel: (typeof LOG_LEVELS)[number] | null;
  /** Absolute. The file need not exist. */
  readonly configFile: string;
  /** Whether what users name (webhook endpoints, addresses of files) may be in a private network. */
  readonly allowPrivateNetworks: boolean;
  /** How many requests of the API a key or an app may make in a minute; null: as many as it likes. */
  readonly requestsPerMinute: number | null;
  /** Folders below which connections may read files, besides the config file's own; absolute. */
  readonly fileFolders: readonly string[];
  /** Folders in which connections read nothing, whatever is named: the data folder holds the secret key; absolute. */
  readonly closedFolders: readonly string[];
  /** Any other variable, for `${NAME}` in the config file. */
  readonly variable: (name: string) => string | undefined;
};

/** Compose files and shells pass a variable that is not set as an empty one. */
const absentWhenEmpty = (value: unknown): unknown =>
  typeof value === "string" && value.trim() === "" ? undefined : value;

const said = <T extends z.ZodType>(schema: T) => z.preprocess(absentWhenEmpty, schema.optional());

const url = (schemes: readonly string[], example: string) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `must be an address such as ${example}`,
  });

const wholeNumber = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${from} to ${to}`)
    .transform(Number)
    .pipe(z.number().min(from, `must be at least ${from}`).max(to, `must be at most ${to}`));

const VARIABLES = z.object({
  DATABASE_URL: said(url(["postgres:", "postgresql:"], "postgres://user:password@host:5432/tributary")),
  REDIS_URL: said(
    z.string().refine((text) => text.split(",").every(isRedisAddress), {
      error: "must be an address such as redis://host:6379 (or several, parted by commas, for a cluster)",
    }),
  ),
  PORT: said(wholeNumber(0, 65535)),
  HOST: said(z.string()),
  PUBLIC_URL: said(url(["http:", "https:"], "https://hub.example.com")),
  TRIBUTARY_TRUSTED_PROXIES: said(wholeNumber(0, 10)),
  TRIBUTARY_SECRET_KEY: said(z.string()),
  TRIBUTARY_OLD_SECRET_KEYS: said(z.string()),
  TRIBUTARY_DATA_DIR: said(z.string()),
  LOG_LEVEL: said(z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`)),
  TRIBUTARY_CONFIG: said(z.string()),
  TRIBUTARY_FILES: said(z.string()),
  TRIBUTARY_REQUESTS_PER_MINUTE: said(wholeNumber(0, 1_000_000)),
  TRIBUTARY_ALLOW_PRIVATE_NETWORKS: said(z.enum(["true", "false"], "must be true or false")),
});

function isRedisAddress(text: string): boolean {
  return URL.canParse(text) && ["redis:", "rediss:"].includes(new URL(text).protocol);
}

/** A list of folders, parted as the system parts paths (a colon; on Windows a semicolon). */
function folders(text: string): string[] {
  return text.split(path.delimiter).filter((one) => one.trim() !== "");
}

/**
 * Reads the environment. This is the only place that does; everything else takes what it needs as an argument.
 *
 * @throws TributaryError `config.env.invalid`, naming every variable that is wrong, never with its value
 */
export function readEnv(source: NodeJS.ProcessEnv = process.env, folder: string = process.cwd()): Env {
  const { data, error } = VARIABLES.safeParse(source);
  if (error !== undefined) {
    const wrong = error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw new TributaryError({
      code: "config.env.invalid",
      kind: "config",
      message: `The environment is not usable: ${wrong.join("; ")}.`,
      mend: "Set or unset what is named and start again.",
    });
  }
  const dataDir = path.resolve(folder, data.TRIBUTARY_DATA_DIR ?? ".tributary");
  return {
    databaseUrl: data.DATABASE_URL ?? null,
    redisUrl: data.REDIS_URL ?? null,
    port: data.PORT ?? 8080,
    host: data.HOST ?? "127.0.0.1",
    publicUrl: data.PUBLIC_URL?.replace(/\/+$/, "") ?? null,
    trustedProxies: data.TRIBUTARY_TRUSTED_PROXIES ?? 0,
    secretKey: data.TRIBUTARY_SECRET_KEY ?? null,
    oldSecretKeys: data.TRIBUTARY_OLD_SECRET_KEYS?.split(",") ?? [],
    dataDir,
    logLevel: data.LOG_LEVEL ?? null,
    configFile: path.resolve(folder, data.TRIBUTARY_CONFIG ?? "config/tributary.yaml"),
    allowPrivateNetworks: data.TRIBUTARY_ALLOW_PRIVATE_NETWORKS === "true",
    // 0 is how the environment says that there is no limit.
    requestsPerMinute: (data.TRIBUTARY_REQUESTS_PER_MINUTE ?? 600) || null,
    fileFolders: folders(data.TRIBUTARY_FILES ?? "").map((one) => path.resolve(folder, one)),
    closedFolders: [dataDir],
    variable: (name) => source[name],
  };
}
