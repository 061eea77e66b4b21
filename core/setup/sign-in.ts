import { TributaryError } from "../base/errors.ts";
import { verifyPassword } from "../secrets/password.ts";
import { hashToken, newToken } from "../secrets/tokens.ts";
import type { Db } from "../store/db.ts";
import { forgive, isKnownDevice, keepDevice, type Pace, takeTurn } from "../store/setup/sign-in-attempts.ts";
import { createSession, endSession, findSessionUser, findUserForSignIn } from "../store/setup/users.ts";
import { noted } from "./verb.ts";

/**
 * Guessing is slowed down by what is guessed at and by where it comes from, in the database, so that all processes count together. Nobody is
 * shut out by what strangers do: a device from which somebody has signed in before has a count of its own for that account.
 */
const PACES = {
  account: { free: 5, longestS: 60 },
  address: { free: 20, longestS: 900 },
  device: { free: 10, longestS: 60 },
} as const satisfies { readonly [kind: string]: Pace };

export type Proof = {
  readonly email: string;
  readonly password: string;
  /** Where the request comes from. */
  readonly address: string;
  /** The device's own secret, of an earlier sign-in; null: it has none. */
  readonly device: string | null;
  readonly sessionMs: number;
};

/**
 * Signs somebody in who has proved who they are.
 *
 * @returns the tokens of session and device, of which only the hashes are stored; null when e-mail address or password is wrong.
 * @throws TributaryError `access.too_many_attempts`
 */
export async function proveIdentity(
  db: Db,
  now: Date,
  proof: Proof,
): Promise<{ readonly session: string; readonly device: string } | null> {
  const email = proof.email.toLowerCase();
  const device =
    proof.device !== null && (await isKnownDevice(db, hashToken(proof.device), email)) ? proof.device : null;
  const subjects: readonly (readonly [subject: string, pace: Pace])[] =
    device === null
      ? [
          [`address ${proof.address}`, PACES.address],
          [`account ${email}`, PACES.account],
        ]
      : [[`device ${hashToken(device).toString("hex")}`, PACES.device]];
  await takeTurns(db, subjects, now);
  const user = await findUserForSignIn(db, email);
  // Takes as long for nobody as for a wrong password.
  if (!(await verifyPassword(proof.password, user?.passwordHash ?? null)) || user === null) return null;
  const tokens = { session: newToken(""), device: device ?? newToken("") };
  const expiresAt = new Date(now.getTime() + proof.sessionMs);
  await noted(db, { actor: `user:${email}`, action: "sign_in", target: user.id }, async (tx) => {
    // An address stays as it is known for what else came from it; an account is its owner's again.
    for (const [subject] of subjects) await forgive(tx, subject, !subject.startsWith("address "), now);
    await createSession(tx, { tokenHash: hashToken(tokens.session), userId: user.id, expiresAt });
    await keepDevice(tx, hashToken(tokens.device), user.id, now);
  });
  return tokens;
}

/** All or none: a try that has to wait counts nowhere. */
async function takeTurns(db: Db, subjects: readonly (readonly [string, Pace])[], now: Date): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const [subject, pace] of subjects) {
      const freeAt = await takeTurn(tx, subject, pace, now);
      if (freeAt !== null) throw tooMany(freeAt, now);
    }
  });
}

/** Ends the session of a token, if it is one. */
export async function signOut(db: Db, token: string, now: Date): Promise<void> {
  const user = await findSessionUser(db, hashToken(token), now);
  if (user === null) return;
  const note = { actor: `user:${user.email}`, action: "sign_out", target: user.id } as const;
  await noted(db, note, (tx) => endSession(tx, hashToken(token)));
}

function tooMany(freeAt: Date, now: Date): TributaryError {
  const seconds = Math.max(1, Math.ceil((freeAt.getTime() - now.getTime()) / 1000));
  return new TributaryError({
    code: "access.too_many_attempts",
    kind: "rate_limited",
    message: "There were many failed sign-ins.",
    mend: `Wait ${seconds} ${seconds === 1 ? "second" : "seconds"}, then try again. A device from which you have signed in before does not have to wait for what others try.`,
    retryAt: freeAt,
  });
}
