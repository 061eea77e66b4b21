import type pg from "pg";
import { fromStorable, fromStorableJson, toStorable, toStorableJson } from "../base/text.ts";
import { databaseFailure } from "./failures.ts";

/**
 * What every connection to the database does beside what node-postgres does: texts that PostgreSQL cannot hold go and come in their
 * storable form (core/base/text.ts), and a failure says that it is the database's. So no statement has to think of either.
 */

/** Takes node-postgres' own parameters: anything that may stand for a `$1`. */
export function toParameter(value: unknown): unknown {
  if (typeof value === "string") return toStorable(value);
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(toParameter);
  return storableJson(value);
}

/** A value for a column of type `json` or `jsonb`, and for JSON inside other texts. */
export function storableJson(value: object | string | number | boolean | null): string {
  return toStorableJson(JSON.stringify(value));
}

export const parseText = fromStorable;

export function parseJson(text: string): unknown {
  return JSON.parse(fromStorableJson(text));
}

/** The three ways in which `query` is called: with text and values, with an object that has both, with a stream (COPY). */
type Query = (...args: unknown[]) => unknown;
type Callback = (error: unknown, result: unknown) => void;

/** Makes a client (before it is connected) one of ours. @param place see {@link databaseFailure} */
export function guard<Client extends pg.ClientBase>(client: Client, place: string | null): Client {
  // Sound: `query` is called with whatever it was called with, but for the values and the callback.
  const target = client as unknown as { query: Query; connect: Query };
  const named = (error: unknown): unknown => databaseFailure(error, place) ?? error;
  const guarded =
    (ask: Query): Query =>
    (...args) => {
      const answer = ask(
        ...args.map((arg) => {
          if (typeof arg === "function") {
            return ((error, result) =>
              (arg as Callback)(error instanceof Error ? named(error) : error, result)) as Callback;
          }
          if (Array.isArray(arg)) return arg.map(toParameter);
          const values = typeof arg === "object" && arg !== null && "values" in arg ? arg.values : null;
          return Array.isArray(values) ? { ...(arg as object), values: values.map(toParameter) } : arg;
        }),
      );
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => {
        throw named(error);
      });
    };
  target.query = guarded(target.query.bind(client));
  target.connect = guarded(target.connect.bind(client));
  return client;
}
