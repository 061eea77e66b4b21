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
    case "review.ready":
      return reviewLine(of<"review.ready">());
    case "endpoint.failing":
    case "endpoint.paused":
    case "endpoint.recovered":
      return receiverLine(type as EventType, of<"endpoint.paused">());
    case "endpoint.test":
      return escaped(of<"endpoint.test">().message);
    default:
      return escaped(type);
  }
}

function dealLine(what: string, { deal }: EventData<"deal.won">): string {
  const name = escaped(deal.name ?? "a deal without a name");
  const { amount, currency } = deal.value;
  const parts = [
    `${what}: *${deal.url === null ? name : `<${escaped(deal.url).replaceAll("|", "%7C")}|${name}>`}*`,
    ...(amount === null ? [] : [money(amount, currency)]),
    ...(deal.company === null ? [] : [escaped(deal.company)]),
    ...(deal.owner?.name == null ? [] : [`by ${escaped(deal.owner.name)}`]),
    ...(deal.from_stage === null || deal.stage === null || deal.from_stage === deal.stage
      ? []
      : [`${escaped(deal.from_stage)} → ${escaped(deal.stage)}`]),
    ...(deal.lost_reason === null ? [] : [`because: ${escaped(deal.lost_reason)}`]),
  ];
  return parts.join(" · ");
}

function kpiLine(kpi: EventData<"kpi.updated">): string {
  const shown = (value: number | null): string => {
    if (value === null) return "no value";
    if (kpi.unit === "ratio")
      return new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }).format(value);
    return kpi.unit.startsWith("money") ? money(value, kpi.currency) : new Intl.NumberFormat("en").format(value);
  };
  const slice = Object.entries(kpi.dimensions).map(([name, value]) => `${escaped(name)} ${escaped(value ?? "(none)")}`);
  const title = escaped(kpi.metric.replaceAll("_", " "));
  const days = kpi.from === null || kpi.to === null ? "" : ` (${kpi.from} to ${kpi.to})`;
  return `*${[title, ...slice].join(", ")}*${days}: ${shown(kpi.value)}, before ${shown(kpi.previous_value)}`;
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
