import { type Command, Option } from "commander";
import { addApp, APP_SCOPES, type AppScope, removeApp, revokeGrant } from "../../core/setup/apps.ts";
import { listApps, listGrants } from "../../core/store/setup/apps.ts";
import type { CliContext } from "../context.ts";

const MOST_SHOWN = 1_000;

type Added = { readonly redirect: readonly string[]; readonly scope: readonly AppScope[]; readonly public?: true };

/** `tributary apps …`: programs that people let in by OAuth 2 (Zapier, n8n, one's own), instead of giving them a key. */
export function registerApps(apps: Command, context: CliContext): void {
  apps
    .command("list")
    .description("all apps that may ask people to let them in")
    .action(async () => {
      const found = await context.withDatabase(({ store }) => listApps(store.db, { limit: MOST_SHOWN, after: null }));
      context.out.table(
        found.map((app) => ({
          id: app.id,
          name: app.name,
          scopes: app.scopes.join(" "),
          public: app.secretHash === null,
          redirect_uris: app.redirectUris.join(" "),
          created_at: app.createdAt.toISOString(),
        })),
      );
    });

  apps
    .command("add <name>")
    .description("make an app known; its secret is shown once")
    .requiredOption("--redirect <address...>", "where people may be sent back to: https, or http on this machine")
    .addOption(
      new Option("--scope <scope...>", "the most it may ask for").choices([...APP_SCOPES]).makeOptionMandatory(),
    )
    .option("--public", "it runs where it cannot keep a secret, and has none")
    .action(async (name: string, options: Added) => {
      const asked = {
        name,
        redirect_uris: [...options.redirect],
        scopes: [...options.scope],
        public: options.public ?? false,
      };
      const { app, secret } = await context.withDatabase(({ store }) => addApp(store.db, "cli", asked));
      context.out.result({ id: app.id, name: app.name, secret }, () =>
        [
          `${app.name} may ask people to let it in.`,
          `  client_id      ${app.id}`,
          secret === null ? "  It has no secret." : `  client_secret  ${secret}   (shown this once)`,
        ].join("\n"),
      );
    });

  apps
    .command("remove <id>")
    .description("end an app, with all that people allowed it and what it has subscribed")
    .action(async (id: string) => {
      await context.withDatabase(({ store }) => removeApp(store.db, "cli", id));
      context.out.result({ id, removed: true }, () => "The app is removed.");
    });

  apps
    .command("grants")
    .description("who has let which app in")
    .action(async () => {
      const found = await context.withDatabase(({ store }) =>
        listGrants(store.db, { limit: MOST_SHOWN, appId: null, before: null }),
      );
      context.out.table(
        found.map((grant) => ({
          id: grant.id,
          app: grant.appName,
          user: grant.email,
          scopes: grant.scopes.join(" "),
          created_at: grant.createdAt.toISOString(),
          last_used_at: grant.lastUsedAt?.toISOString() ?? null,
        })),
      );
    });

  apps
    .command("revoke <id>")
    .description("take back what somebody allowed an app")
    .action(async (id: string) => {
      await context.withDatabase(({ store }) => revokeGrant(store.db, "cli", id));
      context.out.result({ id, revoked: true }, () => "It is taken back.");
    });
}
