import type {
  IDataObject,
  IExecuteFunctions,
  INodeExecutionData,
  INodeProperties,
  INodeType,
  INodeTypeDescription,
} from "n8n-workflow";
import { NodeConnectionTypes } from "n8n-workflow";
import {
  type AppAction,
  type AppRow,
  contract,
  filledIn,
  foundIn,
  searchAddress,
  textOf,
  writtenRow,
} from "./contract.ts";
import { ask, loadOptions } from "./hub.ts";
import { AUTHENTICATION, CREDENTIALS, propertyOf } from "./properties.ts";

const ACTIONS = [...contract.searches, ...contract.creates];
const SEARCHES: ReadonlySet<AppAction> = new Set(contract.searches);
const MORE = "additionalFields";

export class Tributary implements INodeType {
  description: INodeTypeDescription = {
    displayName: "Tributary",
    name: "tributary",
    icon: "file:tributary.svg",
    group: ["transform"],
    version: 1,
    subtitle: '={{$parameter["operation"]}}',
    description: "Look things up in a Tributary hub, and write to it",
    defaults: { name: "Tributary" },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: CREDENTIALS,
    properties: [AUTHENTICATION, ...chosen(), ...ACTIONS.flatMap(formOf)],
  };

  methods = { loadOptions };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const done: INodeExecutionData[] = [];
    for (const itemIndex of this.getInputData().keys()) {
      try {
        // Rows are JSON, as the hub has sent them.
        for (const json of await run(this, itemIndex)) done.push({ json: json as IDataObject, pairedItem: itemIndex });
      } catch (error) {
        if (!this.continueOnFail()) throw error;
        done.push({ json: { error: error instanceof Error ? error.message : String(error) }, pairedItem: itemIndex });
      }
    }
    return [done];
  }
}

async function run(from: IExecuteFunctions, itemIndex: number): Promise<readonly AppRow[]> {
  const operation = textOf(from.getNodeParameter("operation", itemIndex));
  const action = ACTIONS.find(({ key }) => key === operation);
  if (action === undefined) throw new Error(`There is no operation ${operation}.`);
  const said = filledIn(action.fields, givenTo(from, action, itemIndex));
  if (!SEARCHES.has(action))
    return [await ask(from, action.path, { method: "POST", body: writtenRow(action, said), itemIndex })];
  const address = searchAddress(action.path, said);
  return address === null ? [] : foundIn(await ask(from, address, { itemIndex }));
}

function givenTo(from: IExecuteFunctions, { fields }: AppAction, itemIndex: number): AppRow {
  const needed = fields.filter(({ required }) => required);
  const more = from.getNodeParameter(MORE, itemIndex, {}) as AppRow; // A collection gives a map of its fields.
  return { ...more, ...Object.fromEntries(needed.map(({ key }) => [key, from.getNodeParameter(key, itemIndex)])) };
}

/** Resources by the noun of their actions, and the operations of each. */
function chosen(): INodeProperties[] {
  const nouns = [...new Set(ACTIONS.map(({ noun }) => noun))].toSorted();
  const valueOf = (noun: string): string => noun.toLowerCase();
  const resource: INodeProperties = {
    displayName: "Resource",
    name: "resource",
    type: "options",
    noDataExpression: true,
    options: nouns.map((noun) => ({ name: noun, value: valueOf(noun) })),
    default: "deal",
  };
  const operations = nouns.map((noun): INodeProperties => {
    const actions = ACTIONS.filter((one) => one.noun === noun).toSorted((left, right) =>
      left.label < right.label ? -1 : 1,
    );
    return {
      displayName: "Operation",
      name: "operation",
      type: "options",
      noDataExpression: true,
      displayOptions: { show: { resource: [valueOf(noun)] } },
      options: actions.map(({ key, label, description }) => ({
        name: label,
        value: key,
        action: label,
        description: description.replace(/\.$/, ""),
      })),
      default: actions[0]?.key ?? "",
    };
  });
  return [resource, ...operations];
}

/** What is needed stands open, the rest in a collection. */
function formOf({ key, fields }: AppAction): INodeProperties[] {
  const displayOptions = { show: { operation: [key] } };
  const needed = fields.filter(({ required }) => required).map((field) => propertyOf(field, displayOptions));
  const more = fields
    .filter(({ required }) => !required)
    .toSorted((left, right) => (left.label < right.label ? -1 : 1));
  if (more.length === 0) return needed;
  return [
    ...needed,
    {
      displayName: "Additional Fields",
      name: MORE,
      type: "collection",
      placeholder: "Add Field",
      default: {},
      displayOptions,
      options: more.map((field) => propertyOf(field)),
    },
  ];
}
