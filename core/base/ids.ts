import { hash } from "node:crypto";

/**
 * Ids of rows that come from a source are computed from where they come from, never drawn at random. So a fact can
 * point at a row that has not arrived yet, a replay gives the same ids, and no look-up stands in the way of a bulk load.
 */
export type EntityKind =
  | "record"
  | "rep"
  | "team"
  | "person"
  | "company"
  | "pipeline"
  | "stage"
  | "deal"
  | "activity"
  | "ticket"
  | "conversation"
  | "campaign"
  | "web_traffic"
  | "spend"
  | "goal";

/**
 * The id of the row that the parts name: a UUID of version 8 (RFC 9562, section 5.8: custom), the first 122 free bits
 * of SHA-256 over the parts. Equal parts give the equal id, in every process, for ever.
 *
 * @param parts e.g. connection id and the source's own id. They are length-prefixed, so no two lists collide by joining.
 */
export function entityId(kind: EntityKind, ...parts: readonly string[]): string {
  let text: string = kind;
  for (const part of parts) text += `|${part.length}:${part}`;
  const hex = hash("sha256", text, "hex");
  const variant = ((parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
