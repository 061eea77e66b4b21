import type { Operations } from "./types.ts";

export type Operation = keyof Operations;
export type Answer<Name extends Operation> = Operations[Name]["answer"];
export type Input<Name extends Operation> = Part<"params", Operations[Name]["params"]> & {
  readonly query?: keyof Operations[Name]["query"] extends never ? undefined : Operations[Name]["query"];
  readonly body?: Operations[Name]["body"];
};
type Part<Key extends string, Value> = keyof Value extends never
  ? { readonly [key in Key]?: undefined }
  : { readonly [key in Key]: Value };

/** What the API says is wrong, as a problem document has it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly mend: string | null;

  constructor(status: number, code: string, message: string, mend: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.mend = mend;
  }
}

/**
 * Asks the hub's own API, by the session's cookie.
 *
 * @throws ApiError also where the hub cannot be reached: code `console.offline`
 */
export async function call<Name extends Operation>(
  name: Name,
  input: Input<Name>,
  signal?: AbortSignal,
): Promise<Answer<Name>> {
  const [method = "", template = ""] = name.split(" ");
  const params: { readonly [name: string]: unknown } = input.params ?? {};
  const path = template.replaceAll(/\{(\w+)\}/g, (_match, param: string) => encodeURIComponent(String(params[param])));
  const query = queryText(input.query ?? {});
  const { body } = input as { readonly body?: unknown };
  const response = await reach(`/api/v1${path}${query}`, {
    method,
    headers: {
      Accept: "application/json",
      ...(body === undefined
        ? {}
        : { "Content-Type": body instanceof Blob ? "application/octet-stream" : "application/json" }),
    },
    ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.status === 204) return undefined;
  // The types are made from the schemas that the server answers by.
  return (await response.json()) as Answer<Name>;
}

/** Posts a form to one of the hub's own addresses that is no part of the API. @throws ApiError */
export async function postForm(address: string, fields: { readonly [name: string]: string }): Promise<void> {
  await reach(address, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "console.offline", "", null);
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; mend?: string };
  throw new ApiError(response.status, problem.code ?? "", problem.detail ?? response.statusText, problem.mend ?? null);
}

function queryText(query: { readonly [name: string]: unknown }): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
