import { fieldOf, isObject, type Json } from "../../core/base/json.ts";
import { type CloseClient } from "./client.ts";
import type { CloseSettings } from "./settings.ts";

/** Bodies are large and nobody counts by them: the preview and the envelope are enough. */
const EMAIL_FIELDS = (
  "_type id organization_id lead_id contact_id user_id user_name users direction status subject " +
  "body_preview sender to cc bcc envelope message_ids references in_reply_to_id thread_id " +
  "has_reply opens_summary date_sent date_scheduled activity_at date_created date_updated " +
  "sequence_id sequence_name template_id bulk_email_action_id created_by updated_by"
).split(" ");

/**
 * Leads come with their contacts, deals and tasks embedded: heavy, and landed as what they are elsewhere. Their ids are left out, too: they
 * change without the lead's `date_updated`, so a list and an event of one time would undo each other for ever.
 */
const LEAD_FIELDS = (
  "id organization_id display_name name description url html_url source status_id status_label " +
  "addresses created_by updated_by date_created date_updated"
).split(" ");

/** What is asked for by `_fields`; null: everything comes. */
export function askedFields(stream: string, settings: CloseSettings): readonly string[] | null {
  if (stream === "emails") return EMAIL_FIELDS;
  return stream === "leads" ? [...LEAD_FIELDS, "contacts", ...attributeKeys(settings)] : null;
}

/** How rows are landed, decided once for a pull. */
export type Keep = (stream: string, row: Json) => Json;

/**
 * The same row must look the same whichever way it came (a list, a search, the event log, a webhook), or each way would undo the other:
 * chosen fields come in a fixed order.
 *
 * Custom fields that the settings give by name are added to deals as `custom: { name: value }`, the form Close used before ids.
 */
export async function keepFor(client: CloseClient, settings: CloseSettings): Promise<Keep> {
  const named = [settings.lost_reason_field, ...Object.values(settings.deal_attributes ?? {})].filter(
    (field) => field !== undefined && !field.startsWith("cf_"),
  ) as string[];
  const ids = named.length === 0 ? null : await client.fieldIdsByName();
  return (stream, row) => {
    if (stream === "leads") return pick(row, [...LEAD_FIELDS, ...attributeKeys(settings)]);
    if (stream === "opportunities" && ids !== null) return withNames(row, named, ids);
    return keepPlain(stream, row);
  };
}

/** For webhooks, which know no settings; the next pull brings what is missing. */
export const keepPlain: Keep = (stream, row) => {
  if (stream === "emails") return pick(row, EMAIL_FIELDS);
  return stream === "leads" ? pick(row, LEAD_FIELDS) : row;
};

function attributeKeys(settings: CloseSettings): readonly string[] {
  return Object.values(settings.lead_attributes ?? {}).map((id) => `custom.${id}`);
}

function withNames(row: Json, names: readonly string[], ids: ReadonlyMap<string, string>): Json {
  const custom: { [name: string]: Json } = {};
  for (const name of names) {
    const value = fieldOf(row, `custom.${ids.get(name)}`);
    if (value !== null) custom[name] = value;
  }
  return { ...(isObject(row) ? row : {}), custom };
}

function pick(row: Json, fields: readonly string[]): Json {
  const picked: { [name: string]: Json } = {};
  for (const field of fields) {
    const value = isObject(row) ? row[field] : undefined;
    if (value !== undefined) picked[field] = value;
  }
  return picked;
}
