import { type Command, Option } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import { writeAudit } from "../../core/store/setup/audit.ts";
import {
  USER_ROLES,
  type UserRole,
  createUser,
  listUsers,
  removeUser,
  setPasswordHash,
} from "../../core/store/setup/users.ts";
import { hashPassword } from "../../dashboards/auth/password.ts";
import { ask } from "../ask.ts";
import type { CliContext } from "../context.ts";

const LEAST_LENGTH = 12;

/** `tributary users …`: who may sign in to the console. Passwords are typed, or read from an environment variable; never arguments. */
export function registerUsers(program: Command, context: CliContext): void {
  const users = program.command("users").description("who may sign in to the console");
  const fromEnv = (): Option =>
    new Option("--password-env <name>", "take the password from this environment variable instead of asking for it");

  users
    .command("list")
    .description("everyone who may sign in")
    .action(async () => {
      const found = await context.withHub((hub) => listUsers(hub.store.db));
      context.out.table(
        found.map((user) => ({ email: user.email, role: user.role, created_at: user.createdAt.toISOString() })),
      );
    });

  users
    .command("create <email>")
    .description("let somebody sign in")
    .addOption(new Option("--role <role>", "what they may do").choices([...USER_ROLES]).default("admin"))
    .addOption(fromEnv())
    .action(async (email: string, options: { readonly role: UserRole; readonly passwordEnv?: string }) => {
      const passwordHash = await hashPassword(await readPassword(options.passwordEnv));
      const user = await context.withHub(async (hub) => {
        const created = await createUser(hub.store.db, { email, passwordHash, role: options.role });
        await writeAudit(hub.store.db, { actor: "cli", action: "user.create", target: created.id, details: {} });
        return created;
      });
      context.out.result(
        { id: user.id, email: user.email, role: user.role },
        () => `${user.email} may sign in (${user.role}).`,
      );
    });

  users
    .command("set-password <email>")
    .description("give somebody a new password; ends their sessions")
    .addOption(fromEnv())
    .action(async (email: string, options: { readonly passwordEnv?: string }) => {
      const passwordHash = await hashPassword(await readPassword(options.passwordEnv));
      await context.withHub(async (hub) => {
        if (!(await setPasswordHash(hub.store.db, email, passwordHash))) throw unknownUser();
        await writeAudit(hub.store.db, { actor: "cli", action: "user.set_password", target: email, details: {} });
      });
      context.out.result({ email }, () => `${email} has a new password.`);
    });

  users
    .command("remove <email>")
    .description("let somebody sign in no longer")
    .action(async (email: string) => {
      await context.withHub(async (hub) => {
        if (!(await removeUser(hub.store.db, email))) throw unknownUser();
        await writeAudit(hub.store.db, { actor: "cli", action: "user.remove", target: email, details: {} });
      });
      context.out.result({ email }, () => `${email} can't sign in any more.`);
    });
}

async function readPassword(envName: string | undefined): Promise<string> {
  // The variable's name is the caller's choice, so it is no part of the typed environment.
  const password = envName === undefined ? await ask("Password", { isSecret: true }) : process.env[envName];
  if (password != null && password.length >= LEAST_LENGTH) return password;
  throw new TributaryError({
    code: "user.weak_password",
    kind: "config",
    message: `A password has at least ${LEAST_LENGTH} characters.`,
    mend: "Run the command on a terminal and type one, or pass the name of an environment variable with --password-env.",
  });
}

function unknownUser(): TributaryError {
  return new TributaryError({
    code: "user.unknown",
    kind: "config",
    message: "Nobody with this e-mail address may sign in.",
    mend: "`tributary users list` shows who may.",
  });
}
