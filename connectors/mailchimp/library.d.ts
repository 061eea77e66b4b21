/**
 * What is used of `@mailchimp/mailchimp_marketing` 3.0.80. Its published types leave out `reports`, `root` and `basePath`, and know only the
 * one client that a whole process shares.
 */
declare module "@mailchimp/mailchimp_marketing/src/ApiClient.js" {
  type Result = Promise<{
    readonly data: unknown;
    readonly response: { readonly headers: object; readonly text?: string };
  }>;
  /** `fields` and `exclude_fields` have to be arrays: over a string the library throws `param.map is not a function`. */
  type Options = {
    readonly [name: string]: string | number | readonly string[] | undefined;
    readonly fields?: readonly string[];
    readonly exclude_fields?: readonly string[];
  };

  class ApiClient {
    basePath: string;
    /** Milliseconds for a whole call. */
    timeout: number;
    /** Replaces the whole configuration. */
    setConfig(config: { readonly apiKey?: string; readonly accessToken?: string; readonly server?: string }): void;
    readonly root: { getRootWithHttpInfo(options: Options): Result };
    readonly lists: {
      getAllListsWithHttpInfo(options: Options): Result;
      getListMembersInfoWithHttpInfo(listId: string, options: Options): Result;
      getListMemberWithHttpInfo(listId: string, subscriberHash: string, options: Options): Result;
      getListWebhooksWithHttpInfo(listId: string): Result;
      createListWebhookWithHttpInfo(listId: string, body: object): Result;
      deleteListWebhookWithHttpInfo(listId: string, webhookId: string): Result;
    };
    readonly campaigns: {
      listWithHttpInfo(options: Options): Result;
      getWithHttpInfo(campaignId: string, options: Options): Result;
    };
    readonly reports: {
      getAllCampaignReportsWithHttpInfo(options: Options): Result;
      getCampaignReportWithHttpInfo(campaignId: string, options: Options): Result;
      getSubReportsForCampaignWithHttpInfo(campaignId: string, options: Options): Result;
      getCampaignOpenDetailsWithHttpInfo(campaignId: string, options: Options): Result;
      getEmailActivityForCampaignWithHttpInfo(campaignId: string, options: Options): Result;
      getUnsubscribedListForCampaignWithHttpInfo(campaignId: string, options: Options): Result;
      getUnsubscribedListMemberWithHttpInfo(campaignId: string, subscriberHash: string, options: Options): Result;
      getCampaignRecipientsWithHttpInfo(campaignId: string, options: Options): Result;
    };
  }
  export = ApiClient;
}
