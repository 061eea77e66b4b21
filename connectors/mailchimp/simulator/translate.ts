import type {
  CampaignSend,
  Company,
  CompanyChange,
  CompanyData,
  Lead,
  Person,
} from "../../_simulator/company/model.ts";
import { emailId, longId, shortId, time } from "./format.ts";
import { createStore, type MailchimpStore, type NewMember, type Send } from "./store.ts";

export const NEWSLETTER = "Newsletter";
export const CUSTOMERS = "Customers";

/** The company's account: who has signed up for the newsletter, who has bought, and what was sent to them. */
export function accountOf(company: Company | CompanyData): MailchimpStore {
  const { profile } = company;
  const store = createStore({
    account_id: longId("account", profile.name).slice(0, 25),
    login_id: "90211748",
    account_name: profile.name,
    email: `marketing@${profile.domain}`,
    first_name: "Mara",
    last_name: "Quill",
    username: "fernhill",
    avatar_url: "",
    role: "admin",
    member_since: time(profile.startedAt),
    pricing_plan_type: "monthly",
    first_payment: time(profile.startedAt),
    account_timezone: profile.timeZone,
    account_industry: "Software and Web App",
    contact: { company: profile.name, addr1: "", addr2: "", city: "", state: "", zip: "", country: "US" },
    pro_enabled: false,
    last_login: time(profile.now),
    total_subscribers: 0,
    industry_stats: { open_rate: 0.212, bounce_rate: 0.009, click_rate: 0.024 },
  });
  const newsletter = store.addList(NEWSLETTER, profile.startedAt);
  const customers = store.addList(CUSTOMERS, profile.startedAt);
  const leads = new Map(company.leads.map((lead) => [lead.id, lead]));
  const people = new Map(company.people.map((person) => [person.id, person]));
  for (const person of company.people) {
    if (person.isSubscribed)
      store.addMember(newsletter, newMember(person, leads.get(person.leadId), "newsletter"), false);
  }
  for (const deal of company.deals) {
    const buyer = people.get(deal.personId);
    if (deal.state.status !== "won" || buyer === undefined) continue;
    const at = deal.closedAt ?? deal.updatedAt;
    store.addMember(customers, { ...newMember(buyer, leads.get(buyer.leadId), "customer"), at }, false);
  }
  for (const campaign of company.campaigns) {
    const sends = new Map<string, Send>();
    for (const send of campaign.sends) {
      const person = people.get(send.personId);
      if (person === undefined) continue;
      const made = sendOf(addressOf(person), campaign.sentAt, send);
      sends.set(emailId(made.email), made);
      settle(store, newsletter, made, send);
    }
    const id = shortId("campaign", campaign.id);
    const { name: title, subject, sentAt } = campaign;
    store.putCampaign(
      { id, title, subject, listId: newsletter, sentAt, complaints: 0, partOf: null, type: "regular", sends },
      false,
    );
  }
  return store;
}

/** Who has left, or cannot be reached, is so from then on. */
function settle(store: MailchimpStore, listId: string, made: Send, send: CampaignSend): void {
  const at =
    send.unsubscribedAt ?? (send.bounce === "hard" && made.bouncedAt !== null ? new Date(made.bouncedAt) : null);
  if (at === null) return;
  const status = send.unsubscribedAt === null ? "cleaned" : "unsubscribed";
  const reason = status === "unsubscribed" ? { unsubscribe_reason: "No longer interested" } : {};
  store.changeMember(listId, emailId(made.email), { status, ...reason }, { at, event: null });
}

function sendOf(email: string, sentAt: Date, send: CampaignSend): Send {
  return {
    email,
    status: send.bounce ?? "sent",
    opens: send.openedAt.map((at) => ({ timestamp: time(at), isProxy: send.isProxyOpen })),
    clicks: send.clicks.map(({ at, url }) => ({ timestamp: time(at), url })),
    bouncedAt: send.bounce === null ? null : time(new Date(sentAt.getTime() + 65_000)),
    unsubscribedAt: send.unsubscribedAt === null ? null : time(send.unsubscribedAt),
  };
}

/** Some people write their address with capitals; the id is made of it without. */
function addressOf(person: Person): string {
  const isShouted = Number.parseInt(emailId(person.email).slice(0, 4), 16) % 50 === 0;
  return isShouted ? person.email.charAt(0).toUpperCase() + person.email.slice(1) : person.email;
}

function newMember(person: Person, lead: Lead | undefined, tag: string): NewMember {
  return {
    email: addressOf(person),
    firstName: person.firstName,
    lastName: person.lastName,
    company: lead?.name ?? "",
    title: person.title,
    country: lead?.country ?? "",
    language: "en",
    at: person.createdAt,
    tags: [tag],
  };
}

/** What happens in the live company, as far as the newsletter hears of it: people sign up, and buyers become customers. */
export function follow(company: Company | CompanyData, store: MailchimpStore): (change: CompanyChange) => void {
  const newsletter = shortId("list", NEWSLETTER);
  const customers = shortId("list", CUSTOMERS);
  return (change) => {
    if (change.type === "lead.created") {
      for (const person of change.people) {
        if (person.isSubscribed)
          store.addMember(newsletter, { ...newMember(person, change.lead, "newsletter"), at: change.at }, true);
      }
    }
    if (change.type === "deal.updated" && change.change.kind === "won") {
      const buyer = company.people.find((person) => person.id === change.deal.personId);
      const lead = company.leads.find((one) => one.id === buyer?.leadId);
      if (buyer !== undefined && store.member(customers, emailId(buyer.email)) === undefined)
        store.addMember(customers, { ...newMember(buyer, lead, "customer"), at: change.at }, true);
    }
  };
}
