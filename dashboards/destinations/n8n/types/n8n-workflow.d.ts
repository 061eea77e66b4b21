/**
 * What this package uses of n8n-workflow 2.41.0, for checks where that package (160 MB) is not installed: tsconfig.json takes the package itself where it is.
 * Declared no wider than it is there.
 */

export type GenericValue = string | object | number | boolean | undefined | null;
export interface IDataObject {
  [key: string]: GenericValue | IDataObject | GenericValue[] | IDataObject[];
}
export type JsonValue = string | number | boolean | null | JsonObject | JsonValue[];
export interface JsonObject {
  [key: string]: JsonValue;
}

export const NodeConnectionTypes: { readonly Main: "main" };

type NodePropertyTypes =
  "boolean" | "collection" | "dateTime" | "hidden" | "multiOptions" | "number" | "options" | "string";
type NodeParameterValueType = string | number | boolean | undefined | null | string[] | object;

export interface IDisplayOptions {
  show?: { [key: string]: (string | number | boolean)[] | undefined };
}
export interface INodePropertyOptions {
  name: string;
  value: string | number | boolean;
  action?: string;
  description?: string;
}
export interface INodeProperties {
  displayName: string;
  name: string;
  type: NodePropertyTypes;
  typeOptions?: { loadOptionsMethod?: string; multipleValues?: boolean; password?: boolean };
  default: NodeParameterValueType;
  description?: string;
  displayOptions?: IDisplayOptions;
  options?: (INodePropertyOptions | INodeProperties)[];
  placeholder?: string;
  noDataExpression?: boolean;
  required?: boolean;
}

type IconFile = `file:${string}.svg`;
export interface INodeCredentialDescription {
  name: string;
  required?: boolean;
  displayOptions?: IDisplayOptions;
}
export interface INodeTypeDescription {
  displayName: string;
  name: string;
  icon?: IconFile;
  group: ("transform" | "trigger")[];
  version: number;
  subtitle?: string;
  description: string;
  defaults: { name?: string };
  usableAsTool?: true;
  inputs: "main"[];
  outputs: "main"[];
  credentials?: INodeCredentialDescription[];
  webhooks?: { name: "default"; httpMethod: string; responseMode?: string; path: string }[];
  properties: INodeProperties[];
}

export interface ICredentialType {
  name: string;
  displayName: string;
  icon?: IconFile;
  documentationUrl?: string;
  extends?: string[];
  properties: INodeProperties[];
  authenticate?: IAuthenticateGeneric;
  test?: ICredentialTestRequest;
}
export interface IAuthenticateGeneric {
  type: "generic";
  properties: { headers?: IDataObject };
}
export interface ICredentialTestRequest {
  request: { baseURL?: string; url?: string };
}

export interface INode {
  name: string;
  type: string;
}
export interface IHttpRequestOptions {
  url: string;
  method?: "GET" | "POST" | "DELETE";
  body?: IDataObject;
  qs?: IDataObject;
  json?: boolean;
  disableFollowRedirect?: boolean;
  returnFullResponse?: boolean;
  ignoreHttpStatusErrors?: boolean;
}
interface Functions {
  getNode(): INode;
  getCredentials<T extends object = IDataObject>(type: string, itemIndex?: number): Promise<T>;
  getWorkflowStaticData(type: string): IDataObject;
  helpers: {
    httpRequestWithAuthentication(
      this: Functions,
      credentialsType: string,
      requestOptions: IHttpRequestOptions,
    ): Promise<unknown>;
    returnJsonArray(jsonData: IDataObject | IDataObject[]): INodeExecutionData[];
  };
}
export interface INodeExecutionData {
  json: IDataObject;
  pairedItem?: number;
}
export interface IExecuteFunctions extends Functions {
  getInputData(): INodeExecutionData[];
  getNodeParameter(parameterName: string, itemIndex: number, fallbackValue?: unknown): NodeParameterValueType;
  continueOnFail(): boolean;
}
export interface IHookFunctions extends Functions {
  getNodeParameter(parameterName: string, fallbackValue?: unknown): NodeParameterValueType;
  getNodeWebhookUrl(name: "default"): string | undefined;
}
export interface ILoadOptionsFunctions extends Functions {
  getNodeParameter(parameterName: string, fallbackValue?: unknown): NodeParameterValueType;
}
export interface IWebhookFunctions extends Functions {
  getBodyData(): IDataObject;
  getHeaderData(): { readonly [name: string]: string | string[] | undefined };
  getRequestObject(): object;
  getResponseObject(): { status(code: number): { json(body: unknown): unknown } };
}
export interface IWebhookResponseData {
  workflowData?: INodeExecutionData[][];
  noWebhookResponse?: boolean;
}

export interface INodeType {
  description: INodeTypeDescription;
  execute?(this: IExecuteFunctions): Promise<INodeExecutionData[][]>;
  webhook?(this: IWebhookFunctions): Promise<IWebhookResponseData>;
  methods?: { loadOptions?: { [key: string]: (this: ILoadOptionsFunctions) => Promise<INodePropertyOptions[]> } };
  webhookMethods?: {
    default?: { [method in "checkExists" | "create" | "delete"]: (this: IHookFunctions) => Promise<boolean> };
  };
}

export class NodeApiError extends Error {
  constructor(
    node: INode,
    errorResponse: JsonObject,
    options?: { message?: string; httpCode?: string; itemIndex?: number },
  );
}
export class NodeOperationError extends Error {
  constructor(node: INode, error: Error | string | JsonObject, options?: { itemIndex?: number });
}
