import type { Bundle, HttpResponse, ZObject } from "zapier-platform-core";
import { hubAddress } from "./address.ts";
import { type AppRow, foundIn, isAnswer, problemText, textOf } from "./contract.ts";

/** Requests to the hub: where they go, with which proof, and what its answers mean to people. */

/** Set on a machine of one's own, to try the app out; on Zapier's there is nothing to reach in a private network. */
const allowsPrivate = (): boolean => process.env["TRIBUTARY_ALLOW_PRIVATE"] === "true";

/** @throws Error with a sentence for the person who set up the connection. */
export function baseOf(z: ZObject, bundle: Bundle): string {
  // While somebody connects, what they typed is in `inputData`.
  const said = bundle.authData["base"] ?? bundle.inputData["base"];
  try {
    return hubAddress(textOf(said), allowsPrivate());
  } catch (error) {
    throw new z.errors.Error(error instanceof Error ? error.message : String(error), "HubAddress", 400);
  }
}

export type Asked = {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly params?: { readonly [name: string]: string | number };
  readonly body?: AppRow;
  /** Statuses that are no error here. */
  readonly takes?: readonly number[];
};

/** Asks the API. @param path below `/api/v1`. @throws what the hub says is wrong, in a sentence */
export async function ask(z: ZObject, bundle: Bundle, path: string, asked: Asked = {}): Promise<AppRow> {
  const { method = "GET", params = {}, body, takes = [] } = asked;
  const response = await z.request<unknown>({
    url: `${baseOf(z, bundle)}/api/v1${path}`,
    method,
    params: { ...params },
    ...(body === undefined ? {} : { body: { ...body } }),
    // A redirect may lead to somebody else, and the key would go along.
    redirect: "manual",
    skipThrowForStatus: true,
  });
  const { status, data } = response;
  if (status >= 300 && !takes.includes(status)) throw problemOf(z, response);
  if (!isAnswer(method, data)) throw problemOf(z, response);
  return data;
}

/** The rows of a list, over all its pages, up to so many. */
export async function listAll(z: ZObject, bundle: Bundle, path: string, most = 1_000): Promise<readonly AppRow[]> {
  const rows: AppRow[] = [];
  let cursor: unknown = null;
  do {
    const page = await ask(z, bundle, path, cursor === null ? {} : { params: { cursor: textOf(cursor) } });
    rows.push(...foundIn(page));
    cursor = page["next_cursor"] ?? null;
  } while (cursor !== null && rows.length < most);
  return rows;
}

/** The proof goes to the API of the hub that it is for, and nowhere else: the token endpoint takes one proof alone, the client's. */
export function withProof(
  request: { url: string; headers: { [name: string]: string } },
  proof: string,
  base: string,
): void {
  const { origin, pathname } = new URL(request.url);
  if (origin === base && pathname.startsWith("/api/")) request.headers["Authorization"] = `Bearer ${proof}`;
}

/** What the hub says is wrong, for the person who looks at the Zap. */
export function problemOf(z: ZObject, { status, data }: HttpResponse<unknown>): Error {
  const code = typeof data === "object" && data !== null && "code" in data ? textOf(data.code) : "HubRefused";
  return new z.errors.Error(problemText(status, data), code, status);
}
