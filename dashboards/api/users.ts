import { z } from "zod";
import { addUser, changeRole, removeUser, setPassword } from "../../core/setup/users.ts";
import { listUsers, type User, USER_ROLES } from "../../core/store/setup/users.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { invalidRequest } from "../web/problem.ts";
import { endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";

const user = z
  .object({ id: z.uuid(), email: z.string(), role: z.enum(USER_ROLES), created_at: z.iso.datetime() })
  .meta({ id: "User" });
const access = { kind: "api", scope: "admin" } as const;
const tag = "Workspace";
const byEmail = { email: z.email().max(320) };
const password = z.string().max(1024).describe("12 characters or more");

export const userEndpoints = [
  endpoint({
    method: "get",
    path: "/users",
    access,
    tag,
    summary: "Who may sign in to the console, by e-mail address",
    query: shortListQuery,
    response: pageOf(user),
    run: async ({ query }, { deps }) => shortPage(await listUsers(deps.store.db), query, ({ email }) => email, present),
  }),
  endpoint({
    method: "post",
    path: "/users",
    access,
    tag,
    summary: "Let somebody sign in",
    body: z.strictObject({ ...byEmail, password, role: z.enum(USER_ROLES).default("viewer") }),
    status: 201,
    response: user,
    run: async ({ body }, { deps, principal }) => present(await addUser(deps.store.db, actorOf(principal), body)),
  }),
  endpoint({
    method: "patch",
    path: "/users/{email}",
    access,
    tag,
    summary: "Change what somebody may do, from their next request on",
    params: byEmail,
    body: z.strictObject({ role: z.enum(USER_ROLES) }),
    response: user,
    run: async ({ params, body }, { deps, principal }) => {
      // An admin who made themselves a viewer could not take it back.
      if (isSelf(principal, params.email)) throw invalidRequest("You cannot change your own role: another admin can.");
      return present(await changeRole(deps.store.db, actorOf(principal), params.email, body.role));
    },
  }),
  endpoint({
    method: "post",
    path: "/users/{email}/password",
    access,
    tag,
    summary: "Give somebody a new password; ends their sessions",
    params: byEmail,
    body: z.strictObject({ password }),
    status: 204,
    response: null,
    run: async ({ params, body }, { deps, principal }) =>
      setPassword(deps.store.db, actorOf(principal), params.email, body.password),
  }),
  endpoint({
    method: "delete",
    path: "/users/{email}",
    access,
    tag,
    summary: "Let somebody sign in no longer; ends their sessions",
    params: byEmail,
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal }) => {
      // Nobody is to lock the last door behind them by a slip.
      if (isSelf(principal, params.email)) throw invalidRequest("You cannot remove yourself: another admin can.");
      await removeUser(deps.store.db, actorOf(principal), params.email);
    },
  }),
];

function isSelf(principal: Principal, email: string): boolean {
  return principal.kind === "user" && principal.email.toLowerCase() === email.toLowerCase();
}

function present(row: User): z.input<typeof user> {
  return { id: row.id, email: row.email, role: row.role, created_at: row.createdAt.toISOString() };
}
