import { type Command, Option } from "commander";
import { listApiKeys } from "../../core/store/setup/api-keys.ts";
import { API_SCOPES, createKey, LINK_SCOPE, revokeKey } from "../../core/setup/keys.ts";
import type { CliContext } from "../context.ts";

const MOST_SHOWN = 1_000;

/** `tributary keys …`: API keys for programs, link keys for TVs, feeds and the calendar. */
export function registerKeys(keys: Command, context: CliContext): void {
  keys
    .command("list")
    .description("all keys, revoked ones included; the keys themselves are not kept")
    .action(async () => {
      const found = await context.withDatabase((database) =>
        listApiKeys(database.store.db, { limit: MOST_SHOWN, before: null }),
      );
      context.out.table(
        found.map((key) => ({
          id: key.id,
          name: key.name,
          prefix: key.prefix,
          scopes: key.scopes.join(" "),
          created_at: key.createdAt.toISOString(),
          last_used_at: key.lastUsedAt?.toISOString() ?? null,
          revoked_at: key.revokedAt?.toISOString() ?? null,
        })),
      );
    });

  keys
    .command("create <name>")
    .description("make an API key; it is shown once")
    .addOption(new Option("--scope <scope...>", "what it may do").choices([...API_SCOPES]).makeOptionMandatory())
    .action(async (name: string, { scope }: { readonly scope: readonly string[] }) => {
      await issue(context, name, scope);
    });

  keys
    .command("create-link <name>")
    .description(
      "make a link key for a TV (tv:sales-floor, tv:*), a feed (feed:won-value, feed:*) or the reviews in a calendar (calendar:reviews); it is shown once",
    )
    .requiredOption("--opens <screen...>", "what it opens")
    .action(async (name: string, { opens }: { readonly opens: readonly string[] }) => {
      await issue(context, name, opens);
    });

  keys
    .command("revoke <id>")
    .description("end a key for good")
    .action(async (id: string) => {
      await context.withDatabase((database) => revokeKey(database.store.db, "cli", id, database.clock.now()));
      context.out.result({ id, revoked: true }, () => "The key is revoked.");
    });
}

async function issue(context: CliContext, name: string, scopes: readonly string[]): Promise<void> {
  const { key, token } = await context.withDatabase((database) =>
    createKey(database.store.db, "cli", { name, scopes }),
  );
  const paths = scopes
    .filter((scope) => LINK_SCOPE.test(scope) && !scope.endsWith("*"))
    .map((scope) => pathOf(scope, token));
  context.out.result({ id: key.id, name: key.name, scopes: key.scopes, token, paths }, () =>
    [
      `${key.name} (${key.scopes.join(", ")}), shown this once:`,
      `  ${token}`,
      ...paths.map((path) => `  ${path}`),
    ].join("\n"),
  );
}

function pathOf(scope: string, token: string): string {
  const [kind, id] = scope.split(":");
  const path = kind === "calendar" ? `calendar/${id ?? ""}.ics` : `${kind === "tv" ? "tv" : "feeds"}/${id ?? ""}`;
  return `/${path}?key=${token}`;
}
