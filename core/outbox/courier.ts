import { findTributaryError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { AnyDestination, EventSender, ReviewText, SendOutcome } from "../destination/define.ts";
import { openReceiver } from "../destination/settings.ts";
import { keptReviewText } from "../review/kept.ts";
import type { Secrets } from "../secrets/index.ts";
import type { Store, Tx } from "../store/db.ts";
import { claimDeliveries, releaseDeliveries, type ClaimedDelivery } from "../store/outbox/claims.ts";
import { dispatchOutbox, hasUndelivered } from "../store/outbox/deliveries.ts";
import { type Endpoint, lockEndpoints, readEndpoints, saveReceiverState } from "../store/outbox/endpoints.ts";
import { type Outcome, recordOutcomes } from "../store/outbox/outcomes.ts";
import { appendEvents } from "./append.ts";
import { FAILURES_BEFORE_BACKING_OFF, isProbed, judge, type Verdict } from "./judge.ts";
import { noticeEvent } from "./notices.ts";

/**
 * Brings events to their receivers. One runs in each worker process, beside the queues: waiting for a receiver takes up no job's place.
 *
 *   outbox ──hand out──► deliveries ──claim──► lane of the receiver ──send──► outcomes ──write together──► deliveries, attempts
 *
 * - Each receiver has a lane of its own. What is slow or dead holds up its own lane alone, and backs off as a whole.
 * - A claim is a lease in the database. Whoever dies loses nothing: what it held is due again when the lease is over.
 * - Outcomes are written together, as many as there are whenever the last writing is done. What was sent and not yet written when the process
 *   is killed is sent again, under the same id.
 */
export type CourierDeps = {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly destinations: readonly AnyDestination[];
  readonly clock: Clock;
  readonly log: Log;
  readonly allowPrivateNetworks: boolean;
};

export type Courier = {
  /** Something may be due: looks at once. */
  wake(): void;
  /** Hands out and sends all that is due now. Returns when nothing is under way any more. */
  settle(): Promise<void>;
  /** Goes on doing so until it is drained. */
  start(): void;
  /** Sends nothing new, gives back what it holds, and returns when what is under way has ended or after `graceMs`. */
  drain(graceMs: number): Promise<void>;
};

const EVENTS_AT_ONCE = 500;
/** Longer than an attempt takes; what waits in a lane for longer goes back before its lease ends. */
const LEASE_S = 90;
const LONGEST_ATTEMPT_MS = 30_000;
/** Retries become due by the clock alone. */
const POLL_MS = 1_000;
/** Requests under way to one receiver; to one that has kept a request waiting for so long, fewer. */
const WIDTH = 8;
const SLOW_AFTER_MS = 2_000;
const SLOW_WIDTH = 2;
/** How much is held for one receiver: little at first, more while it takes all that it is given. */
const FIRST_HELD = 64;
const MOST_HELD = 512;
/** When the database does not answer. */
const WRITE_AGAIN_MS = 1_000;

type Held = { readonly delivery: ClaimedDelivery; readonly leasedUntilMs: number };

/** What a process knows of a receiver while it sends to it. */
type Lane = {
  endpoint: Endpoint;
  /** Null: its settings cannot be used; `problem` says why. */
  route: { readonly sender: EventSender<unknown>; readonly settings: unknown } | null;
  problem: string;
  readonly waiting: Held[];
  /** When each request that is under way began. */
  readonly underWay: Set<{ readonly startedMs: number }>;
  mostHeld: number;
};

type Done = {
  readonly lane: Lane;
  readonly delivery: ClaimedDelivery;
  readonly outcome: SendOutcome;
  readonly at: Date;
};

export function createCourier(deps: CourierDeps): Courier {
  const { db } = deps.store;
  const { clock, log } = deps;
  const senderOptions = {
    allowPrivateNetworks: deps.allowPrivateNetworks,
    review: (id: string): Promise<ReviewText | null> => keptReviewText(db, id),
  };
  const senders = new Map<string, EventSender<unknown>>();
  const lanes = new Map<string, Lane>();
  let done: Done[] = [];
  let writing: Promise<void> | null = null;
  let isStopped = false;
  let isWanted = true;
  let wakeSleeper: () => void = () => undefined;
  let loop: Promise<void> = Promise.resolve();
  let whenIdle: (() => void)[] = [];

  /** Hands events out and fills the lanes. Returns whether there is more to be handed out. */
  async function round(): Promise<boolean> {
    const dispatched = await dispatchOutbox(db, clock.now(), EVENTS_AT_ONCE);
    const now = clock.now();
    const room = new Map([...lanes].map(([id, lane]) => [id, roomOf(lane)]));
    const claimed = await claimDeliveries(db, {
      now,
      leaseS: LEASE_S,
      most: FIRST_HELD,
      room,
      probedAfter: FAILURES_BEFORE_BACKING_OFF,
    });
    if (claimed.length > 0) await fill(claimed, room, now.getTime() + LEASE_S * 1000);
    return dispatched === EVENTS_AT_ONCE;
  }

  function roomOf({ endpoint, waiting, underWay, mostHeld }: Lane): number {
    return Math.max(0, (isProbed(endpoint) ? 1 : mostHeld) - waiting.length - underWay.size);
  }

  async function fill(
    claimed: readonly ClaimedDelivery[],
    room: ReadonlyMap<string, number>,
    leasedUntilMs: number,
  ): Promise<void> {
    const byReceiver = new Map<string, ClaimedDelivery[]>();
    for (const delivery of claimed)
      byReceiver.set(delivery.endpointId, [...(byReceiver.get(delivery.endpointId) ?? []), delivery]);
    for (const endpoint of await readEndpoints(db, [...byReceiver.keys()])) {
      const lane = laneOf(endpoint);
      const deliveries = byReceiver.get(endpoint.id) ?? [];
      if (deliveries.length === room.get(endpoint.id)) lane.mostHeld = Math.min(lane.mostHeld * 2, MOST_HELD);
      lane.waiting.push(...deliveries.map((delivery) => ({ delivery, leasedUntilMs })));
      pump(lane);
    }
  }

  function laneOf(endpoint: Endpoint): Lane {
    const known = lanes.get(endpoint.id);
    const isSame = known !== undefined && JSON.stringify(known.endpoint.settings) === JSON.stringify(endpoint.settings);
    const lane: Lane = known ?? {
      endpoint,
      route: null,
      problem: "",
      waiting: [],
      underWay: new Set(),
      mostHeld: FIRST_HELD,
    };
    lane.endpoint = endpoint;
    if (!isSame) Object.assign(lane, routeOf(endpoint));
    lanes.set(endpoint.id, lane);
    return lane;
  }

  function routeOf({ id, destination: key, settings }: Endpoint): Pick<Lane, "route" | "problem"> {
    const destination = deps.destinations.find((one) => one.key === key);
    if (destination?.takes.kind !== "events") return { route: null, problem: `There is no destination "${key}".` };
    const sender = senders.get(key) ?? destination.takes.open(senderOptions);
    senders.set(key, sender);
    try {
      return { route: { sender, settings: openReceiver(destination, id, settings, deps.secrets) }, problem: "" };
    } catch (error) {
      return { route: null, problem: findTributaryError(error)?.message ?? "Its settings cannot be read." };
    }
  }

  function pump(lane: Lane): void {
    while (lane.waiting.length > 0 && lane.underWay.size < widthOf(lane)) {
      const held = lane.waiting.shift();
      if (held === undefined) return;
      if (held.leasedUntilMs - clock.now().getTime() < LONGEST_ATTEMPT_MS) giveBack([held]);
      else void send(lane, held.delivery);
    }
  }

  function widthOf({ endpoint, underWay }: Lane): number {
    if (isProbed(endpoint)) return 1;
    const slowMs = performance.now() - SLOW_AFTER_MS;
    return [...underWay].some(({ startedMs }) => startedMs < slowMs) ? SLOW_WIDTH : WIDTH;
  }

  async function send(lane: Lane, delivery: ClaimedDelivery): Promise<void> {
    const mark = { startedMs: performance.now() };
    lane.underWay.add(mark);
    const outcome =
      lane.route === null ? unroutable(lane) : await lane.route.sender.send(lane.route.settings, delivery);
    lane.underWay.delete(mark);
    done.push({ lane, delivery, outcome, at: clock.now() });
    pump(lane);
    write();
  }

  /** One writing at a time; what ends meanwhile goes with the next. */
  function write(): void {
    writing ??= writeAll().finally(() => {
      writing = null;
      if (done.length > 0) write();
      else settleIfIdle();
    });
  }

  async function writeAll(): Promise<void> {
    // Whatever ended in this turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (done.length > 0) {
      const batch = done;
      done = [];
      for (;;) {
        try {
          await writeBatch(batch);
          break;
        } catch (err) {
          log.warn({ err, outcomes: batch.length }, "what came of deliveries could not be written; it is tried again");
          await new Promise((resolve) => setTimeout(resolve, WRITE_AGAIN_MS));
        }
      }
      wake();
    }
  }

  async function writeBatch(batch: readonly Done[]): Promise<void> {
    const isPlain = ({ lane, outcome }: Done): boolean => outcome.error === null && isClean(lane.endpoint);
    if (batch.every(isPlain)) {
      await recordOutcomes(
        db,
        batch.map((one) => outcomeOf(one, { state: "delivered" })),
      );
      return;
    }
    const changed = await db.transaction().execute((tx) => writeWithReceivers(tx, batch));
    for (const endpoint of changed) {
      const lane = lanes.get(endpoint.id);
      if (lane === undefined) continue;
      lane.endpoint = endpoint;
      // What it was to be given next waits with the rest.
      if (endpoint.state === "paused" || isProbed(endpoint) || endpoint.notBefore !== null)
        giveBack(lane.waiting.splice(0));
    }
  }

  /** With what failures make of receivers. Their rows are locked first, always in the same order. */
  async function writeWithReceivers(tx: Tx, batch: readonly Done[]): Promise<readonly Endpoint[]> {
    const ids = [...new Set(batch.map(({ lane }) => lane.endpoint.id))];
    const receivers = new Map((await lockEndpoints(tx, ids)).map((endpoint) => [endpoint.id, endpoint]));
    const outcomes: Outcome[] = [];
    for (const one of batch) {
      const endpoint = receivers.get(one.lane.endpoint.id);
      if (endpoint === undefined) continue;
      const verdict = judge(endpoint, one.delivery.triesUsed, one.outcome, one.at, Math.random());
      receivers.set(endpoint.id, { ...endpoint, ...verdict.receiver });
      outcomes.push(outcomeOf(one, verdict.delivery));
      if (verdict.notice !== null)
        await appendEvents(tx, [noticeEvent(verdict.notice, { ...endpoint, ...verdict.receiver }, one.at)]);
      note(one, verdict);
    }
    await recordOutcomes(tx, outcomes);
    for (const endpoint of receivers.values()) await saveReceiverState(tx, endpoint);
    return [...receivers.values()];
  }

  function note({ lane, delivery, outcome }: Done, verdict: Verdict): void {
    if (outcome.error === null) return;
    const what = {
      endpoint: lane.endpoint.id,
      delivery: delivery.id,
      event: delivery.eventId,
      status: outcome.statusCode,
    };
    log.warn({ ...what, ...verdict.delivery }, "not delivered");
  }

  function giveBack(held: readonly Held[]): void {
    if (held.length === 0) return;
    // Not being given back in time is what leases are for.
    releaseDeliveries(
      db,
      held.map(({ delivery }) => delivery.id),
    ).catch((err: unknown) => log.debug({ err }));
  }

  function wake(): void {
    isWanted = true;
    wakeSleeper();
  }

  const isIdle = (): boolean =>
    done.length === 0 && writing === null && [...lanes.values()].every((lane) => lane.underWay.size === 0);

  function settleIfIdle(): void {
    if (!isIdle()) return;
    for (const resolve of whenIdle.splice(0)) resolve();
  }

  const idle = async (): Promise<void> => {
    if (isIdle()) return;
    await new Promise<void>((resolve) => whenIdle.push(resolve));
  };

  async function run(): Promise<void> {
    let wasWoken = true;
    while (!isStopped) {
      isWanted = false;
      try {
        // Mostly nothing waits, and to be sure of that costs next to nothing.
        if (wasWoken || (await hasUndelivered(db))) isWanted ||= await round();
      } catch (err) {
        log.warn({ err }, "deliveries could not be looked for; it is tried again");
      }
      wasWoken = isWanted;
      if (!isWanted && !isStopped) wasWoken = await sleep();
    }
  }

  /** Whether it was woken. */
  function sleep(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), POLL_MS);
      wakeSleeper = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  return {
    wake,
    start: () => void (loop = run()),
    async settle() {
      do {
        isWanted = await round();
        await idle();
        // What was written may have made room, or the next of an entity due.
      } while (isWanted);
    },
    async drain(graceMs) {
      isStopped = true;
      wakeSleeper();
      await loop;
      giveBack([...lanes.values()].flatMap((lane) => lane.waiting.splice(0)));
      await Promise.race([idle(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
      for (const sender of senders.values()) sender.close();
    },
  };
}

/** A receiver of which nothing has to be written when a delivery succeeds. */
function isClean({ state, failuresInARow, failingSince, notBefore }: Endpoint): boolean {
  return state === "active" && failuresInARow === 0 && failingSince === null && notBefore === null;
}

function outcomeOf({ delivery, outcome, at }: Done, verdict: Verdict["delivery"]): Outcome {
  return {
    deliveryId: delivery.id,
    at,
    statusCode: outcome.statusCode,
    durationMs: outcome.durationMs,
    error: outcome.error,
    request: outcome.request,
    response: outcome.response,
    state: verdict.state,
    triesUsed: verdict.state === "delivered" ? delivery.triesUsed + 1 : verdict.triesUsed,
    nextAttemptAt: verdict.state === "pending" ? verdict.nextAttemptAt : at,
  };
}

function unroutable({ problem }: Lane): SendOutcome {
  return {
    statusCode: null,
    durationMs: 0,
    error: problem,
    retryAfterS: null,
    wish: null,
    request: null,
    response: null,
  };
}
