import type { ICredentialType, INodeProperties } from "n8n-workflow";

export class TributaryOAuth2Api implements ICredentialType {
  name = "tributaryOAuth2Api";

  extends = ["oAuth2Api"];

  displayName = "Tributary OAuth2 API";

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
    hidden("Grant Type", "grantType", "pkce"),
    hidden("Authorization URL", "authUrl", "={{$self['baseUrl'].replace(/\\/+$/, '')}}/oauth/authorize"),
    hidden("Access Token URL", "accessTokenUrl", "={{$self['baseUrl'].replace(/\\/+$/, '')}}/oauth/token"),
    hidden("Scope", "scope", "write webhooks"),
    hidden("Auth URI Query Parameters", "authQueryParameters", ""),
    hidden("Authentication", "authentication", "body"),
  ];
}

/** What every connection has alike. */
function hidden(displayName: string, name: string, value: string): INodeProperties {
  return { displayName, name, type: "hidden", default: value };
}
