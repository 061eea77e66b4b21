import type { Readable } from "node:stream";
import { z } from "zod";
import "../../core/base/wording.ts";
import type { Principal } from "../auth/principal.ts";
import { type Access } from "../auth/principal.ts";
import type { ServerDeps } from "../web/deps.ts";
import type { Method } from "../web/routes.ts";

/**
 * One operation of the REST API. Its route, its checks and its documentation are all made from this declaration, so they cannot
 * differ.
 */
export type Endpoint = {
  readonly method: Method;
  /** Below `/api/v1`, parameters in braces: `/connections/{id}`. */
  readonly path: string;
  readonly access: Extract<Access, { kind: "api" | "public" }>;
  readonly tag: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType | null;
  /** The request carries a file instead of JSON: so many bytes at most. Null: it does not. */
  readonly rawBodyLimit: number | null;
  /** Of the answer when all goes well. */
  readonly status: number;
  /** Null: the answer has no body. */
  readonly response: z.ZodType | null;
  /** The answer is a file of one of these media types, streamed, instead of JSON; `run` gives a {@link Download}. Null: it is not. */
  readonly download: readonly string[] | null;
  /** The answer shows a secret once: what is kept of it for `Idempotency-Key` is sealed. */
  readonly isSecret: boolean;
  readonly run: (input: EndpointInput<unknown, unknown, unknown>, call: Call) => Promise<unknown>;
};

export type EndpointInput<Params, Query, Body> = {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Of an operation with `rawBodyLimit`; else empty. */
  readonly content: Buffer;
};

export type Download = { readonly mediaType: string; readonly fileName: string; readonly body: Readable };

/** Who asks, when, and what there is to answer with. */
export type Call = {
  readonly deps: ServerDeps;
  readonly principal: Principal;
  readonly now: Date;
  /** Of a write; null: it came with none. */
  readonly idempotencyKey: string | null;
};

type Shape = Readonly<Record<string, z.ZodType>>;

export type Declaration<P extends Shape, Q extends Shape, B extends z.ZodType, R extends z.ZodType> = {
  readonly method: Method;
  readonly path: string;
  readonly access: Endpoint["access"];
  readonly tag: string;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly rawBodyLimit?: number;
  readonly status?: number;
  readonly response: R | null;
  readonly isSecret?: boolean;
  readonly run: (
    input: EndpointInput<z.output<z.ZodObject<P>>, z.output<z.ZodObject<Q>>, z.output<B>>,
    call: Call,
  ) => Promise<z.input<R>>;
};

/** Declares an operation: its types are checked here and erased for the list. */
export function endpoint<
  P extends Shape = Record<never, never>,
  Q extends Shape = Record<never, never>,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
>(declaration: Declaration<P, Q, B, R>): Endpoint {
  return {
    download: null,
    method: declaration.method,
    path: declaration.path,
    access: declaration.access,
    tag: declaration.tag,
    summary: declaration.summary,
    params: z.object(declaration.params ?? {}),
    query: z.strictObject(declaration.query ?? {}),
    body: declaration.body ?? null,
    rawBodyLimit: declaration.rawBodyLimit ?? null,
    status: declaration.status ?? 200,
    response: declaration.response,
    isSecret: declaration.isSecret ?? false,
    // Sound: `api/index.ts` parses the input with these very schemas before it calls.
    run: declaration.run as Endpoint["run"],
  };
}

/** Declares an operation that answers with a file. */
export function download<P extends Shape = Record<never, never>, Q extends Shape = Record<never, never>>(
  declaration: Pick<
    Declaration<P, Q, z.ZodType, z.ZodType>,
    "path" | "access" | "tag" | "summary" | "params" | "query"
  > & {
    readonly mediaTypes: readonly string[];
    readonly run: (
      input: EndpointInput<z.output<z.ZodObject<P>>, z.output<z.ZodObject<Q>>, unknown>,
      call: Call,
    ) => Promise<Download>;
  },
): Endpoint {
  const { mediaTypes, run, ...rest } = declaration;
  const plain = endpoint<P, Q>({ ...rest, method: "get", response: null, run: () => Promise.resolve(null) });
  // Sound as with `endpoint`: the input is parsed with these very schemas.
  return { ...plain, download: mediaTypes, run: run as Endpoint["run"] };
}
