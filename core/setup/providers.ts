import { z } from "zod";
import { TributaryError } from "../base/errors.ts";
import { sectionSecretOf } from "../destination/settings.ts";
import { openDeclared, secret } from "../secrets/declared.ts";
import type { Secrets } from "../secrets/index.ts";
import { hashToken, newToken } from "../secrets/tokens.ts";
import type { Db, Tx } from "../store/db.ts";
import { takeFirstAdminCode } from "../store/setup/first-admin.ts";
import { readSettings } from "../store/setup/settings.ts";
import { keepDevice } from "../store/setup/sign-in-attempts.ts";
import { findUserByIdentity, hasIdentityAt, keepIdentity } from "../store/setup/user-identities.ts";
import {
  createSession,
  createUser,
  findUserForSignIn,
  setRole,
  USER_ROLES,
  type User,
  type UserRole,
} from "../store/setup/users.ts";
import { noted } from "./verb.ts";

const issuer = z
  .url()
  .refine((text) => isHttpsOrOwn(text), "expected an https address, as the provider's discovery document has it");

function isHttpsOrOwn(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(hostname));
}

const provider = z
  .strictObject({
    title: z.string().min(1).max(60).describe("On the button: Google, Okta, the company's name"),
    issuer: issuer.describe("Where its OpenID Connect discovery document is, without /.well-known/…"),
    client_id: z.string().min(1).max(500),
    client_secret: secret(z.string().min(1).max(2_000)).optional().describe("As ${ENV_NAME}; absent: PKCE alone"),
    scopes: z.array(z.string().min(1)).default(["openid", "email", "profile"]),
    domains: z
      .array(z.string().regex(/^[^@\s]+\.[^@\s]+$/, "expected a domain such as example.com"))
      .default([])
      .describe("Whoever has a verified e-mail address of one of these may come in"),
    role: z.enum(USER_ROLES).default("viewer").describe("What who comes in by `domains` may do"),
    admit: z
      .array(
        z.strictObject({
          claim: z.string().min(1).describe("A claim of the ID token: groups, roles, hd"),
          value: z.string().min(1).describe("What it is, or what is in its list"),
          role: z.enum(USER_ROLES),
        }),
      )
      .default([])
      .describe("Whoever has this claim may come in, and has this role from then on; the first that fits counts"),
    trusts_email: z
      .boolean()
      .default(false)
      .describe(
        "Its e-mail addresses count as verified although it does not say so: only where it gives them out itself",
      ),
  })
  .describe("Whoever fits neither `domains` nor `admit` comes in only if an admin has added their e-mail address");
export type Provider = z.output<typeof provider>;

/** Config section `sign_in`: where people may sign in by OpenID Connect, by an id of one's choice. */
export const signInSection = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and hyphens"),
  provider,
);
export const SIGN_IN_SECTION = { key: "sign_in", settings: signInSection } as const;

/** The providers by their ids, with secrets opened; empty: people sign in by password alone. */
export async function readProviders(db: Db, secrets: Secrets): Promise<{ readonly [id: string]: Provider }> {
  const stored = await readSettings(db, SIGN_IN_SECTION.key);
  if (stored === null) return {};
  return signInSection.parse(openDeclared(signInSection, stored, secrets, sectionSecretOf(SIGN_IN_SECTION.key)));
}

/** Which buttons the sign-in shows. */
export async function listProviders(db: Db): Promise<readonly { readonly id: string; readonly title: string }[]> {
  const stored = z
    .record(z.string(), z.looseObject({ title: z.string() }))
    .safeParse(await readSettings(db, "sign_in"));
  return Object.entries(stored.data ?? {}).map(([id, { title }]) => ({ id, title }));
}

/** Whom a provider says somebody is. Its signature has been checked. */
export type Claims = {
  readonly iss: string;
  readonly sub: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly all: { readonly [claim: string]: unknown };
};

export type Arrival = { readonly device: string | null; readonly sessionMs: number; readonly now: Date };

/**
 * Signs in somebody whom a provider knows. They are who they were by issuer and subject; the first time, who has their verified e-mail
 * address here, else somebody new.
 *
 * @returns the tokens of session and device.
 * @throws TributaryError `access.not_admitted`
 */
export async function signInBy(
  db: Db,
  { id, ...rules }: Provider & { readonly id: string },
  claims: Claims,
  { device, sessionMs, now }: Arrival,
): Promise<{ readonly session: string; readonly device: string }> {
  const tokens = { session: newToken(""), device: device ?? newToken("") };
  await db.transaction().execute(async (tx) => {
    const user = await admitted(tx, rules, claims);
    await noted(
      tx,
      { actor: `user:${user.email}`, action: "sign_in", target: user.id, details: { by: id } },
      async () => {
        await keepIdentity(tx, { issuer: claims.iss, subject: claims.sub, userId: user.id }, now);
        const expiresAt = new Date(now.getTime() + sessionMs);
        await createSession(tx, { tokenHash: hashToken(tokens.session), userId: user.id, expiresAt });
        await keepDevice(tx, hashToken(tokens.device), user.id, now);
      },
    );
  });
  return tokens;
}

async function admitted(tx: Tx, rules: Omit<Provider, "id">, claims: Claims): Promise<User> {
  const email = claims.isEmailVerified || rules.trusts_email ? (claims.email?.toLowerCase() ?? null) : null;
  const byClaim = rules.admit.find(({ claim, value }) => has(claims.all[claim], value))?.role ?? null;
  const domain = email?.slice(email.lastIndexOf("@") + 1) ?? "";
  const byDomain = rules.domains.some((one) => one.toLowerCase() === domain) ? rules.role : null;
  const known = (await findUserByIdentity(tx, claims.iss, claims.sub)) ?? (await byAddress(tx, email, claims.iss));
  if (known === null) {
    const role = byClaim ?? byDomain;
    if (role === null || email === null) throw notAdmitted(claims.email, email === null);
    return makeUser(tx, email, role);
  }
  // Who was let in by a rule goes when the rule no longer fits; whom an admin has given a password stays.
  if (byClaim === null && byDomain === null && !known.hasPassword) throw notAdmitted(claims.email, false);
  if (byClaim === null || byClaim === known.role) return known;
  return changedRole(tx, known, byClaim);
}

/** Whoever has this address here, unless somebody else of the same provider is them already: addresses are given to others. */
async function byAddress(
  tx: Tx,
  email: string | null,
  iss: string,
): Promise<(User & { readonly hasPassword: boolean }) | null> {
  if (email === null) return null;
  const found = await findUserForSignIn(tx, email);
  if (found === null) return null;
  if (await hasIdentityAt(tx, found.id, iss)) throw notAdmitted(email, false);
  const { id, role, createdAt, passwordHash } = found;
  return { id, email: email.toLowerCase(), role, createdAt, hasPassword: passwordHash !== null };
}

async function makeUser(tx: Tx, email: string, role: UserRole): Promise<User> {
  return noted<User>(
    tx,
    (user) => ({ actor: `user:${email}`, action: "user.create", target: user.id, details: { email, role } }),
    async () => {
      const user = await createUser(tx, { email, passwordHash: null, role });
      await takeFirstAdminCode(tx);
      return user;
    },
  );
}

async function changedRole(tx: Tx, { email, ...user }: User, role: UserRole): Promise<User> {
  const note = { actor: `user:${email}`, action: "user.set_role", target: email, details: { role } } as const;
  await noted(tx, note, () => setRole(tx, email, role));
  return { ...user, email, role };
}

function has(claim: unknown, value: string): boolean {
  return Array.isArray(claim) ? claim.includes(value) : claim === value;
}

function notAdmitted(email: string | null, isUnverified: boolean): TributaryError {
  return new TributaryError({
    code: "access.not_admitted",
    kind: "auth",
    message: isUnverified
      ? "The provider does not say that the e-mail address is verified."
      : `${email ?? "Who you are there"} may not sign in here.`,
    mend: "Ask an admin to add you, or to admit you in the section `sign_in` of the config file.",
  });
}
