import type { Command } from "commander";
import { testConnection } from "../../core/setup/vendor.ts";
import type { CliContext } from "../context.ts";
import { createSetup } from "../hub/setup.ts";

/** `tributary test ID`: reaches the account, names it, and says which permissions are missing. */
export function registerTest(command: Command, context: CliContext): void {
  command.action(async (id: string) => {
    const result = await context.withHub((hub) => testConnection(createSetup(hub), "cli", id));
    const { accountId, accountName, missingPermissions, warnings, details = [] } = result;
    const json = {
      account_id: accountId,
      account_name: accountName,
      missing_permissions: missingPermissions,
      warnings,
      details,
    };
    context.out.result(json, () =>
      [
        `${id} reaches ${accountName}.`,
        ...details.map((detail) => `  ${detail}`),
        ...missingPermissions.map((permission) => `  missing permission: ${permission}`),
        ...warnings.map((warning) => `  warning: ${warning}`),
      ].join("\n"),
    );
  });
}
