import type { DealStatus } from "../../schema/canonical.ts";
import type { Reason } from "../../metrics/reports/movement.ts";

/**
 * What a pipeline review says, in one language. Sentences are written whole, with what stands in them, so that a language may order its words as it
 * likes. Days are ISO days, amounts and shares are written already.
 */
export type ReviewWords = {
  /** BCP 47 */
  readonly language: string;
  readonly title: (workspace: string, from: string, to: string) => string;
  readonly asOf: (instant: string, zone: string) => string;
  readonly freshAsOf: (instant: string) => string;
  readonly notAllRead: string;
  readonly heads: {
    readonly agreed: string;
    readonly won: string;
    readonly forecast: string;
    readonly talk: string;
    readonly attention: string;
    readonly lost: string;
    readonly cleanUp: string;
    readonly leak: string;
    readonly conclusions: string;
    readonly notes: string;
    readonly actions: string;
  };
  readonly columns: {
    readonly deal: string;
    readonly value: string;
    readonly rep: string;
    readonly on: string;
    readonly reason: string;
    readonly what: string;
    readonly by: string;
    readonly how: string;
    readonly until: string;
    readonly wins: string;
    readonly method: string;
    readonly before: string;
    readonly stage: string;
    readonly wrong: string;
  };
  readonly nothing: string;
  /** Over what people write for the coming review, and what they read before they do. */
  readonly forNext: string;
  readonly pointsBelow: string;
  /** In a table, whose it is; as a head; behind a name. */
  readonly nobody: string;
  readonly nobodys: string;
  readonly ofNobody: string;
  readonly noStage: string;
  readonly noValue: string;
  readonly noReason: string;
  readonly unnamed: string;
  readonly unnamedDeal: string;
  readonly deals: (count: number, value: string) => string;
  readonly picked: string;
  readonly firstReview: string;
  readonly lastReview: (made: string, from: string, to: string, done: number, of: number) => string;
  readonly states: { readonly [state in "open" | "late" | "done" | "dropped"]: string };
  readonly tickedBy: (who: string) => string;
  readonly atLastReview: (value: string) => string;
  readonly noValueToGoBy: string;
  readonly between: (value: string, low: string, high: string) => string;
  readonly methods: { readonly [method: string]: string };
  readonly moved: (start: string, end: string, reasons: string) => string;
  readonly reasons: { readonly [reason in Reason]: string };
  readonly staleDeals: (count: number) => string;
  readonly untouchedLeads: (count: number) => string;
  readonly coldLeads: (count: number) => string;
  /** Before a list of them all, or of the latest. */
  readonly listed: (leads: string) => string;
  readonly theLatest: (leads: string, named: number) => string;
  readonly lead: (rep: string, since: string | null, lastTouch: string | null) => string;
  readonly noLeak: string;
  readonly leak: (
    stage: string | null,
    lost: number,
    entered: number,
    from: string,
    to: string,
    share: string | null,
  ) => string;
  readonly verdicts: { readonly [verdict: string]: string };
  readonly actionBy: (text: string, day: string) => string;
  readonly moreActions: (count: number) => string;
  /** What is wrong with a deal. */
  readonly flags: {
    readonly stuck: (days: number, limit: number) => string;
    readonly noNextStep: string;
    readonly pushed: (times: number, inPeriod: number) => string;
    readonly pastDue: (day: string) => string;
    readonly noDate: string;
    readonly singleThreaded: (people: number) => string;
    readonly cold: (lastTouch: string | null) => string;
    readonly large: (rank: number) => string;
  };
  /** What is to be done. */
  readonly doing: {
    readonly revive: (why: string) => string;
    readonly redate: (why: string) => string;
    readonly ask: (why: string) => string;
    readonly moveOn: (stage: string | null, why: string) => string;
    readonly nextStep: string;
    readonly touch: (why: string) => string;
    readonly date: string;
    readonly secondContact: string;
    readonly sayWhy: (day: string) => string;
    readonly touchLead: (since: string | null) => string;
    readonly letGo: string;
  };
  /** What the data say of an action. */
  readonly evidence: {
    readonly called: (day: string) => string;
    readonly touched: (type: string, day: string) => string;
    readonly leadIsGone: string;
    readonly dealIsGone: string;
    readonly lostFor: (reason: string) => string;
    readonly is: (status: DealStatus) => string;
    readonly closed: (status: DealStatus, day: string) => string;
    readonly movedTo: (stage: string | null, day: string) => string;
    readonly expectedBy: (day: string, set: string) => string;
    readonly people: (count: number) => string;
  };
};
