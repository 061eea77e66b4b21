import { emailId, firedAt, numberOf, type Row, shortId, time } from "./format.ts";

/** What one recipient got of one campaign, and did with it. Times as they are sent. */
export type Send = {
  readonly email: string;
  readonly status: "sent" | "hard" | "soft";
  readonly opens: readonly { readonly timestamp: string; readonly isProxy: boolean }[];
  readonly clicks: readonly { readonly timestamp: string; readonly url: string }[];
  readonly bouncedAt: string | null;
  readonly unsubscribedAt: string | null;
  /** Replaces fields of the rows that are made of it: for answers that nobody expects. */
  readonly patch?: Row;
};

export type SimCampaign = {
  readonly id: string;
  readonly title: string;
  readonly subject: string;
  readonly listId: string;
  readonly sentAt: Date;
  readonly complaints: number;
  /** The whole of an A/B test, for its parts: those are in no list. */
  readonly partOf: string | null;
  readonly type: "regular" | "variate";
  /** By `email_id`. */
  readonly sends: Map<string, Send>;
  /** Of the campaign and its report. */
  readonly patch?: Row;
};

export type MemberEvent = "subscribe" | "unsubscribe" | "profile" | "cleaned";
/** Something that webhooks tell: the fields of `data`, flat. */
export type Told = { readonly type: string; readonly listId: string; readonly firedAt: string; readonly data: Row };

export type NewMember = {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly company: string;
  readonly title: string;
  readonly country: string;
  readonly language: string;
  readonly at: Date;
  readonly tags: readonly string[];
};

/** A Mailchimp account in memory. */
export type MailchimpStore = {
  readonly account: Row;
  readonly lists: ReadonlyMap<string, Row>;
  readonly campaigns: ReadonlyMap<string, SimCampaign>;
  members(listId: string): readonly Row[];
  member(listId: string, hash: string): Row | undefined;
  addList(name: string, at: Date): string;
  removeList(listId: string): void;
  renameList(listId: string, name: string): void;
  /** @param isTold whether webhooks tell of it; what is there from the beginning is not told. */
  addMember(listId: string, member: NewMember, isTold: boolean): Row;
  changeMember(
    listId: string,
    hash: string,
    patch: Row,
    change: {
      readonly at: Date;
      readonly event: MemberEvent | null;
      /** From which mail somebody left. */
      readonly campaignId?: string;
    },
  ): Row;
  /** Deleted for good: it is in no list any more. */
  removeMember(listId: string, hash: string, at: Date): void;
  /** A new address is a new member with the old one's history. */
  changeAddress(listId: string, hash: string, email: string, at: Date): Row;
  putCampaign(campaign: SimCampaign, isTold: boolean): void;
  removeCampaign(id: string): void;
  setSend(campaignId: string, send: Send): void;
  onTold(listener: (told: Told) => void): void;
};

export function createStore(account: Row): MailchimpStore {
  const lists = new Map<string, Row>();
  const members = new Map<string, Map<string, Row>>();
  const campaigns = new Map<string, SimCampaign>();
  const listeners: ((told: Told) => void)[] = [];

  function tell(type: string, listId: string, at: Date, data: Row): void {
    for (const listener of listeners)
      listener({ type, listId, firedAt: firedAt(at), data: { ...data, list_id: listId } });
  }

  function told(row: Row): Row {
    const merge = row["merge_fields"] as Row; // Made by memberRow, or by a test that spoils it.
    const merges = { EMAIL: row["email_address"], FNAME: merge["FNAME"], LNAME: merge["LNAME"] };
    // Another id than the API's.
    const id = shortId("webhook", String(row["email_address"]));
    return {
      id,
      email: row["email_address"],
      email_type: "html",
      ip_opt: row["ip_opt"],
      web_id: row["web_id"],
      merges,
    };
  }

  function shelf(listId: string): Map<string, Row> {
    const found = members.get(listId);
    if (found === undefined) throw new RangeError(`no audience ${listId}`);
    return found;
  }

  return {
    account,
    lists,
    campaigns,
    members: (listId) => [...shelf(listId).values()],
    member: (listId, hash) => members.get(listId)?.get(hash),
    addList(name, at) {
      const id = shortId("list", name);
      lists.set(id, listRow(id, name, at));
      members.set(id, new Map());
      return id;
    },
    removeList(listId) {
      lists.delete(listId);
      members.delete(listId);
    },
    renameList(listId, name) {
      const list = lists.get(listId);
      if (list !== undefined) lists.set(listId, { ...list, name });
    },
    addMember(listId, member, isTold) {
      const row = memberRow(listId, member);
      shelf(listId).set(String(row["id"]), row);
      if (isTold) tell("subscribe", listId, member.at, told(row));
      return row;
    },
    changeMember(listId, hash, patch, { at, event, campaignId }) {
      const row = { ...shelf(listId).get(hash), last_changed: time(at), ...patch };
      shelf(listId).set(hash, row);
      const reason = event === "cleaned" ? "hard" : "manual";
      const action = event === "unsubscribe" ? { action: "unsub" } : {};
      const campaign = campaignId === undefined ? {} : { campaign_id: campaignId };
      if (event !== null) tell(event, listId, at, { ...action, reason, ...campaign, ...told(row) });
      return row;
    },
    removeMember(listId, hash, at) {
      const row = shelf(listId).get(hash);
      shelf(listId).delete(hash);
      if (row !== undefined) tell("unsubscribe", listId, at, { action: "delete", reason: "manual", ...told(row) });
    },
    changeAddress(listId, hash, email, at) {
      const before = shelf(listId).get(hash) ?? {};
      const row = { ...before, id: emailId(email), email_address: email, last_changed: time(at) };
      shelf(listId).delete(hash);
      shelf(listId).set(row.id, row);
      const ids = { new_id: shortId("webhook", email), new_email: email, old_email: before["email_address"] };
      tell("upemail", listId, at, ids);
      return row;
    },
    putCampaign(campaign, isTold) {
      campaigns.set(campaign.id, campaign);
      const { id, subject, listId, sentAt } = campaign;
      if (isTold) tell("campaign", listId, sentAt, { id, subject, status: "sent", reason: "" });
    },
    removeCampaign: (id) => void campaigns.delete(id),
    setSend(campaignId, send) {
      const found = campaigns.get(campaignId);
      if (found === undefined) throw new RangeError(`no campaign ${campaignId}`);
      found.sends.set(emailId(send.email), send);
      // Another object, so that what was computed of the old one is computed anew.
      campaigns.set(campaignId, { ...found });
    },
    onTold: (listener) => void listeners.push(listener),
  };
}

function listRow(id: string, name: string, at: Date): Row {
  return {
    id,
    web_id: numberOf("list", name),
    name,
    contact: {
      company: "Fernhill Software",
      address1: "",
      address2: "",
      city: "",
      state: "",
      zip: "",
      country: "US",
      phone: "",
    },
    permission_reminder: "You asked for product news.",
    use_archive_bar: true,
    campaign_defaults: { from_name: "Fernhill", from_email: "hello@fernhill.example", subject: "", language: "en" },
    notify_on_subscribe: "",
    notify_on_unsubscribe: "",
    date_created: time(at),
    list_rating: 4,
    email_type_option: false,
    subscribe_url_short: "http://eepurl.com/simulated",
    subscribe_url_long: `https://fernhill.us6.list-manage.com/subscribe?u=simulated&id=${id}`,
    beamer_address: "us6-simulated@inbound.mailchimp.com",
    visibility: "prv",
    double_optin: true,
    has_welcome: false,
    marketing_permissions: false,
    modules: [],
  };
}

function memberRow(listId: string, member: NewMember): Row {
  const { email, firstName, lastName, at, tags } = member;
  return {
    id: emailId(email),
    email_address: email,
    unique_email_id: shortId("unique", email.toLowerCase()),
    contact_id: shortId("contact", `${listId} ${email.toLowerCase()}`),
    full_name: `${firstName} ${lastName}`.trim(),
    web_id: numberOf("member", `${listId} ${email}`),
    email_type: "html",
    status: "subscribed",
    unsubscribe_reason: "",
    consents_to_one_to_one_messaging: true,
    sms_phone_number: "",
    merge_fields: {
      FNAME: firstName,
      LNAME: lastName,
      COMPANY: member.company,
      JOBTITLE: member.title,
      ADDRESS: { addr1: "", addr2: "", city: "", state: "", zip: "", country: member.country },
    },
    interests: {},
    stats: { avg_open_rate: 0.3, avg_click_rate: 0.04 },
    ip_signup: "",
    timestamp_signup: "",
    ip_opt: "203.0.113.9",
    timestamp_opt: time(at),
    member_rating: 3,
    last_changed: time(at),
    language: member.language,
    vip: false,
    email_client: "",
    location: {
      latitude: 0,
      longitude: 0,
      gmtoff: 0,
      dstoff: 0,
      country_code: member.country,
      timezone: "",
      region: "",
    },
    marketing_permissions: [],
    source: "API - Generic",
    tags_count: tags.length,
    tags: tags.map((name) => ({ id: numberOf("tag", name), name })),
    list_id: listId,
  };
}
