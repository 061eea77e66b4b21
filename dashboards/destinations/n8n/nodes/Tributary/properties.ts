import type { IDisplayOptions, INodeCredentialDescription, INodeProperties } from "n8n-workflow";
import type { AppField } from "./contract.ts";
import { loaderName } from "./hub.ts";

/** Forms, as n8n describes them. */

/** The two ways to connect. */
export const CREDENTIALS: INodeCredentialDescription[] = [
  { name: "tributaryApi", required: true, displayOptions: { show: { authentication: ["apiKey"] } } },
  { name: "tributaryOAuth2Api", required: true, displayOptions: { show: { authentication: ["oAuth2"] } } },
];

export const AUTHENTICATION: INodeProperties = {
  displayName: "Authentication",
  name: "authentication",
  type: "options",
  options: [
    { name: "API Key", value: "apiKey" },
    { name: "OAuth2", value: "oAuth2" },
  ],
  default: "apiKey",
};

export function propertyOf(
  { key, label, required, ...field }: AppField,
  displayOptions?: IDisplayOptions,
): INodeProperties {
  return {
    displayName: label,
    name: key,
    ...kindOf(field),
    ...(required ? { required } : {}),
    ...(displayOptions === undefined ? {} : { displayOptions }),
  };
}

function kindOf({
  type,
  choices,
  isList,
  from,
  help,
}: Omit<AppField, "key" | "label" | "required">): Pick<
  INodeProperties,
  "type" | "default" | "description" | "options" | "typeOptions"
> {
  // n8n's own wording, which its linter asks for.
  const expression = 'specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.';
  if (from !== null && isList)
    return {
      type: "multiOptions",
      typeOptions: { loadOptionsMethod: loaderName(from) },
      default: [],
      description: `${help} Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.`,
    };
  if (from !== null)
    return {
      type: "options",
      typeOptions: { loadOptionsMethod: loaderName(from) },
      default: "",
      description: `${help} Choose from the list, or ${expression}`,
    };
  const description = help;
  if (choices.length > 0)
    return {
      type: "options",
      options: choices.map((value) => ({ name: titled(value), value })),
      default: "",
      description,
    };
  if (isList) return { type: "string", typeOptions: { multipleValues: true }, default: [], description };
  if (type === "number") return { type: "number", default: 0, description };
  return { type: type === "datetime" ? "dateTime" : "string", default: "", description };
}

function titled(value: string): string {
  return value
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}
