/** What a standard property may use. developers.google.com, "Limits and quotas". */
const SIZES = {
  tokensPerDay: 200_000,
  tokensPerHour: 40_000,
  tokensPerProjectPerHour: 14_000,
  potentiallyThresholdedRequestsPerHour: 120,
  serverErrorsPerProjectPerHour: 10,
  concurrentRequests: 10,
} as const;
export type QuotaName = keyof typeof SIZES;

/** Literal texts; those of the hour's and the day's tokens are unverified. */
const TEXTS: { readonly [name in QuotaName]: string } = {
  concurrentRequests: "Exhausted concurrent requests quota.",
  tokensPerProjectPerHour: "Exhausted property tokens for a project per hour.",
  potentiallyThresholdedRequestsPerHour: "Exhausted potentially thresholded requests quota.",
  serverErrorsPerProjectPerHour: "Exhausted server errors quota.",
  tokensPerHour: "Exhausted property tokens per hour.",
  tokensPerDay: "Exhausted property tokens per day.",
};

export type QuotaAnswer = { readonly [name in QuotaName]: { readonly consumed?: number; readonly remaining: number } };

export type Quota = {
  /** The text of the first quota that is used up; then every request to the property is refused. */
  exhausted(now: Date): string | null;
  /** What is left after a report that cost so many tokens. */
  spend(tokens: number, now: Date): QuotaAnswer;
  countServerError(now: Date): void;
  /** Leaves so much of a quota until its hour or day is over. */
  leave(name: QuotaName, remaining: number, now: Date): void;
};

export function createQuota(): Quota {
  const used = new Map<string, number>();

  /** Each hour and each day counts anew; days by UTC. */
  function windowOf(name: QuotaName, now: Date): string {
    if (name === "concurrentRequests") return name;
    return `${name} ${now.toISOString().slice(0, name === "tokensPerDay" ? 10 : 13)}`;
  }
  const left = (name: QuotaName, now: Date): number => SIZES[name] - (used.get(windowOf(name, now)) ?? 0);
  function use(name: QuotaName, amount: number, now: Date): void {
    const window = windowOf(name, now);
    used.set(window, (used.get(window) ?? 0) + amount);
  }
  const names = Object.keys(SIZES) as readonly QuotaName[]; // Object.keys forgets that it knows them.

  return {
    exhausted(now) {
      const name = names.find((each) => left(each, now) <= 0);
      return name === undefined ? null : TEXTS[name];
    },
    spend(tokens, now) {
      const spent = (name: QuotaName): { consumed?: number; remaining: number } => {
        const cost = name.startsWith("tokens") ? tokens : 0;
        use(name, cost, now);
        // A 0 is left out, as everywhere in the JSON of protocol buffers.
        return { ...(cost === 0 ? {} : { consumed: cost }), remaining: Math.max(0, left(name, now)) };
      };
      return {
        tokensPerDay: spent("tokensPerDay"),
        tokensPerHour: spent("tokensPerHour"),
        concurrentRequests: spent("concurrentRequests"),
        serverErrorsPerProjectPerHour: spent("serverErrorsPerProjectPerHour"),
        potentiallyThresholdedRequestsPerHour: spent("potentiallyThresholdedRequestsPerHour"),
        tokensPerProjectPerHour: spent("tokensPerProjectPerHour"),
      };
    },
    countServerError: (now) => use("serverErrorsPerProjectPerHour", 1, now),
    leave(name, remaining, now) {
      used.set(windowOf(name, now), SIZES[name] - remaining);
    },
  };
}
