import type { Json } from "../../core/base/json.ts";
import type { NormaliseContext, NormaliseResult } from "../../core/connector/define.ts";
import type { CompanyFact, Fact, LeadStatusFact, PersonFact, RepFact } from "../../core/schema/facts.ts";
import type { Table } from "./fields.ts";
import { activityFacts, goalFacts, spendFacts, ticketFacts } from "./facts.ts";
import { dealChangeFacts, dealFacts } from "./deal-facts.ts";
import { mentionCompany, mentionRep, mentionTeam } from "./mentions.ts";
import type { Note } from "./notes.ts";
import { pipelineFact } from "./pipelines.ts";
import { pipelineRecord, readRowRecord, type RowRecord } from "./records.ts";
import { createRowReader, type FactInput, type ReadingContext } from "./row-reader.ts";
import { columnsNeeded, mappingsOf, sourceName, type Mapping, type Settings } from "./settings.ts";

type FactMaker = (input: FactInput) => readonly Fact[];

const FACTS: { readonly [table in Table]: FactMaker } = {
  deals: dealFacts,
  deal_changes: dealChangeFacts,
  activities: activityFacts,
  people: personFacts,
  companies: companyFacts,
  reps: repFacts,
  teams: teamFacts,
  tickets: ticketFacts,
  spend: spendFacts,
  goals: goalFacts,
};

/** Facts of a row, or, when a field of it cannot be read, none and every reason. Never throws. */
export function rowFacts(
  table: Table,
  mapping: Mapping,
  record: RowRecord,
  context: ReadingContext,
  at: string,
): NormaliseResult & { readonly notes: readonly Note[] } {
  const row = createRowReader(mapping, record.columns, context, at);
  const facts = FACTS[table]({ id: record.id, mapping, row, context });
  const { problems, notes } = row;
  return problems.length > 0 ? { facts: [], skipped: problems, notes } : { facts, skipped: [], notes };
}

/** The normaliser of a table's stream: the raw record finds the mapping of the source it came from. */
export function normaliseTable(table: Table): (record: Json, context: NormaliseContext<Settings>) => NormaliseResult {
  return (record, context) => {
    const at = `${table} ${context.externalId}`;
    const row = readRowRecord(record);
    if (row === null) return unreadable(at, "the stored row has not the shape of a row");
    const mapping = mappingFor(mappingsOf(context.settings, table), row);
    // Its source was taken out of the mapping, which is no fault of the row.
    if (mapping === undefined) return { facts: [], skipped: [] };
    return rowFacts(table, mapping, row, context, at);
  };
}

/** The mapping of the source that the row came from; where that has another name by now, the first whose columns the row has. */
function mappingFor(mappings: readonly Mapping[], { source, columns }: RowRecord): Mapping | undefined {
  const named = mappings.find((one, index) => sourceName(one, index) === source);
  return named ?? mappings.find((one) => columnsNeeded(one).every((column) => Object.hasOwn(columns, column)));
}

export function normalisePipeline(record: Json, context: NormaliseContext<Settings>): NormaliseResult {
  const parsed = pipelineRecord.safeParse(record);
  if (!parsed.success) return unreadable(`pipeline ${context.externalId}`, "the stored pipeline has not its shape");
  return { facts: [pipelineFact(parsed.data.id, parsed.data.pipeline)], skipped: [] };
}

function unreadable(at: string, reason: string): NormaliseResult {
  return { facts: [], skipped: [{ code: "csv.row.unreadable", at, reason }] };
}

function repFacts({ id, row }: FactInput): readonly Fact[] {
  const team = row.text("team");
  const rep: RepFact = {
    kind: "rep",
    externalId: id,
    isMention: false,
    name: row.text("name") ?? id,
    email: row.text("email")?.toLowerCase() ?? null,
    phone: row.text("phone"),
    isActive: row.flag("is_active"),
    team,
  };
  return [rep, ...mentionTeam(team)];
}

function teamFacts({ id, row }: FactInput): readonly Fact[] {
  const name = row.text("name") ?? id;
  return [{ kind: "team", externalId: id, isMention: false, name, manager: row.text("manager"), members: null }];
}

function personFacts({ id, row }: FactInput): readonly Fact[] {
  const company = row.text("company");
  const rep = row.text("rep");
  const person: PersonFact = {
    kind: "person",
    externalId: id,
    isMention: false,
    name: row.text("name"),
    title: row.text("title"),
    emails: row.list("email").map((email) => email.toLowerCase()),
    phones: row.list("phone"),
    company,
    rep,
    leadCreatedAt: row.moment("lead_created_at"),
    url: row.text("url"),
    attributes: row.attributes(),
  };
  return [person, ...leadStatus("person", id, row), ...mentionCompany(company), ...mentionRep(rep)];
}

function companyFacts({ id, row }: FactInput): readonly Fact[] {
  const rep = row.text("rep");
  const company: CompanyFact = {
    kind: "company",
    externalId: id,
    isMention: false,
    name: row.text("name") ?? id,
    domains: row.list("domain").map(hostName),
    phones: row.list("phone"),
    rep,
    leadCreatedAt: row.moment("lead_created_at"),
    url: row.text("url"),
    attributes: row.attributes(),
  };
  return [company, ...leadStatus("company", id, row), ...mentionRep(rep)];
}

function leadStatus(kind: "person" | "company", ref: string, row: FactInput["row"]): readonly LeadStatusFact[] {
  const status = row.text("lead_status");
  const changedAt = row.moment("lead_status_since");
  if (status === null) return [];
  return [{ kind: "lead_status", externalId: ref, lead: { kind, ref }, changedAt, before: null, status }];
}

/** `https://www.Acme.example/about` → `acme.example`. */
function hostName(text: string): string {
  return text
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, "")
    .replace(/[/?#:].*$/, "")
    .replace(/^www\./, "");
}
