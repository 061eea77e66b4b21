import { emailId, numberOf, type Row, time } from "./format.ts";
import type { Send, SimCampaign } from "./store.ts";

/** Campaigns and everything that is counted of them. */

/** Mailchimp tells people from mail programs for what was sent since then. */
const KNOWS_PROXIES_SINCE = new Date("2024-06-22T00:00:00Z");

export function knowsProxies(campaign: SimCampaign): boolean {
  return campaign.sentAt >= KNOWS_PROXIES_SINCE;
}

export function campaignRow(campaign: SimCampaign, listName: string): Row {
  const { id, title, subject, listId, sends } = campaign;
  const slug = title.toLowerCase().replaceAll(" ", "-");
  return {
    id,
    web_id: numberOf("campaign", id),
    parent_campaign_id: campaign.partOf ?? "",
    type: campaign.type,
    create_time: time(new Date(campaign.sentAt.getTime() - 86_400_000)),
    archive_url: `http://eepurl.com/${id}`,
    long_archive_url: `https://us6.campaign-archive.com/?u=simulated&id=${id}`,
    status: "sent",
    emails_sent: sends.size,
    send_time: time(campaign.sentAt),
    content_type: "template",
    needs_block_refresh: false,
    resendable: true,
    recipients: {
      list_id: listId,
      list_is_active: true,
      list_name: listName,
      segment_text: "",
      recipient_count: sends.size,
    },
    settings: {
      subject_line: subject,
      preview_text: "",
      title,
      from_name: "Fernhill",
      reply_to: "hello@fernhill.example",
    },
    tracking: {
      opens: true,
      html_clicks: true,
      text_clicks: false,
      goal_tracking: false,
      ecomm360: false,
      google_analytics: slug,
      clicktale: "",
    },
    report_summary: summaryOf(campaign),
    delivery_status: { enabled: false },
    ...campaign.patch,
  };
}

function summaryOf(campaign: SimCampaign): Row {
  const { opensTotal, openers, clicksTotal, clickers, delivered } = countsOf(campaign);
  return {
    opens: opensTotal,
    unique_opens: openers,
    open_rate: rate(openers, delivered),
    clicks: clicksTotal,
    subscriber_clicks: clickers,
    click_rate: rate(clickers, delivered),
    ecommerce: { total_orders: 0, total_spent: 0, total_revenue: 0 },
  };
}

export function reportRow(campaign: SimCampaign, listName: string): Row {
  const counts = countsOf(campaign);
  const { opensTotal, openers, clicksTotal, clickers, delivered } = counts;
  const proxies = {
    proxy_excluded_opens: counts.humanOpens,
    proxy_excluded_unique_opens: counts.humanOpeners,
    proxy_excluded_open_rate: rate(counts.humanOpeners, delivered),
  };
  return {
    id: campaign.id,
    campaign_title: campaign.title,
    type: campaign.type === "variate" ? "variate" : "regular",
    list_id: campaign.listId,
    list_is_active: true,
    list_name: listName,
    subject_line: campaign.subject,
    preview_text: "",
    emails_sent: campaign.sends.size,
    abuse_reports: campaign.complaints,
    unsubscribed: counts.unsubscribed,
    send_time: time(campaign.sentAt),
    rss_last_send: "",
    bounces: { hard_bounces: counts.hard, soft_bounces: counts.soft, syntax_errors: 0 },
    forwards: { forwards_count: 0, forwards_opens: 0 },
    opens: {
      opens_total: opensTotal,
      unique_opens: openers,
      open_rate: rate(openers, delivered),
      last_open: counts.lastOpen,
      ...(knowsProxies(campaign) ? proxies : {}),
    },
    clicks: {
      clicks_total: clicksTotal,
      unique_clicks: clicksTotal,
      unique_subscriber_clicks: clickers,
      click_rate: rate(clickers, delivered),
      last_click: counts.lastClick,
    },
    industry_stats: {
      type: "Software and Web App",
      open_rate: 0.212,
      click_rate: 0.024,
      bounce_rate: 0.009,
      unopen_rate: 0.78,
      unsub_rate: 0.002,
      abuse_rate: 0.0001,
    },
    // Percentages, beside the shares above.
    list_stats: { sub_rate: 80, unsub_rate: 5, open_rate: 31.4, proxy_excluded_open_rate: 17.2, click_rate: 3.9 },
    timeseries: [],
    ecommerce: { total_orders: 0, total_spent: 0, total_revenue: 0, currency_code: "USD" },
    delivery_status: { enabled: false },
    ...campaign.patch,
  };
}

type Counts = {
  readonly opensTotal: number;
  readonly openers: number;
  readonly humanOpens: number;
  readonly humanOpeners: number;
  readonly clicksTotal: number;
  readonly clickers: number;
  readonly hard: number;
  readonly soft: number;
  readonly delivered: number;
  readonly unsubscribed: number;
  readonly lastOpen: string;
  readonly lastClick: string;
};

const known = new WeakMap<SimCampaign, Counts>();

function countsOf(campaign: SimCampaign): Counts {
  const before = known.get(campaign);
  if (before !== undefined) return before;
  const sends = [...campaign.sends.values()];
  const opens = sends.flatMap((send) => send.opens);
  const clicks = sends.flatMap((send) => send.clicks);
  const hard = sends.filter((send) => send.status === "hard").length;
  const soft = sends.filter((send) => send.status === "soft").length;
  const counts = {
    opensTotal: opens.length,
    openers: sends.filter((send) => send.opens.length > 0).length,
    humanOpens: opens.filter((open) => !open.isProxy).length,
    humanOpeners: sends.filter((send) => send.opens.some((open) => !open.isProxy)).length,
    clicksTotal: clicks.length,
    clickers: sends.filter((send) => send.clicks.length > 0).length,
    hard,
    soft,
    delivered: sends.length - hard - soft,
    unsubscribed: sends.filter((send) => send.unsubscribedAt !== null).length,
    lastOpen: latest(opens),
    lastClick: latest(clicks),
  };
  known.set(campaign, counts);
  return counts;
}

/** Of no date, "" as Mailchimp writes it. */
function latest(events: readonly { readonly timestamp: string }[]): string {
  let found = "";
  for (const { timestamp } of events) if (timestamp > found) found = timestamp;
  return found;
}

function rate(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000;
}

function recipient(campaign: SimCampaign, send: Send): Row {
  return {
    campaign_id: campaign.id,
    list_id: campaign.listId,
    list_is_active: true,
    email_id: emailId(send.email),
    email_address: send.email,
  };
}

const MERGE = { merge_fields: {}, vip: false };

/** `since`: events at or after it; null: all. */
export function openDetails(campaign: SimCampaign, since: string | null): readonly Row[] {
  return [...campaign.sends.values()].flatMap((send) => {
    if (send.opens.length === 0) return [];
    const opens = send.opens.filter(({ timestamp }) => since === null || timestamp >= since);
    if (opens.length === 0) return [];
    const hasFlag = knowsProxies(campaign);
    const human = send.opens.filter((open) => !open.isProxy).length;
    const row = {
      ...recipient(campaign, send),
      contact_status: send.unsubscribedAt === null ? "subscribed" : "unsubscribed",
      ...MERGE,
      opens_count: send.opens.length,
      ...(hasFlag ? { proxy_excluded_opens_count: human } : {}),
      opens: opens.map(({ timestamp, isProxy }) => (hasFlag ? { timestamp, is_proxy_open: isProxy } : { timestamp })),
      ...send.patch,
    };
    return [row];
  });
}

/** @param hasIdle whether who did nothing is listed too, with no activity. */
export function emailActivity(campaign: SimCampaign, since: string | null, hasIdle: boolean): readonly Row[] {
  return [...campaign.sends.values()].flatMap((send) => {
    const isIdle = send.opens.length === 0 && send.clicks.length === 0 && send.bouncedAt === null;
    if (isIdle && !hasIdle) return [];
    const activity = [
      ...send.opens.map(({ timestamp }) => ({ action: "open", timestamp, ip: "203.0.113.9" })),
      ...send.clicks.map(({ timestamp, url }) => ({ action: "click", timestamp, url, ip: "203.0.113.9" })),
      ...(send.bouncedAt === null ? [] : [{ action: "bounce", type: send.status, timestamp: send.bouncedAt, ip: "" }]),
    ].filter(({ timestamp }) => since === null || timestamp >= since);
    return activity.length === 0 && !hasIdle ? [] : [{ ...recipient(campaign, send), activity, ...send.patch }];
  });
}

export function unsubscribed(campaign: SimCampaign): readonly Row[] {
  return [...campaign.sends.values()].flatMap((send) =>
    send.unsubscribedAt === null
      ? []
      : [
          {
            ...recipient(campaign, send),
            ...MERGE,
            timestamp: send.unsubscribedAt,
            reason: "No longer interested",
            ...send.patch,
          },
        ],
  );
}

export function sentTo(campaign: SimCampaign): readonly Row[] {
  return [...campaign.sends.values()].map((send) => ({
    ...recipient(campaign, send),
    ...MERGE,
    status: send.status,
    open_count: send.opens.length,
    last_open: latest(send.opens),
    gmt_offset: 0,
    ...send.patch,
  }));
}
