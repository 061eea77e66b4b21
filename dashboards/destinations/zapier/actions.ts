import type { Bundle, ZObject } from "zapier-platform-core";
import { type AppAction, type AppRow, contract, filledIn, foundIn, searchAddress, writtenRow } from "./contract.ts";
import { inputField, outputField } from "./fields.ts";
import { ask } from "./hub.ts";

/** What a Zap looks up in the hub, and what it writes there. */

function described({ key, noun, label, description }: AppAction) {
  return { key, noun, display: { label, description } };
}

function shown({ fields, sample, outputs }: AppAction) {
  return { inputFields: fields.map(inputField), sample: { ...sample }, outputFields: outputs.map(outputField) };
}

function search(action: AppAction) {
  return {
    ...described(action),
    operation: {
      ...shown(action),
      // Nothing found is an empty list, never an error.
      perform: async (z: ZObject, bundle: Bundle): Promise<AppRow[]> => {
        const address = searchAddress(action.path, filledIn(action.fields, bundle.inputData));
        return address === null ? [] : [...foundIn(await ask(z, bundle, address))];
      },
    },
  };
}

function create(action: AppAction) {
  return {
    ...described(action),
    operation: {
      ...shown(action),
      perform: (z: ZObject, bundle: Bundle): Promise<AppRow> => {
        const body = writtenRow(action, filledIn(action.fields, bundle.inputData));
        return ask(z, bundle, action.path, { method: "POST", body });
      },
    },
  };
}

export const searches = Object.fromEntries(contract.searches.map((one) => [one.key, search(one)]));
export const creates = Object.fromEntries(contract.creates.map((one) => [one.key, create(one)]));
