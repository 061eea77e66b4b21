import { type Command, Option } from "commander";
import { failedWith } from "../../core/base/errors.ts";
import { firstAdminCode } from "../../core/setup/first-admin.ts";
import type { CliContext, Hub } from "../context.ts";
import { DRAIN_MS, ROLES, type Role } from "../hub/roles.ts";

/** `tributary up`: the hub, or one role of it, until it is told to end. */
export function registerUp(command: Command, context: CliContext): void {
  command
    .addOption(
      new Option("--role <role>", "only this part of it; any number of processes and machines may run each")
        .choices([...ROLES, "all"])
        .default("all"),
    )
    .action(async ({ role }: { readonly role: Role | "all" }) => {
      // Server and workers take seconds to load, which no other command should wait for.
      const { runHub } = await import("../hub/run.ts");
      await context.withHub(
        async (hub) => {
          const running = await runHub(hub, role === "all" ? ROLES : [role]);
          const firstAdmin = running.url === null ? null : await firstAdminAddress(hub, running.url);
          context.out.result({ url: running.url, role, pid: process.pid, first_admin: firstAdmin }, () =>
            greeting(running.url, role, firstAdmin),
          );
          await aborted(context.signal);
          await running.drain();
        },
        { logLevel: "info", graceMs: DRAIN_MS + 10_000 },
      );
    });
}

/** The address that makes the first admin; null where somebody may sign in already, or where the secret key is not the one that sealed it. */
async function firstAdminAddress({ store, secrets, env }: Hub, url: string): Promise<string | null> {
  const code = await firstAdminCode(store.db, secrets).catch((error: unknown) => {
    // The hub stays up to say so: in its log, on /readyz and in doctor.
    if (failedWith(error, "secrets.unknown_key")) return null;
    throw error;
  });
  return code === null ? null : `${env.publicUrl ?? url}/first-admin?code=${code}`;
}

function greeting(url: string | null, role: string, firstAdmin: string | null): string {
  const rows = [`Tributary runs (${role}). Ctrl-C ends it.`];
  if (url !== null) {
    rows.push(`  Console   ${url}/`, `  API       ${url}/api/v1/  (described at ${url}/docs)`);
    rows.push(`  Health    ${url}/healthz  ${url}/readyz  ${url}/metrics`);
  }
  if (firstAdmin !== null) rows.push("Nobody may sign in yet. Make the first admin, once, at", `  ${firstAdmin}`);
  return rows.join("\n");
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
