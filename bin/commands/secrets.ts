import { renameSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { rotateAll } from "../../core/setup/secrets.ts";
import type { CliContext } from "../context.ts";
import { secretKeyFile } from "../secret-key.ts";

/** `tributary secrets rotate`: a new key for everything that is sealed. */
export function registerSecrets(secrets: Command, context: CliContext): void {
  secrets
    .command("rotate")
    .description(
      "seal every stored credential with a new key: the one in TRIBUTARY_SECRET_KEY_NEW, else a fresh one for the data folder",
    )
    .action(async () => {
      const given = context.env.variable("TRIBUTARY_SECRET_KEY_NEW") ?? null;
      if (given === null && context.env.secretKey !== null) throw needsNewKey();
      const text = given ?? generateSecretKey();
      const key = parseSecretKey(text);
      const file = context.env.secretKey === null ? secretKeyFile(context.env.dataDir) : null;
      // Loaded when a key is changed, since they bring HTTP along.
      const { DESTINATIONS } = await import("../../dashboards/destinations/index.ts");
      const count = await context.withDatabase(async (database) => {
        // Written first, under another name: a key that sealed something and was then lost would be the end of it.
        if (file !== null) writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 });
        const resealed = await rotateAll(database.store.db, "cli", {
          from: database.secrets,
          to: createSecrets([key]),
          destinations: DESTINATIONS,
          keyId: key.id,
        });
        if (file !== null) renameSync(`${file}.new`, file);
        return resealed;
      });
      context.out.result({ resealed: count, key: key.id, file }, () => toText(count, file));
    });
}

function toText(count: number, file: string | null): string {
  const sealed = `${count} secret${count === 1 ? " is" : "s are"} sealed with the new key.`;
  return file === null
    ? `${sealed} Now set TRIBUTARY_SECRET_KEY to the new key and restart every process; the old key opens nothing any more.`
    : `${sealed} It is kept in ${file}. Restart every process that runs; the old key opens nothing any more.`;
}

function needsNewKey(): TributaryError {
  return new TributaryError({
    code: "secrets.no_new_key",
    kind: "config",
    message: "The key in use comes from TRIBUTARY_SECRET_KEY, so the new one has to be given as well.",
    mend: "Set TRIBUTARY_SECRET_KEY_NEW (for one: `openssl rand -base64 32`), rotate, then make it TRIBUTARY_SECRET_KEY.",
  });
}
