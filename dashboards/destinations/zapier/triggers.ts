import type { Bundle, ZObject } from "zapier-platform-core";
import { type AppRow, type AppTrigger, contract, filledIn, flatEvent, foundIn, textOf } from "./contract.ts";
import { inputField, outputField } from "./fields.ts";
import { ask, listAll } from "./hub.ts";

/** What happens in the hub starts a Zap: at once by a webhook, with the list of events for the editor and for what was missed. */

/** Zapier looks at the first page alone, and remembers what it has seen. */
const ON_A_PAGE = 100;
const MOST_ON_A_PAGE = 200;

// eslint-disable-next-line typescript/explicit-module-boundary-types -- its type is the platform's, checked where the app is put together
export function eventTrigger({ key, type, label, description, filters, sample, outputs }: AppTrigger) {
  const filtersOf = (bundle: Bundle): AppRow => filledIn(filters, bundle.inputData);
  return {
    key,
    noun: label,
    display: { label, description },
    operation: {
      type: "hook" as const,
      inputFields: filters.map(inputField),
      performSubscribe: async (z: ZObject, bundle: Bundle): Promise<AppRow> => {
        const body = { url: bundle.targetUrl, events: [type], filters: filtersOf(bundle), description: "Zapier" };
        const { id } = await ask(z, bundle, "/webhooks", { method: "POST", body });
        return { id };
      },
      performUnsubscribe: async (z: ZObject, bundle: Bundle): Promise<AppRow> => {
        const id = bundle.subscribeData?.id;
        // A Zap that never got as far has nothing to end; a hub that knows it no more has ended it.
        if (id !== undefined)
          await ask(z, bundle, `/webhooks/${encodeURIComponent(id)}`, { method: "DELETE", takes: [404] });
        return {};
      },
      // What the hub has posted, which Zapier has parsed.
      perform: (_z: ZObject, bundle: Bundle): AppRow[] => [flatEvent(bundle.cleanedRequest as AppRow)],
      performList: async (z: ZObject, bundle: Bundle): Promise<AppRow[]> => {
        const limit = bundle.meta.isPopulatingDedupe ? MOST_ON_A_PAGE : ON_A_PAGE;
        const wanted = filtersOf(bundle);
        const params = { limit, ...(Object.keys(wanted).length === 0 ? {} : { filters: JSON.stringify(wanted) }) };
        return foundIn(await ask(z, bundle, `/events/${type}`, { params })).map(flatEvent);
      },
      sample: { ...sample },
      outputFields: outputs.map(outputField),
    },
  };
}

export const eventTriggers = Object.fromEntries(contract.triggers.map((one) => [one.key, eventTrigger(one)]));

/** A list of the hub's for drop-downs; not shown as a trigger. */
function listTrigger(noun: string, path: string, itemOf: (row: AppRow) => AppRow | null) {
  const key = `${noun.toLowerCase()}_list`;
  return {
    key,
    noun,
    display: { label: `${noun} List`, description: "Fills a drop-down.", hidden: true },
    operation: {
      type: "polling" as const,
      perform: async (z: ZObject, bundle: Bundle): Promise<AppRow[]> =>
        (await listAll(z, bundle, path)).map(itemOf).filter((row) => row !== null),
    },
  };
}

const lists = [
  listTrigger("Pipeline", "/pipelines", ({ id, name }) => ({ id, name })),
  listTrigger("KPI", "/kpis", ({ id, title }) => ({ id, name: title })),
  // A rep is written by the address, by which the hub knows them in every tool.
  listTrigger("Rep", "/reps?limit=200", ({ id, name, email }) => ({
    id,
    name: name ?? email ?? id,
    ref: email ?? name ?? id,
  })),
  listTrigger("Connection", "/connections?limit=200", ({ id, title, connector }) =>
    connector === "inbound" ? { id, name: `${textOf(title)} (${textOf(id)})` } : null,
  ),
];
export const listTriggers = Object.fromEntries(lists.map((one) => [one.key, one]));
