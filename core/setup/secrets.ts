import { type Rotation, rotateSecrets } from "../secrets/rotate.ts";
import type { Db } from "../store/db.ts";
import { SIGN_IN_SECTION } from "./providers.ts";
import { type Actor, noted } from "./verb.ts";

/** Seals every stored secret with a new key; see {@link rotateSecrets}. @returns how many. */
export async function rotateAll(
  db: Db,
  actor: Actor,
  { keyId, ...rotation }: Rotation & { readonly keyId: string },
): Promise<number> {
  return noted<number>(
    db,
    (count) => ({ actor, action: "secrets.rotate", target: keyId, details: { count } }),
    (tx) => rotateSecrets(tx, { ...rotation, destinations: [...rotation.destinations, SIGN_IN_SECTION] }),
  );
}
