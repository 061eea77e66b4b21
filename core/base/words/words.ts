/**
 * What screens, feeds and messages say beside numbers and names, in one language. Sentences are written whole, with their numbers in them, so that a
 * language may order its words as it likes. Numbers and times come as text, written by the workspace's locale.
 */
export type Words = {
  /** BCP 47: in which language dates and units are written that stand in these sentences. */
  readonly language: string;
  /** `as of 14:03`, in a sentence. */
  readonly asOf: (time: string) => string;
  /** Of a number, while the hub cannot look for a newer one. */
  readonly outOfReach: (time: string) => string;
  readonly notCurrent: string;
  readonly stillLoading: string;
  readonly incomplete: string;
  /** The heads of the line that says how fresh a screen is. */
  readonly allAsOf: (time: string) => string;
  readonly someLoading: string;
  readonly someUnread: string;
  readonly nothingConnected: string;
  readonly allUpToDate: (count: number) => string;
  readonly othersUpToDate: (count: number) => string;
  /** Why a source is not current, after its name. */
  readonly sources: {
    readonly needs_auth: string;
    readonly paused: string;
    readonly ended: string;
    readonly unread: string;
    readonly loading: string;
    readonly failing: string;
    readonly late: string;
    readonly partial: string;
    readonly held: (count: string) => string;
    readonly refused: (count: string) => string;
  };
  /** What is left out of a number, by reason. */
  readonly leftOut: { readonly [reason: string]: (count: number, written: string) => string };
  readonly allTimeIsWorking: string;
  readonly leftOutOtherwise: (written: string, reason: string) => string;
  /** Where there is no number. */
  readonly noData: string;
  readonly noSource: string;
  readonly nothingToCompare: string;
  readonly nobodyToRank: string;
  /** `vs $12,000` */
  readonly versus: (value: string) => string;
  readonly isNew: string;
  readonly notRankedBefore: string;
  readonly samePlace: string;
  readonly placesUp: (places: number) => string;
  readonly placesDown: (places: number) => string;
  /** Values that are words of ours, as `needs_analysis`; absent: the word itself. */
  readonly values: { readonly [value: string]: string };
  /** No value of a dimension. */
  readonly none: string;
  /** A celebration. */
  readonly won: string;
  readonly aDeal: string;
  /** The tiles of the pipeline, of what moved it, of the forecast and of the latest. */
  readonly tiles: {
    readonly noOpenDeals: string;
    readonly stalled: (count: number) => string;
    readonly start: string;
    readonly now: string;
    /** What moved the pipeline, by reason. */
    readonly moved: { readonly [reason: string]: string };
    readonly nextDays: (days: number) => string;
    readonly toMonthEnd: string;
    readonly toQuarterEnd: string;
    readonly toGoal: (value: string) => string;
    readonly tooLittle: string;
    readonly happened: { readonly won: string; readonly meeting: string; readonly call: string };
    readonly nothingYet: string;
  };
  /** A screen whose server is gone. */
  readonly notConnectedSince: (time: string) => string;
  /** A difference of two ratios. */
  readonly points: (difference: string) => string;
  /** The unit's word after a number. */
  readonly days: (count: number) => string;
  readonly hours: string;
  readonly minutes: string;
  /** Periods by their names: `this_month`. */
  readonly periods: { readonly [name: string]: string };
  /** `Q3` */
  readonly quarter: (number: number) => string;
  /** Large amounts: thousand, million, billion, as short as people write them. */
  readonly compact: { readonly thousand: string; readonly million: string; readonly billion: string };
  /** What a running period is compared with. `until`: a clock time, or a day and a clock time; null: of days that are over. */
  readonly comparedWith: {
    readonly yesterday: (until: string | null) => string;
    /** A day by its name, such as Friday. */
    readonly day: (day: string, until: string | null) => string;
    readonly week: (until: string | null) => string;
    readonly month: (until: string | null) => string;
    readonly quarter: (until: string | null) => string;
    readonly year: (until: string | null) => string;
    readonly daysBefore: (days: number) => string;
    /** The same span a year ago. */
    readonly last_year: (until: string | null) => string;
  };
};
