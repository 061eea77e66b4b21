import type { JsonObject } from "../core/base/json.ts";
import type { Day } from "../core/base/time.ts";
import type { Schedule } from "../core/schema/tables/setup.ts";
import type { ExchangeRate } from "../core/store/setup/exchange-rates.ts";
import type { WorkspaceRow } from "../core/store/setup/workspace.ts";

/** What a config file asks for, checked and with variables filled in. Secrets are in the clear here: never printed, sealed on the way in. */
export type Desired = {
  /** The fields that the file speaks of. */
  readonly workspace: Partial<WorkspaceRow>;
  /** Null: the file does not speak of them. */
  readonly exchangeRates: readonly ExchangeRate[] | null;
  readonly connections: readonly DesiredConnection[];
  /** Sections that are stored whole, by name; absent ones are left as they are. */
  readonly sections: { readonly [section: string]: object };
  /** Of each destination that receives events and of which the file speaks: its receivers, all of them. */
  readonly receivers: { readonly [destination: string]: readonly DesiredReceiver[] };
  /** Lines about what is allowed but unwise. */
  readonly warnings: readonly string[];
};

/** One entry of a section that lists receivers. */
export type DesiredReceiver = {
  /** What tells it apart: a webhook's address. */
  readonly name: string;
  readonly settings: JsonObject;
};

export type DesiredConnection = {
  readonly id: string;
  readonly connector: string;
  readonly title: string;
  /** As written, with absolute paths: defaults stay the connector's business. */
  readonly settings: JsonObject;
  readonly credentials: JsonObject | null;
  readonly schedule: Schedule | null;
  readonly streams: readonly string[] | null;
  readonly backfillFrom: Day | null;
  /** The file's own folder, where the settings name files of it. */
  readonly filesFrom: string | null;
  /** Null: the file does not say. */
  readonly paused: boolean | null;
};
