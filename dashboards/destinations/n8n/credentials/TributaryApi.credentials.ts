import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from "n8n-workflow";

export class TributaryApi implements ICredentialType {
  name = "tributaryApi";

  displayName = "Tributary API";

  icon = "file:tributary.svg" as const;

  documentationUrl = "https://www.npmjs.com/package/n8n-nodes-tributary";

  properties: INodeProperties[] = [
    {
      displayName: "Hub Address",
      name: "baseUrl",
      type: "string",
      default: "",
      required: true,
      placeholder: "https://hub.example.com",
      description: "Where you open the hub. By https, except in a private network.",
    },
    {
      displayName: "API Key",
      name: "apiKey",
      type: "string",
      typeOptions: { password: true },
      default: "",
      required: true,
      description: "Of the scopes write and webhooks: tributary keys create n8n --scope write webhooks",
    },
  ];

  authenticate: IAuthenticateGeneric = {
    type: "generic",
    properties: { headers: { Authorization: "=Bearer {{$credentials.apiKey}}" } },
  };

  test: ICredentialTestRequest = {
    request: { baseURL: "={{$credentials.baseUrl.replace(/\\/+$/, '')}}", url: "/api/v1/me" },
  };
}
