import { z } from "zod";
import type { Page, PullContext, Stream } from "../../core/connector/define.ts";
import type { AcmeCrmClient, AcmeCrmSettings } from "./client.ts";
import { callFacts, dealFacts } from "./normalise.ts";

type AcmeCrmStream = Stream<AcmeCrmSettings, AcmeCrmClient>;

/** Records may turn up late by a minute: each pull begins that far before the newest that the last one saw. */
const OVERLAP_MS = 60_000;

/** `since`: where this pull began. `after`: the cursor of its next page, null between two pulls. `newest`: update time seen so far. */
const checkpoints = z.object({ since: z.string().nullable(), after: z.string().nullable(), newest: z.string() });
const row = z.looseObject({ id: z.string(), updated_at: z.coerce.date() });

async function* pullChanges(path: string, context: PullContext<AcmeCrmSettings, AcmeCrmClient>): AsyncGenerator<Page> {
  const begin = { since: context.since?.toISOString() ?? null, after: null, newest: "" };
  let { since, after, newest } = checkpoints.parse(context.checkpoint ?? begin);
  do {
    const { data, next } = await context.client.changes(path, since, after);
    // Times are ISO texts in UTC, which sort as they are. developer.acme-crm.example, "Dates".
    newest = data.reduce((latest, { updated_at: at }) => (at > latest ? at : latest), newest);
    after = next;
    if (after === null && newest !== "") since = new Date(Date.parse(newest) - OVERLAP_MS).toISOString();
    yield {
      records: data.filter((each) => each.deleted !== true),
      deleted: data.flatMap(({ id, updated_at: at, deleted }) => (deleted === true ? { id, at: new Date(at) } : [])),
      checkpoint: { since, after, newest },
    };
  } while (after !== null);
}

function changing(path: string, about: Pick<AcmeCrmStream, "title" | "gives" | "normalise">): AcmeCrmStream {
  return {
    ...about,
    externalId: (record) => row.parse(record).id,
    sourceTime: (record) => row.parse(record).updated_at,
    pull: (context) => pullChanges(path, context),
    deletions: "tombstones",
  };
}

export const acmeCrmStreams: { readonly [stream: string]: AcmeCrmStream } = {
  deals: { ...changing("deals", { title: "Deals", gives: ["deal"], normalise: dealFacts }), keepsVersions: true },
  calls: changing("calls", { title: "Calls", gives: ["activity"], normalise: callFacts }),
};
