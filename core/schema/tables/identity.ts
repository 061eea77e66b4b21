import type { Generated, GeneratedAlways } from "kysely";

/** Which rows are one. */

export const IDENTITY_ENTITIES = ["rep", "person", "company", "team", "pipeline"] as const;
export type IdentityEntity = (typeof IDENTITY_ENTITIES)[number];

export const IDENTITY_KEY_TYPES = ["email", "phone", "domain", "vendor_id", "other_id", "name", "manual"] as const;
export type IdentityKeyType = (typeof IDENTITY_KEY_TYPES)[number];

export type IdentitiesTable = {
  entity: IdentityEntity;
  entity_id: string;
  key_type: IdentityKeyType;
  key_value: string;
  connection_id: string;
};

export type IdentityLinksTable = {
  id: GeneratedAlways<number>;
  entity: IdentityEntity;
  from_id: string;
  into_id: string;
  rule: string;
  evidence: string;
  created_at: Generated<Date>;
  undone_at: Date | null;
  undone_by: string | null;
};
