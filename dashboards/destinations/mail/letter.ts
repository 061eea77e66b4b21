import type { OutgoingEvent, SenderOptions } from "../../../core/destination/define.ts";
import { EVENTS, type EventData, type EventType } from "../../../core/outbox/catalogue.ts";
import { escapeHtml } from "../../web/html.ts";
import { isKeyOf } from "../../../core/base/keys.ts";

export type Letter = { readonly subject: string; readonly text: string; readonly html: string };

/** What an event says in a letter. A review is sent whole; where it is not there any more, what the event tells of it. */
export async function letterOf(
  { type, data }: Pick<OutgoingEvent, "type" | "data">,
  { review }: Pick<SenderOptions, "review">,
): Promise<Letter> {
  // Written by `appendEvents`, whose types are the catalogue's.
  const of = <Type extends EventType>(): EventData<Type> => data as unknown as EventData<Type>;
  switch (type as EventType) {
    case "digest.ready":
      return plain(of<"digest.ready">().text);
    case "review.ready": {
      const said = of<"review.ready">();
      return (await review(said.review.id)) ?? plain(reviewText(said));
    }
    case "endpoint.test":
      return plain(`Tributary\n${of<"endpoint.test">().message}`);
    default:
      return plain(isKeyOf(EVENTS, type) ? EVENTS[type].title : type);
  }
}

/** The first line is the subject and the heading; what begins with a dot is an item. */
function plain(text: string): Letter {
  const [subject = "", ...lines] = text.split("\n");
  const body: string[] = [];
  for (const line of lines) {
    const isItem = line.startsWith("• ");
    const wasItem = body.at(-1)?.endsWith("</ul>") === true;
    if (!isItem) body.push(`<p>${escapeHtml(line)}</p>`);
    else {
      const item = `<li>${escapeHtml(line.slice(2))}</li>`;
      if (wasItem) body.push(`${body.pop()?.slice(0, -"</ul>".length)}${item}</ul>`);
      else body.push(`<ul>${item}</ul>`);
    }
  }
  const html = `<!doctype html>
<html><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>
<body style="font:16px/1.5 sans-serif;color:#1a1a1a"><h2>${escapeHtml(subject)}</h2>
${body.join("\n")}
</body></html>
`;
  return { subject, text: `${text}\n`, html };
}

function reviewText({ review, won, lost, attention, actions }: EventData<"review.ready">): string {
  return [
    `Pipeline review, ${review.from} to ${review.to}`,
    `• ${won.count} won, ${lost.count} lost; ${attention} deals need attention`,
    `• Of what was agreed on, ${actions.done} are done and ${actions.not_done} are not; ${actions.added} new actions`,
  ].join("\n");
}
