import { createRandom, type Random } from "./company/random.ts";

/**
 * What can go wrong on the way to a vendor, each by probability (0 to 1) of a request, or by script for the next requests that match.
 * `late`, `duplicate`, `reorder`, `deleteWhilePaging` and `editWhilePaging` are about lists: the simulator of the vendor carries them out.
 */
export const FAULT_KINDS = [
  "rate429",
  "rate5xx",
  "html502",
  "reset",
  "slow",
  "drip",
  "truncate",
  "late",
  "duplicate",
  "reorder",
  "deleteWhilePaging",
  "editWhilePaging",
  "expireToken",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type FaultRates = { readonly [kind in FaultKind]?: number };

export type FaultScript = {
  readonly kind: FaultKind;
  /** How many matching requests it befalls. */
  readonly times: number;
  /** Method and path, as a regular expression over `GET /activity/call/`; absent: any request. */
  readonly match?: string;
  /** Let this many matching requests pass first; default 0. */
  readonly after?: number;
};

export type Faults = {
  /** Sets some rates, leaves the others. */
  set(rates: FaultRates): void;
  script(script: FaultScript): void;
  /** No rates, no scripts, nothing denied. */
  clear(): void;
  /** Calls the listener once for each request, before anything else becomes of it; null: nobody any more. */
  listen(listener: (() => void) | null): void;
  /** What the server says when a request comes. */
  requested(): void;
  /** From now on the account has no right to requests that match (method and path, as in a script); null gives all rights back. */
  deny(match: string | null): void;
  isDenied(request: string): boolean;
  /** The status of the next 5xx: each of them in turn. */
  nextServerError(): number;
  /** Whether this fault befalls a request; takes a scripted one off. */
  strikes(kind: FaultKind, request: string): boolean;
  /** How long a slow answer takes. */
  slowMs: number;
  readonly random: Random;
  /** The dial as it stands, for the control address. */
  state(): { readonly rates: FaultRates; readonly scripts: readonly FaultScript[]; readonly slowMs: number };
};

const SERVER_ERRORS = [503, 500, 502, 504];

/** The same seed and the same requests give the same faults. */
export function createFaults(seed: number, initial: FaultRates = {}): Faults {
  const random = createRandom(`faults ${seed}`);
  let rates: { [kind in FaultKind]?: number } = { ...initial };
  let listener: (() => void) | null = null;
  let denied: RegExp | null = null;
  let serverErrors = -1;
  let scripts: { kind: FaultKind; left: number; pass: number; match: RegExp; source: string }[] = [];

  function scripted(kind: FaultKind, request: string): boolean {
    const script = scripts.find((one) => one.kind === kind && one.match.test(request));
    if (script === undefined) return false;
    if (script.pass > 0) {
      script.pass -= 1;
      return false;
    }
    script.left -= 1;
    if (script.left <= 0) scripts = scripts.filter((one) => one !== script);
    return true;
  }

  return {
    slowMs: 500,
    random,
    set(changed) {
      rates = { ...rates, ...changed };
    },
    script({ kind, times, match = "", after = 0 }) {
      scripts.push({ kind, left: times, pass: after, match: new RegExp(match), source: match });
    },
    clear() {
      rates = {};
      scripts = [];
      denied = null;
    },
    listen(next) {
      listener = next;
    },
    requested: () => listener?.(),
    deny(match) {
      denied = match === null ? null : new RegExp(match);
    },
    nextServerError() {
      serverErrors += 1;
      return SERVER_ERRORS[serverErrors % SERVER_ERRORS.length] ?? 500;
    },
    isDenied: (request) => denied?.test(request) ?? false,
    strikes(kind, request) {
      if (scripted(kind, request)) return true;
      const rate = rates[kind] ?? 0;
      return rate > 0 && random.chance(rate);
    },
    state() {
      const waiting = scripts.map(({ kind, left, pass, source }) => ({
        kind,
        times: left,
        match: source,
        after: pass,
      }));
      return { rates, scripts: waiting, slowMs: this.slowMs };
    },
  };
}
