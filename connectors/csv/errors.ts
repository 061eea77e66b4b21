import { TributaryError, type TributaryErrorOptions } from "../../core/base/errors.ts";

/** A file that cannot be had or read as the settings say: an admin has to change the setting or put the file back. */
export function fileError(options: Omit<TributaryErrorOptions, "kind">): TributaryError {
  return new TributaryError({ ...options, kind: "config" });
}
