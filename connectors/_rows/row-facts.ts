import type { NormaliseResult } from "../../core/connector/define.ts";
import type { CompanyFact, Fact, LeadStatusFact, PersonFact, RepFact } from "../../core/schema/facts.ts";
import { dealChangeFacts, dealFacts } from "./deal-facts.ts";
import { activityFacts, goalFacts, spendFacts, ticketFacts } from "./facts.ts";
import type { Table } from "./fields.ts";
import type { RowMapping } from "./mapping.ts";
import { mentionCompany, mentionRep, mentionTeam } from "./mentions.ts";
import type { Note } from "./notes.ts";
import { createRowReader, type Cells, type FactInput, type ReadingContext } from "./row-reader.ts";

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
  mapping: RowMapping,
  record: { readonly id: string; readonly columns: Cells },
  context: ReadingContext,
  at: string,
): NormaliseResult & { readonly notes: readonly Note[] } {
  const row = createRowReader(mapping, record.columns, context, at);
  const facts = FACTS[table]({ id: record.id, mapping, row, context });
  const { problems, notes } = row;
  return problems.length > 0 ? { facts: [], skipped: problems, notes } : { facts, skipped: [], notes };
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
