import { DEAL_STATUSES, VALUE_PERIODS } from "../../core/schema/canonical.ts";
import type { DealChangeFact, DealFact, DealState, Fact, Moment } from "../../core/schema/facts.ts";
import { mentionCompany, mentionPerson, mentionRep } from "./mentions.ts";
import { findStage, pipelineOf, stageNames, type StageMatch } from "./pipelines.ts";
import { unitOf, type FactInput } from "./row-reader.ts";
import { mappingsOf } from "./mapping.ts";
import { excerpt } from "./values.ts";

/** A row of `deals`: the deal as it is now, and whoever it names. */
export function dealFacts(input: FactInput): readonly Fact[] {
  const { id, row } = input;
  const pipeline = readPipeline(input);
  const stage = readStage(input, pipeline, "stage");
  const status = row.choice("status", DEAL_STATUSES) ?? stage?.status ?? null;
  // A stage that is not known has been refused already.
  const tellsStatus = row.has("stage") || row.has("status");
  if (status === null && tellsStatus && row.problems.length === 0)
    row.require(row.has("stage") ? "stage" : "status", status);
  const money = row.money("value");
  const [rep, company, person] = [row.text("rep"), row.text("company"), row.text("person")];
  const deal: DealFact = {
    kind: "deal",
    externalId: id,
    says: whatIsSaid(input, pipeline),
    ...precedence(input),
    name: row.text("name"),
    // Without a status the row has been refused, and no fact comes of it.
    status: status ?? "open",
    pipeline,
    stage: stage?.ref ?? null,
    amountMinor: money?.amountMinor ?? null,
    currency: money?.currency ?? null,
    valuePeriod: row.choice("value_period", VALUE_PERIODS) ?? "one_time",
    rep,
    company,
    person,
    probability: readProbability(input),
    expectedCloseOn: row.day("expected_close_on"),
    createdAt: readDate(input, "created_at"),
    closedAt: status === "open" ? null : readDate(input, "closed_at"),
    lostReason: row.text("lost_reason"),
    url: row.text("url"),
    attributes: row.attributes(),
  };
  return [deal, ...mentionRep(rep), ...mentionCompany(company), ...mentionPerson(person)];
}

/** What a source does not map it does not assert. */
function whatIsSaid({ row }: FactInput, pipeline: string | null): readonly (keyof DealState)[] {
  const isTold: { readonly [field in keyof DealState]: boolean } = {
    status: row.has("stage") || row.has("status"),
    pipeline: row.has("stage") || row.has("pipeline") || pipeline !== null,
    stage: row.has("stage"),
    amountMinor: row.has("value"),
    currency: row.has("value"),
    valuePeriod: row.has("value_period"),
    rep: row.has("rep"),
    probability: row.has("probability"),
    expectedCloseOn: row.has("expected_close_on"),
  };
  // The names are those of `isTold`.
  return (Object.keys(isTold) as (keyof DealState)[]).filter((field) => isTold[field]);
}

/** Where other sources speak of the same deals: the order of the sources in the mapping. */
function precedence({ mapping, context }: FactInput): Pick<DealFact, "precedence"> {
  const sources = mappingsOf(context.settings, "deals");
  const hasOthers =
    sources.length > 1 || mappingsOf(context.settings, "deal_changes").some((one) => one.attributes !== undefined);
  return hasOthers ? { precedence: Math.max(0, sources.indexOf(mapping)) } : {};
}

/** A row of `deal_changes`. Only cells that are filled were witnessed: an empty one says nothing, not "no value". */
export function dealChangeFacts(input: FactInput): readonly Fact[] {
  const { id, row } = input;
  const deal = row.require("deal", row.text("deal"));
  const changedAt = row.require("changed_at", row.moment("changed_at"));
  const pipeline = readPipeline(input);
  const stage = readStage(input, pipeline, "stage");
  const stageBefore = readStage(input, pipeline, "stage_before");
  const status = row.choice("status", DEAL_STATUSES) ?? stage?.status ?? null;
  const money = row.money("value");
  const rep = row.text("rep");
  if (deal === null || changedAt === null) return [];
  const change: DealChangeFact = {
    kind: "deal_change",
    externalId: id,
    deal,
    changedAt,
    before:
      stageBefore === null || pipeline === null ? {} : { status: stageBefore.status, pipeline, stage: stageBefore.ref },
    after: witnessed({
      status,
      pipeline: stage === null ? null : pipeline,
      stage: stage?.ref ?? null,
      amountMinor: money?.amountMinor ?? null,
      currency: money?.currency ?? null,
      rep,
      probability: readProbability(input),
      expectedCloseOn: row.day("expected_close_on"),
    }),
    attributes: row.attributes(),
  };
  return [change, ...mentionRep(rep)];
}

/** Before all time: a year 0 is no day, but it says that somebody wrote a date. */
const NEVER = { instant: new Date(0) };

/** A date of a deal. `0000-00-00` is how databases write that there is none. */
function readDate({ row }: FactInput, field: string): Moment | null {
  const text = row.text(field);
  if (text?.startsWith("0000-00-00") === true) return null;
  return text !== null && /^0000-\d\d-\d\d/.test(text) ? NEVER : row.moment(field);
}

function witnessed(state: {
  readonly [K in Exclude<keyof DealState, "valuePeriod">]: DealState[K] | null;
}): Partial<DealState> {
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== null));
}

function readPipeline({ row, context }: FactInput): string | null {
  const { settings } = context;
  const named = row.text("pipeline");
  const found = pipelineOf(settings, named);
  if (named !== null && found === null)
    row.refuse({
      code: "csv.row.unknown_stage",
      field: "pipeline",
      reason: `"${excerpt(named)}" is none of ${Object.keys(settings.pipelines ?? {}).join(", ")}; add it under settings.pipelines`,
    });
  return found;
}

function readStage({ row, context }: FactInput, pipeline: string | null, field: string): StageMatch | null {
  const name = row.text(field);
  if (name === null) return null;
  if (pipeline === null) {
    row.refuse({
      code: "csv.row.unknown_stage",
      field,
      reason: `"${excerpt(name)}" is a stage of which pipeline? The row names none`,
    });
    return null;
  }
  const found = findStage(context.settings, pipeline, name);
  if (found === null)
    row.refuse({
      code: "csv.row.unknown_stage",
      field,
      reason: `"${excerpt(name)}" is none of ${stageNames(context.settings, pipeline).join(", ")}; add it under settings.pipelines or map it under values`,
    });
  return found;
}

/** 0 to 1. Percentages come as `75 %`, or as 75 where the mapping says `unit: percent`. */
function readProbability({ row, mapping }: FactInput): number | null {
  const read = row.number("probability");
  if (read === null) return null;
  const isPercent = unitOf(mapping, "probability") === "percent" && !row.isPercentage("probability");
  const probability = isPercent ? read / 100 : read;
  if (probability >= 0 && probability <= 1) return probability;
  row.refuse({
    code: "csv.row.bad_number",
    field: "probability",
    reason: `"${read}" is not between 0 and 1; for percentages say unit: percent`,
  });
  return null;
}
