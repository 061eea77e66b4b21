import type { Json } from "../../core/base/json.ts";
import type { NormaliseContext, NormaliseResult, Stream } from "../../core/connector/define.ts";
import { givesOf } from "../../core/connector/gives.ts";
import type { Measured } from "../../core/schema/canonical.ts";
import type { Fact } from "../../core/schema/facts.ts";
import { createRandom, type Random } from "../_simulator/company/random.ts";
import { atVendor, type Bench, type Check, fail, pullAll } from "./check.ts";

/** Damaged copies of each record that are tried. */
const COPIES = 6;
/** Records of a stream that are damaged; further ones have no other shape. */
const RECORDS = 60;

export const replaysEqual: Check = {
  name: "makes the same facts again from what has landed",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      await pullAll(bench);
      const first = await bench.connection.facts();
      await bench.connection.replay();
      if ((await bench.connection.facts()) !== first) fail("A replay gave other facts.");
    }),
};

export const normalisesPurely: Check = {
  name: "normalises purely and totally, records damaged in any way included",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      await pullAll(bench);
      const settings = subject.connector.settings.parse(bench.harness.settings);
      for (const [name, stream] of Object.entries(subject.connector.streams)) {
        if (!bench.harness.streams.includes(name)) continue;
        await normaliseStream(bench, name, stream, settings);
      }
    }),
};

async function normaliseStream(bench: Bench, name: string, stream: Stream, settings: unknown): Promise<void> {
  const random = createRandom(`damage ${name}`);
  const records = [...(await bench.connection.records(name))].slice(0, RECORDS);
  for (const [externalId, record] of records) {
    const context = {
      connectionId: "check",
      stream: name,
      externalId,
      settings,
      timeZone: "Europe/Berlin",
      currency: "EUR",
    };
    const facts = normalised(stream, record, context);
    const given = facts?.facts
      .flatMap((fact) => measuredOf(fact) ?? [])
      .find((one) => !givesOf(stream, settings).includes(one));
    if (given !== undefined)
      fail(`${name}: ${externalId} is counted as a ${given}, which the stream's \`gives\` does not say.`);
    if (facts === null) fail(`${name}: normalising ${externalId} as it came threw.`);
    const before = JSON.stringify(record);
    if (JSON.stringify(normalised(stream, record, context)) !== JSON.stringify(facts))
      fail(`${name}: normalising ${externalId} twice gave two results.`);
    if (JSON.stringify(record) !== before) fail(`${name}: normalising ${externalId} changed the record.`);
    for (let copy = 0; copy < COPIES; copy += 1) {
      const damaged = damage(random, record);
      if (normalised(stream, damaged, context) === null) {
        fail(`${name}: normalising a damaged ${externalId} threw. The damage: ${difference(record, damaged)}`);
      }
    }
  }
}

/** Null when it threw, or gave no result. */
function normalised(stream: Stream, record: Json, context: NormaliseContext<unknown>): NormaliseResult | null {
  try {
    const result = stream.normalise(record, context);
    return Array.isArray(result.facts) && Array.isArray(result.skipped) ? result : null;
  } catch {
    return null;
  }
}

/** What a fact is counted as. */
function measuredOf(fact: Fact): Measured | null {
  switch (fact.kind) {
    case "deal":
    case "deal_change":
      return "deal";
    case "person":
    case "company":
      return fact.leadCreatedAt === null ? null : "lead";
    case "activity":
    case "ticket":
    case "conversation":
    case "campaign":
    case "web_traffic":
    case "spend":
    case "goal":
      return fact.kind;
    case "rep":
    case "team":
    case "lead_status":
    case "pipeline":
    case "label":
      return null;
    default:
      return fact satisfies never;
  }
}

const JUNK: readonly Json[] = [
  null,
  "",
  "x",
  0,
  -1,
  1.5,
  true,
  [],
  {},
  [null],
  "2026-02-30",
  "9".repeat(30),
  { id: 1 },
];

/** A copy in which one value, at any depth, is another or is gone. */
function damage(random: Random, value: Json): Json {
  if (Array.isArray(value) && value.length > 0 && random.chance(0.85)) {
    const at = random.int(0, value.length - 1);
    return value.map((each: Json, index) => (index === at ? damage(random, each) : each));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && random.chance(0.95)) {
    const keys = Object.keys(value);
    if (keys.length === 0) return random.pick(JUNK);
    const key = random.pick(keys);
    const entries = Object.entries(value);
    if (random.chance(0.2)) return Object.fromEntries(entries.filter(([name]) => name !== key));
    return Object.fromEntries(entries.map(([name, each]) => [name, name === key ? damage(random, each) : each]));
  }
  return random.pick(JUNK);
}

/** Where two values differ, as a path with the damaged value's type: a message holds nobody's data. */
function difference(whole: Json, damaged: Json, path = "record"): string {
  if (typeof whole === "object" && whole !== null && typeof damaged === "object" && damaged !== null) {
    for (const [key, value] of Object.entries(whole) as [string, Json][]) {
      const other = (damaged as { readonly [key: string]: Json })[key];
      if (other === undefined) return `${path}.${key} is missing`;
      if (JSON.stringify(other) !== JSON.stringify(value)) return difference(value, other, `${path}.${key}`);
    }
  }
  return `${path} became ${JUNK.some((junk) => junk === damaged) ? JSON.stringify(damaged) : typeof damaged}`;
}
