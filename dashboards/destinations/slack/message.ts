import { EVENTS, type EventData, type EventType } from "../../../core/outbox/catalogue.ts";
import type { OutgoingEvent } from "../../../core/destination/define.ts";

/** What a channel reads of an event, as the text of a message. Pure. */
export function messageOf({ type, data }: Pick<OutgoingEvent, "type" | "data">): string {
  // Written by `appendEvents`, whose types are the catalogue's.
  const of = <Type extends EventType>(): EventData<Type> => data as unknown as EventData<Type>;
  switch (type as EventType) {
    case "deal.created":
      return dealLine(":seedling: New deal", of<"deal.created">());
    case "deal.won":
      return dealLine(":tada: Won", of<"deal.won">());
    case "deal.lost":
      return dealLine("Lost", of<"deal.lost">());
    case "deal.reopened":
      return dealLine("Open again", of<"deal.reopened">());
    case "deal.stage_changed":
      return dealLine("Moved on", of<"deal.stage_changed">());
    case "kpi.updated":
      return kpiLine(of<"kpi.updated">());
    case "kpi.crossed":
      return crossedLine(of<"kpi.crossed">());
    case "goal.reached":
      return goalLine(of<"goal.reached">());
    case "rank.changed":
      return rankLine(of<"rank.changed">());
    case "deal.stuck": {
      const { deal } = of<"deal.stuck">();
      return dealLine(":hourglass: Stuck", {
        deal: { ...deal, from_stage: null, lost_reason: null },
        place: deal.stage,
      });
    }
    case "lead.cold":
      return leadLine(":snowflake: Cold", of<"lead.cold">().lead);
    case "lead.untouched": {
      const { lead, working_minutes: waited } = of<"lead.untouched">();
      return leadLine(`:bell: Waits${waited === null ? "" : ` for ${waited} working minutes`}`, lead);
    }
    case "forecast.moved":
      return forecastLine(of<"forecast.moved">());
    case "conclusion.no_longer_holds":
      return `:warning: No longer holds: ${escaped(of<"conclusion.no_longer_holds">().conclusion.sentence)}`;
    case "digest.ready": {
      const [head = "", ...lines] = escaped(of<"digest.ready">().text).split("\n");
      return [`*${head}*`, ...lines].join("\n");
    }
    case "review.ready":
      return reviewLine(of<"review.ready">());
    case "endpoint.failing":
    case "endpoint.paused":
    case "endpoint.recovered":
      return receiverLine(type as EventType, of<"endpoint.paused">()); // The three have one form.
    case "endpoint.test":
      return escaped(of<"endpoint.test">().message);
    default:
      return escaped(type);
  }
}

function dealLine(
  what: string,
  { deal, place = null }: Pick<EventData<"deal.won">, "deal"> & { readonly place?: string | null },
): string {
  const name = escaped(deal.name ?? "a deal without a name");
  const { amount, currency } = deal.value;
  const parts = [
    `${what}: *${linked(deal.url, name)}*`,
    ...(amount === null ? [] : [money(amount, currency)]),
    ...(deal.company === null ? [] : [escaped(deal.company)]),
    ...(deal.owner?.name == null ? [] : [`by ${escaped(deal.owner.name)}`]),
    ...(deal.from_stage === null || deal.stage === null || deal.from_stage === deal.stage
      ? []
      : [`${escaped(deal.from_stage)} → ${escaped(deal.stage)}`]),
    ...(place === null ? [] : [`in ${escaped(place)}`]),
    ...(deal.lost_reason === null ? [] : [`because: ${escaped(deal.lost_reason)}`]),
  ];
  return parts.join(" · ");
}

/** @param name escaped. */
function linked(url: string | null, name: string): string {
  return url === null ? name : `<${escaped(url).replaceAll("|", "%7C")}|${name}>`;
}

function leadLine(what: string, { name, url, owner }: EventData<"lead.cold">["lead"]): string {
  const who = `${what}: *${linked(url, escaped(name ?? "somebody without a name"))}*`;
  return owner?.name == null ? who : `${who} · ${escaped(owner.name)}`;
}

type Sliced = Pick<EventData<"kpi.updated">, "dimensions" | "from" | "to">;

/** What a number is of, and over which days. */
function headOf(metric: string, { dimensions, from, to }: Sliced): string {
  const slice = Object.entries(dimensions).map(([name, value]) => `${escaped(name)} ${escaped(value ?? "(none)")}`);
  const days = from === null || to === null ? "" : ` (${from} to ${to})`;
  return `*${[escaped(metric.replaceAll("_", " ")), ...slice].join(", ")}*${days}`;
}

function numberIn(unit: string, currency: string): (value: number | null) => string {
  return (value) => {
    if (value === null) return "no value";
    if (unit === "ratio")
      return new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }).format(value);
    return unit.startsWith("money") ? money(value, currency) : new Intl.NumberFormat("en").format(value);
  };
}

function kpiLine(kpi: EventData<"kpi.updated">): string {
  const shown = numberIn(kpi.unit, kpi.currency);
  return `${headOf(kpi.metric, kpi)}: ${shown(kpi.value)}, before ${shown(kpi.previous_value)}`;
}

function crossedLine(kpi: EventData<"kpi.crossed">): string {
  const shown = numberIn(kpi.unit, kpi.currency);
  const sign = kpi.direction === "rises" ? ":chart_with_upwards_trend:" : ":chart_with_downwards_trend:";
  const way = kpi.direction === "rises" ? "has risen to" : "has fallen to";
  return `${sign} ${headOf(kpi.metric, kpi)} ${way} ${shown(kpi.value)} (threshold: ${shown(kpi.threshold)})`;
}

function goalLine(goal: EventData<"goal.reached">): string {
  const shown = numberIn(goal.unit, goal.currency);
  return `:dart: Goal reached: ${headOf(goal.of, goal)}: ${shown(goal.reached)} of ${shown(goal.goal)}`;
}

function rankLine(rank: EventData<"rank.changed">): string {
  const shown = numberIn(rank.unit, rank.currency);
  const lines = rank.ranks.map(({ rep, rank: place, previous_rank: before, value }) => {
    const was = before === null ? " (new)" : before === place ? "" : ` (was ${before})`;
    return `${place}. ${escaped(rep)}${was}: ${shown(value)}`;
  });
  return [`:trophy: ${headOf(rank.of, { ...rank, dimensions: {} })}`, ...lines].join("\n");
}

function forecastLine(said: EventData<"forecast.moved">): string {
  const shown = numberIn(said.what === "value" ? "money" : "count", said.currency);
  const wins = said.what === "value" ? "Wins" : "Number of wins";
  return `:crystal_ball: ${wins} until ${said.until}: ${shown(said.expected)} expected, before ${shown(said.previous)} (${shown(said.already_won)} won already)`;
}

function reviewLine(said: EventData<"review.ready">): string {
  const { review, currency, won, lost, attention, actions, reps } = said;
  const asked = reps.map(({ name, actions: many }) => `${escaped(name ?? "nobody's")} ${many}`);
  return [
    `:clipboard: *Pipeline review, ${review.from} to ${review.to}*`,
    `Won ${won.count} (${money(won.value, currency)}), lost ${lost.count} (${money(lost.value, currency)}).`,
    `Of what was agreed on, ${actions.done} are done and ${actions.not_done} are not. ${attention} deals need attention.`,
    ...(asked.length === 0 ? [] : [`New actions: ${asked.join(", ")}`]),
  ].join("\n");
}

function receiverLine(type: EventType, { endpoint, reason }: EventData<"endpoint.paused">): string {
  return `:warning: ${EVENTS[type].title}: ${escaped(endpoint.name)}${reason === null ? "" : ` · ${escaped(reason)}`}`;
}

function money(amount: number, currency: string): string {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: 2 }).format(amount);
  } catch {
    return `${amount} ${escaped(currency)}`;
  }
}

/** The three characters that Slack reads as its own (api.slack.com, "Formatting text for app surfaces"). Names of people and deals say what they like. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
