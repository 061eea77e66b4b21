import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { TributaryError } from "../../../core/base/errors.ts";
import { secret } from "../../../core/secrets/declared.ts";

/** How a destination signs in to Google: as a service account, or as the person whose refresh token it has. */
export const accountFields = {
  service_account: secret(z.string().min(1).max(20_000))
    .optional()
    .describe("The service account's JSON key, as ${ENV_NAME}. Its address needs edit rights to each file"),
  oauth: z
    .strictObject({
      client_id: z.string().min(1),
      client_secret: secret(z.string().min(1)).describe("As ${ENV_NAME}"),
      refresh_token: secret(z.string().min(1)).describe("As ${ENV_NAME}; what is written is written by this person"),
    })
    .optional()
    .describe("Instead of a service account: a person's consent"),
};

export type AccountSettings = {
  readonly service_account?: string | undefined;
  readonly oauth?:
    { readonly client_id: string; readonly client_secret: string; readonly refresh_token: string } | undefined;
};

export function hasOneAccount({ service_account, oauth }: AccountSettings): boolean {
  return (service_account === undefined) !== (oauth === undefined);
}

export const ONE_ACCOUNT = "Give either service_account or oauth";

export type Account =
  | { readonly kind: "service"; readonly email: string; readonly key: string }
  | {
      readonly kind: "person";
      readonly clientId: string;
      readonly clientSecret: string;
      readonly refreshToken: string;
    };

/** @throws TributaryError `google.key_unusable` */
export function accountOf({ service_account: text, oauth }: AccountSettings): Account {
  if (oauth !== undefined)
    return {
      kind: "person",
      clientId: oauth.client_id,
      clientSecret: oauth.client_secret,
      refreshToken: oauth.refresh_token,
    };
  const parsed = keyFile.safeParse(jsonOf(text ?? ""));
  if (!parsed.success) throw unusable("it is not the JSON file that Google gives, with client_email and private_key");
  const { client_email: email, private_key: key } = parsed.data;
  try {
    createPrivateKey(key);
  } catch {
    throw unusable("its private_key cannot be read; was it cut, or were its line ends lost?");
  }
  return { kind: "service", email, key };
}

const keyFile = z.object({ client_email: z.string().min(3), private_key: z.string().min(1) });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unusable(why: string): TributaryError {
  return new TributaryError({
    code: "google.key_unusable",
    kind: "config",
    message: `The service account's key cannot be used: ${why}.`,
    mend: "Make a JSON key in Google Cloud (IAM & Admin → Service accounts → Keys), put the whole file into the variable that `service_account` names, and apply the config again.",
  });
}
