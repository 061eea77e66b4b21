import { fieldOf, type JsonObject } from "../../../core/base/json.ts";
import type { ConnectorHarness, Harness, HarnessFault, HarnessOptions } from "../../_check/harness.ts";
import { createCompany } from "../../_simulator/company/company.ts";
import type { SimAnswer } from "../../_simulator/server.ts";
import { valueOf } from "../per-campaign.ts";
import { emailId, problem, type Row, shortId, time } from "./format.ts";
import { type MailchimpSimulator, startMailchimpSimulator } from "./index.ts";
import { type Send, type SimCampaign } from "./store.ts";
import * as reports from "./reports.ts";

/** Mailchimp for the acceptance checks: an account of the one company, on its own free port. */
export const harness: ConnectorHarness = { start: startHarness };

const MONTHS = 4;
/** Members, campaigns, sends and events of four months of a company of scale 1. */
const RECORDS_AT_SCALE_1 = 2500;
/** Few, so that even a small account has several pages. */
const ROWS_A_PAGE = 60;

const STREAMS = ["audiences", "members", "campaigns", "reports", "email_activity", "unsubscribes", "sends"];
const HTML = "<html><body><h1>Service Unavailable</h1></body></html>";

async function startHarness(options: HarnessOptions): Promise<Harness> {
  const scale = options.records / RECORDS_AT_SCALE_1;
  const company = createCompany({ seed: options.seed, now: options.now, months: MONTHS, scale });
  const sim = await startMailchimpSimulator({ company, seed: options.seed, dial: { mostRows: ROWS_A_PAGE } });
  const changes = changesOf(sim, options.seed, options.skewMs ?? 0);
  let listener: (() => void) | null = null;
  let isDisordered = false;
  sim.onRequest((path) => {
    listener?.();
    // Who changes while the list is read goes to its end, and everyone after moves up.
    if (isDisordered && path.endsWith("/members")) changes.mutate("members");
  });
  return {
    ...changes,
    settings: { base_url: sim.baseUrl, login_url: sim.loginUrl, log_sends: true },
    credentials: { api_key: sim.apiKey },
    secrets: [sim.apiKey, Buffer.from(`user:${sim.apiKey}`).toString("base64")],
    streams: STREAMS,
    onRequest(next) {
      listener = next;
    },
    fail(fault, times = 1) {
      if (fault === "reset" || fault === "drip") sim.faults.script({ kind: fault, times });
      else if (fault === "server_error") sim.faults.script({ kind: "rate5xx", times });
      else if (fault === "truncated") sim.faults.script({ kind: "truncate", times });
      else sim.interject(faultyAnswer(fault), times);
    },
    disorder(isOn) {
      isDisordered = isOn;
    },
    permit(stream, isPermitted) {
      if (stream !== "campaigns" && stream !== "reports") return false;
      if (isPermitted) sim.allow(stream);
      else sim.deny(stream);
      return true;
    },
    revoke: () => sim.revoke(),
    requestCount: () => sim.log.length,
    stop: () => sim.close(),
  };
}

function faultyAnswer(fault: Exclude<HarnessFault, "reset" | "drip" | "truncated" | "server_error">): SimAnswer {
  const html = { headers: { "content-type": "text/html" }, body: HTML };
  switch (fault) {
    case "rate_limited":
      return { ...problem(429, "Too Many Requests", "Slow down."), headers: { "retry-after": "1" } };
    case "rate_limited_without_header":
      return { status: 429 };
    case "unavailable_html":
      return { status: 503, ...html };
    case "html":
      return { status: 200, ...html };
  }
}

type Changes = Pick<Harness, "expected" | "digest" | "mutate" | "add" | "remove" | "spoil">;

/** What people do in Mailchimp while nobody pulls, or while somebody does. */
function changesOf({ store }: MailchimpSimulator, seed: number, skewMs: number): Changes {
  let changes = 0;
  let lastMs = Math.floor((Date.now() + skewMs) / 1000) * 1000;
  const [newsletter = ""] = store.lists.keys();
  // Of today by the hub's clock, whatever day the company lives in: only what was sent of late is looked at again.
  const live = newCampaign("live", new Date(Date.now() - 2 * 3_600_000));
  for (const member of store.members(newsletter).slice(0, 100)) {
    const send: Send = {
      email: String(member["email_address"]),
      status: "sent",
      opens: [],
      clicks: [],
      bouncedAt: null,
      unsubscribedAt: null,
    };
    live.sends.set(emailId(send.email), send);
  }
  store.putCampaign(live, false);
  const audiences = [1, 2, 3].map((nth) => store.addList(`Empty ${nth}`, live.sentAt));

  function newCampaign(name: string, sentAt: Date): SimCampaign {
    return {
      id: shortId("campaign", `${seed} ${name}`),
      title: name,
      subject: `About ${name}`,
      listId: newsletter,
      sentAt,
      complaints: 0,
      partOf: null,
      type: "regular",
      sends: new Map(),
    };
  }

  /** No two changes share their second. */
  function next(): Date {
    changes += 1;
    lastMs += 1000;
    return new Date(lastMs);
  }

  function someMember(): Row {
    const members = store.members(newsletter);
    return members[(changes * 37) % members.length] ?? {};
  }

  /** Never today's: whether its lists are read again follows from its report, which is about to be spoiled. */
  function someCampaign(): SimCampaign {
    const all = [...store.campaigns.values()].filter((campaign) => campaign.id !== live.id);
    return all[(changes * 7) % all.length] ?? live;
  }

  /** Another recipient of today's campaign, each time. */
  function someSend(): Send {
    const sends = [...(store.campaigns.get(live.id)?.sends.values() ?? [])].filter(
      (send) => send.unsubscribedAt === null,
    );
    const found = sends[(changes * 11) % sends.length];
    if (found === undefined) throw new RangeError("everyone has left");
    return found;
  }

  function changeMember(patch: Row): string {
    const at = next();
    const hash = String(someMember()["id"]);
    store.changeMember(newsletter, hash, patch, { at, event: null });
    return `${newsletter}|${hash}`;
  }

  function changeCampaign(patch: Partial<SimCampaign>): string {
    next();
    const campaign = someCampaign();
    store.putCampaign({ ...campaign, ...patch }, false);
    return campaign.id;
  }

  function addOpen(patch: Row): string {
    const timestamp = time(next());
    const send = someSend();
    store.setSend(live.id, {
      ...send,
      opens: [...send.opens, { timestamp, isProxy: false }],
      patch: { ...send.patch, ...patch },
    });
    return `${live.id}|${emailId(send.email)}|open|${timestamp}||`;
  }

  function unsubscribe(patch: Row): string {
    const timestamp = time(next());
    const send = someSend();
    store.setSend(live.id, { ...send, unsubscribedAt: timestamp, patch: { ...send.patch, ...patch } });
    return `${live.id}|${emailId(send.email)}`;
  }

  return {
    expected: (stream) => expectedOf(stream, store),
    digest: digestOf,
    mutate(stream) {
      if (stream === "members") return changeMember({ vip: changes % 2 === 0 });
      if (stream === "campaigns") return changeCampaign({ title: `Renamed ${changes}` });
      if (stream === "reports") return changeCampaign({ complaints: changes });
      if (stream !== "audiences") return null; // What happened does not change.
      store.renameList(newsletter, `Newsletter ${(changes += 1)}`);
      return newsletter;
    },
    add(stream) {
      switch (stream) {
        case "audiences":
          return store.addList(`Added ${(changes += 1)}`, next());
        case "members": {
          const at = next();
          const email = `added${changes}@fernhill-customer.example`;
          const who = {
            firstName: "Ada",
            lastName: `No. ${changes}`,
            company: "",
            title: "",
            country: "US",
            language: "en",
          };
          store.addMember(newsletter, { ...who, email, at, tags: [] }, false);
          return `${newsletter}|${emailId(email)}`;
        }
        case "campaigns": {
          const campaign = newCampaign(`added ${changes}`, new Date(next().getTime() - 3_600_000));
          store.putCampaign(campaign, false);
          return campaign.id;
        }
        case "email_activity":
          return addOpen({});
        case "unsubscribes":
          return unsubscribe({});
        default:
          return null; // A report comes with its campaign; recipients are read once a sending is done.
      }
    },
    remove(stream) {
      if (stream === "audiences") {
        const gone = audiences.pop();
        if (gone !== undefined) store.removeList(gone);
        return gone ?? null;
      }
      if (stream !== "campaigns") return null; // Of members, webhooks and full pulls alone tell; what happened is not taken back.
      const empty = [...store.campaigns.values()].find((campaign) => campaign.sends.size === 0);
      if (empty !== undefined) store.removeCampaign(empty.id);
      return empty?.id ?? null;
    },
    spoil(stream, how) {
      const isUnknown = how === "unknown";
      const surprise = { surprise: { is: [changes] } };
      const touched = isUnknown ? surprise : { list_id: 17 };
      switch (stream) {
        case "members":
          return changeMember(isUnknown ? surprise : { merge_fields: 17 });
        case "campaigns":
          return changeCampaign({ patch: isUnknown ? surprise : { settings: 17 } });
        case "reports":
          return changeCampaign({ patch: isUnknown ? surprise : { opens: "many" } });
        case "email_activity":
          return addOpen(touched);
        case "unsubscribes":
          return unsubscribe(touched);
        default:
          return null; // No field of an audience is read but its name; recipients share their fields with the others.
      }
    },
  };
}

function expectedOf(stream: string, store: MailchimpSimulator["store"]): ReadonlyMap<string, string> {
  const campaigns = [...store.campaigns.values()];
  const rowsOf = (): readonly (readonly [string, Row])[] => {
    switch (stream) {
      case "audiences":
        return [...store.lists].map(([id, row]) => [id, row]);
      case "members":
        return [...store.lists.keys()].flatMap((listId) =>
          store.members(listId).map((row) => [`${listId}|${String(row["id"])}`, row] as const),
        );
      case "campaigns":
        return campaigns.map((campaign) => [campaign.id, reports.campaignRow(campaign, "")]);
      case "reports":
        return campaigns.map((campaign) => [campaign.id, reports.reportRow(campaign, "")]);
      case "email_activity":
        return campaigns.flatMap(eventsOf);
      case "unsubscribes":
        return campaigns.flatMap((campaign) =>
          reports.unsubscribed(campaign).map((row) => [recipientOf(row), row] as const),
        );
      default:
        return campaigns.flatMap((campaign) => reports.sentTo(campaign).map((row) => [recipientOf(row), row] as const));
    }
  };
  // Rows are JSON as they are sent.
  return new Map(rowsOf().map(([id, row]) => [id, digestOf(stream, row as JsonObject)]));
}

function recipientOf(row: Row): string {
  return `${String(row["campaign_id"])}|${String(row["email_id"])}`;
}

function eventsOf(campaign: SimCampaign): readonly (readonly [string, Row])[] {
  const opens = reports
    .openDetails(campaign, null)
    .flatMap((row) =>
      (row["opens"] as readonly Row[])
        .filter((open) => open["is_proxy_open"] === false)
        .map((open) => [`${recipientOf(row)}|open|${String(open["timestamp"])}||`, open] as const),
    );
  const others = reports.emailActivity(campaign, null, false).flatMap((row) =>
    (row["activity"] as readonly Row[])
      .filter((event) => event["action"] !== "open")
      .map((event) => {
        const { action, timestamp, url = "", type = "" } = event as { readonly [field: string]: string };
        return [`${recipientOf(row)}|${action}|${timestamp}|${url}|${type}`, event] as const;
      }),
  );
  return [...opens, ...others];
}

function digestOf(stream: string, record: JsonObject[string]): string {
  const of = (...names: readonly string[]): string => JSON.stringify(names.map((name) => fieldOf(record, name)));
  const inner = (group: string, name: string): unknown => valueOf(record as JsonObject, group, name);
  switch (stream) {
    case "audiences":
      return of("name");
    case "members":
      return of("last_changed", "status", "vip");
    case "campaigns":
      return JSON.stringify([of("send_time"), inner("settings", "title")]);
    case "reports":
      return JSON.stringify([of("campaign_title", "abuse_reports", "unsubscribed"), inner("opens", "opens_total")]);
    case "sends":
      return of("status");
    default:
      return of("timestamp", "is_proxy_open");
  }
}
