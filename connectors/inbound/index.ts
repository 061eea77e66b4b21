import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Json } from "../../core/base/json.ts";
import {
  type AnyConnector,
  type CheckResult,
  defineConnector,
  defineStream,
  type InboundRequest,
  type NormaliseContext,
  type NormaliseResult,
  type Stream,
  type StreamPart,
} from "../../core/connector/define.ts";
import { FIELDS, TABLES, type Table } from "../_rows/fields.ts";
import { columnsNeeded } from "../_rows/mapping.ts";
import { pipelineStream } from "../_rows/pipeline-stream.ts";
import { rowFacts } from "../_rows/row-facts.ts";
import { cellsOf } from "./cells.ts";
import { receive, receiveRow } from "./receive.ts";
import { keptDelivery, postedRecord } from "./records.ts";
import { completeSettings, mappingOf, ownNames, settings, tablesOf, type WrittenSettings } from "./settings.ts";
import { verifySender } from "./signature.ts";

/** Whatever can post JSON: rows of the shared schema's tables, sent to an address of the hub. */
export const inbound: AnyConnector = defineConnector<WrittenSettings, null>({
  key: "inbound",
  title: "Any other tool (posted JSON)",
  docs: "https://www.standardwebhooks.com",
  settings,
  auth: [{ kind: "none", credentials: z.strictObject({}) }],
  sendsCredentialsTo: () => [],
  everyS: 300,
  isPushed: true,
  createClient: () => null,
  check,
  streams: { pipelines: pipelineStream(), ...Object.fromEntries(TABLES.map((table) => [table, tableStream(table)])) },
  webhook: {
    takesUnsigned: true,
    verify: verifySender,
    dedupeKey,
    receive,
    parts,
    rows: { tables: tablesOf, receive: receiveRow },
  },
});

/** Sent again under the same key, a delivery is the same. Without one each is new: its rows have ids, so nothing counts twice. */
function dedupeKey({ headers }: InboundRequest): string {
  return headers["idempotency-key"] ?? headers["webhook-id"] ?? randomUUID();
}

function parts({ body }: InboundRequest): readonly StreamPart[] {
  const { table, records, deleted } = keptDelivery.parse(JSON.parse(body.toString("utf8")));
  return [{ stream: table, records, deleted }];
}

function tableStream(table: Table): Stream<WrittenSettings, null> {
  return defineStream<WrittenSettings, null>({
    title: `Rows of ${table}`,
    externalId: (record) => postedRecord.parse(record).id,
    sourceTime: (record) => {
      const { at } = postedRecord.parse(record);
      return at === undefined ? null : new Date(at);
    },
    // Nobody is asked: that nothing came is the newest there is to know.
    pull: () => NO_PAGES,
    deletions: "tombstones",
    keysByHand: table === "deals" || table === "deal_changes",
    keepsVersions: table === "deals" || table === "people" || table === "companies",
    isActive: (value) => mappingOf(value, table) !== undefined,
    normalise: (record, context) => normalise(table, record, context),
  });
}

const NO_PAGES: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

function normalise(table: Table, record: Json, context: NormaliseContext<WrittenSettings>): NormaliseResult {
  const at = `${table} ${context.externalId}`;
  const parsed = postedRecord.safeParse(record);
  if (!parsed.success)
    return {
      facts: [],
      skipped: [{ code: "csv.row.unreadable", at, reason: "the stored row has not the shape of a row" }],
    };
  const { id, row, own } = parsed.data;
  const mapping = own === true ? ownNames(table, row) : mappingOf(context.settings, table);
  // The table was taken out of the settings, which is no fault of the row.
  if (mapping === undefined) return { facts: [], skipped: [] };
  const reading = {
    settings: completeSettings(context.settings),
    timeZone: context.timeZone,
    currency: context.currency,
    isPosted: true,
  };
  const { facts, skipped } = rowFacts(
    table,
    mapping,
    { id, columns: cellsOf(row, columnsNeeded(mapping)) },
    reading,
    at,
  );
  return { facts, skipped };
}

/** There is no account to reach: says what may be posted. */
function check(_client: null, value: WrittenSettings): Promise<CheckResult> {
  const tables = tablesOf(value);
  const details = tables.map((table) => {
    const mapping = mappingOf(value, table);
    const required = FIELDS[table].required.map((field) => `${field}${from(mapping?.columns[field], field)}`);
    const needed = [`its key (${[mapping?.key ?? "id"].flat().join(", ")})`, ...required];
    if (table === "deals") needed.push("stage or status");
    return `${table}: post rows with ${needed.join(", ")} to the address of \`tributary webhook\` followed by /${table}`;
  });
  const name = `Posted rows: ${tables.join(", ")}`;
  return Promise.resolve({ accountId: "inbound", accountName: name, missingPermissions: [], warnings: [], details });
}

function from(spec: ReturnType<typeof columnOf>, field: string): string {
  const column = columnOf(spec);
  return typeof column === "string" && column !== field ? ` (${column})` : "";
}

function columnOf(spec: unknown): unknown {
  return typeof spec === "object" && spec !== null && "column" in spec ? spec.column : spec;
}
