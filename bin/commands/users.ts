import { type Command, Option } from "commander";
import { addUser, assertStrong, removeUser, setPassword, weakPassword } from "../../core/setup/users.ts";
import { USER_ROLES, type UserRole, listUsers } from "../../core/store/setup/users.ts";
import { ask } from "../ask.ts";
import type { CliContext } from "../context.ts";

/** `tributary users …`: who may sign in to the console. Passwords are typed, or read from an environment variable; never arguments. */
export function registerUsers(users: Command, context: CliContext): void {
  const fromEnv = (): Option =>
    new Option("--password-env <name>", "take the password from this environment variable instead of asking for it");

  users
    .command("list")
    .description("everyone who may sign in")
    .action(async () => {
      const found = await context.withDatabase((database) => listUsers(database.store.db));
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
      const password = await readPassword(context, options.passwordEnv);
      const { role } = options;
      const user = await context.withDatabase((database) =>
        addUser(database.store.db, "cli", { email, password, role }),
      );
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
      const password = await readPassword(context, options.passwordEnv);
      await context.withDatabase((database) => setPassword(database.store.db, "cli", email, password));
      context.out.result({ email }, () => `${email} has a new password.`);
    });

  users
    .command("remove <email>")
    .description("let somebody sign in no longer")
    .action(async (email: string) => {
      await context.withDatabase((database) => removeUser(database.store.db, "cli", email));
      context.out.result({ email }, () => `${email} can't sign in any more.`);
    });
}

/** Asked for, or of a variable of the caller's choice. Whether it is long enough is looked at before the hub is opened, and where it is kept. */
async function readPassword({ env }: CliContext, envName: string | undefined): Promise<string> {
  const password = envName === undefined ? await ask("Password", { isSecret: true }) : env.variable(envName);
  if (password === null || password === undefined) throw weakPassword();
  assertStrong(password);
  return password;
}
