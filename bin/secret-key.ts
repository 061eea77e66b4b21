import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { TributaryError, systemCodeOf } from "../core/base/errors.ts";
import { generateSecretKey } from "../core/secrets/index.ts";
import type { Env } from "../config/env.ts";

/**
 * The key that credentials are sealed with: TRIBUTARY_SECRET_KEY, or the one in the data folder (`secret-key`, readable by its owner
 * alone), which the first start makes.
 *
 * @throws TributaryError `secrets.key_file_unusable`
 */
export function readSecretKey(env: Pick<Env, "secretKey" | "dataDir">): string {
  if (env.secretKey !== null) return env.secretKey;
  const file = secretKeyFile(env.dataDir);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw unusable(file, error);
  }
  try {
    makeKey(file);
    return readFileSync(file, "utf8");
  } catch (error) {
    throw unusable(file, error);
  }
}

export function secretKeyFile(dataDir: string): string {
  return path.join(dataDir, "secret-key");
}

/** Of several processes that start at once, one makes the key and all use it: a link is made once, and appears with its whole content. */
function makeKey(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${generateSecretKey()}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function unusable(file: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: "secrets.key_file_unusable",
    kind: "config",
    message: `The key that credentials are sealed with cannot be kept in ${file}: ${cause instanceof Error ? cause.message : "unknown reason"}`,
    mend: "Let the user that runs Tributary read and write the data folder, or set TRIBUTARY_SECRET_KEY.",
    cause,
  });
}
