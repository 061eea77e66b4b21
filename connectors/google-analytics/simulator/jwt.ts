import { generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { z } from "zod";

/** A service account whose key was made when the process's first simulator started: making one takes a good part of a second. */
export type Account = {
  readonly email: string;
  /** The file that Google Cloud hands out. */
  readonly json: string;
  /** Whether the bearer token was signed by the account, may read, and has not run out by the machine's clock: its signer goes by that. */
  readonly accepts: (token: string) => boolean;
};

const SCOPE = "https://www.googleapis.com/auth/analytics.readonly";
const head = z.object({ alg: z.literal("RS256") });
const claims = z.object({ iss: z.string(), sub: z.string(), scope: z.string(), exp: z.number() });

let keyPair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | null = null;

export function createAccount(project: string): Account {
  const { privateKey, publicKey } = (keyPair ??= generateKeyPairSync("rsa", { modulusLength: 2048 }));
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const email = `tributary@${project}.iam.gserviceaccount.com`;
  const file = {
    type: "service_account",
    project_id: project,
    private_key_id: "simulated",
    private_key: pem,
    client_email: email,
    token_uri: "https://oauth2.googleapis.com/token",
  };
  return {
    email,
    json: JSON.stringify(file),
    accepts(token) {
      const [header = "", payload = "", signature = ""] = token.split(".");
      const signed = head.safeParse(decode(header));
      const said = claims.safeParse(decode(payload));
      if (!signed.success || !said.success) return false;
      const { iss, sub, scope, exp } = said.data;
      const isRight = iss === email && sub === email && scope.split(" ").includes(SCOPE);
      return (
        isRight &&
        exp * 1000 > Date.now() &&
        verify("RSA-SHA256", Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, "base64url"))
      );
    },
  };
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}
