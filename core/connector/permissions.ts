import { failedWith } from "../base/errors.ts";

/** Those of the paths that the account may not read: `probe` fails with the code that says so. Any other failure is thrown. */
export async function forbiddenOf(
  paths: readonly string[],
  code: string,
  probe: (path: string) => Promise<unknown>,
): Promise<readonly string[]> {
  const forbidden: string[] = [];
  for (const path of paths)
    await probe(path).catch((error: unknown) => {
      if (!failedWith(error, code)) throw error;
      forbidden.push(path);
    });
  return forbidden;
}
