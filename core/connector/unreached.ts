import { systemCodeOf } from "../base/errors.ts";
/** Names that nobody knows (Node's codes of a look-up). */
const NO_SUCH_NAME = /^(ENOTFOUND|EAI_\w+)$/;
/** OpenSSL's and Node's codes of a certificate that is not believed. */
const NOT_VOUCHED = /^(CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|ERR_TLS_CERT_\w+|HOSTNAME_MISMATCH)$/;

/** Given up while it was waited for (axios). */
const TOO_LATE = /^(ERR_CANCELED|ECONNABORTED)$/;

/** Why a connection gave no answer, in a few words with Node's code; never what was asked or sent. */
export function whyUnreached(error: unknown): string {
  if (!(error instanceof Error)) return "the connection failed";
  const code = systemCodeOf(error);
  if (code === null) return error.message === "" ? "the connection failed" : error.message;
  if (NO_SUCH_NAME.test(code)) return `its name is not known here (${code})`;
  if (TOO_LATE.test(code)) return `there was no complete answer in time (${code})`;
  if (NOT_VOUCHED.test(code))
    return `nobody whom this machine trusts vouches for its certificate (${code}); where a proxy signs by itself, name its certificate in NODE_EXTRA_CA_CERTS`;
  return code;
}
