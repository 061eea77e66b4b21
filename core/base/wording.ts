import { z } from "zod";

/**
 * What is wrong with a value, in words for whoever wrote it: in the config file, a form, a request, a setting. Importing this sets it for every
 * schema; what a schema says itself goes before it. zod's own texts speak of types of the program ("Too big: expected string to have …").
 */
export function wordsOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${typeName(issue.expected)}`;
    case "invalid_value":
      return `expected ${issue.values.length === 1 ? "" : "one of "}${issue.values.map(String).join(", ")}`;
    case "too_big":
      return `expected ${limit(issue.origin, issue.maximum, issue.inclusive === false ? "less than" : "at most")}`;
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) return "expected a text that is not empty";
      return `expected ${limit(issue.origin, issue.minimum, issue.inclusive === false ? "more than" : "at least")}`;
    case "invalid_format":
      return `expected ${FORMATS[issue.format] ?? "another form"}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `unknown: ${issue.keys.join(", ")}`;
    case "invalid_union":
      return "it has none of the forms that are allowed";
    default:
      return "it is not valid";
  }
}

function limit(origin: string, bound: number | bigint, words: string): string {
  switch (origin) {
    case "string":
      return `${words} ${bound} characters`;
    case "array":
    case "set":
    case "map":
    case "file":
    case "object":
      return `${words} ${bound} entries`;
    case "date":
      return `a time of ${words} ${new Date(Number(bound)).toISOString()}`;
    default:
      return `${words} ${bound}`;
  }
}

const TYPES: { readonly [type: string]: string } = {
  record: "a map",
  object: "a map",
  array: "a list",
  tuple: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  bigint: "a whole number",
  boolean: "true or false",
  date: "a time",
  null: "nothing",
  never: "nothing",
};

function typeName(type: string): string {
  return TYPES[type] ?? type;
}

const FORMATS: { readonly [format: string]: string } = {
  email: "an e-mail address",
  url: "an address such as https://example.com",
  uuid: "an id (a UUID)",
  guid: "an id (a UUID)",
  datetime: "an instant such as 2026-01-31T09:00:00Z",
  date: "a day such as 2026-01-31",
  time: "a time such as 09:00",
  ipv4: "an IP address",
  ipv6: "an IP address",
  base64: "base64",
  json_string: "JSON",
};

z.config({ localeError: wordsOf });
