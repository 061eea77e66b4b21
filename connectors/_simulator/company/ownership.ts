import { DAY_MS, HOUR_MS } from "./calendar.ts";
import type { Rep } from "./model.ts";
import { productivity } from "./organisation.ts";
import type { Random } from "./random.ts";

/** Who looks after something from when on. Never empty; each line's rep works here from its start to the next one's. */
export type Ownership = {
  at(atMs: number): Rep;
  /** Hand-overs strictly between two instants, oldest first. */
  handovers(fromMs: number, toMs: number): readonly { readonly atMs: number; readonly rep: Rep }[];
  /** The same until `atMs`, somebody else of the team from then on. */
  handedOver(atMs: number): Ownership;
};

export type Roster = {
  /** Somebody of the team, the able and experienced more often. */
  own(random: Random, teamId: string, atMs: number): Ownership;
};

/** Before leaving, work is handed over for this long: the last afternoon. */
const HANDOVER_MS = 4 * HOUR_MS;

export function createRoster(reps: readonly Rep[]): Roster {
  function choose(random: Random, teamId: string, atMs: number, not: Rep | null): Rep {
    const weights: { [repId: string]: number } = {};
    for (const rep of reps) {
      if (rep.teamId !== teamId || rep === not) continue;
      // Who is about to leave gets nothing new.
      const isLeaving = rep.leftAt !== null && rep.leftAt.getTime() < atMs + 14 * DAY_MS;
      const weight = isLeaving ? 0 : productivity(rep, atMs);
      if (weight > 0) weights[rep.id] = weight;
    }
    const id = random.weighted(weights);
    const found = reps.find((rep) => rep.id === id);
    if (found === undefined) throw new RangeError(`Nobody works in ${teamId} then.`);
    return found;
  }

  function line(random: Random, segments: readonly Segment[]): Ownership {
    function at(atMs: number): Rep {
      let current = segments[0];
      for (const segment of segments) if (segment.fromMs <= atMs) current = segment;
      if (current === undefined) throw new RangeError("An ownership has no owner.");
      return current.rep;
    }
    return {
      at,
      handovers: (fromMs, toMs) =>
        segments
          .filter((segment) => segment.fromMs > fromMs && segment.fromMs < toMs)
          .map((segment) => ({ atMs: segment.fromMs, rep: segment.rep })),
      handedOver(atMs) {
        const before = segments.filter((segment) => segment.fromMs < atMs);
        const leaver = at(atMs);
        return line(random, [...before, ...follow(random, choose(random, leaver.teamId, atMs, leaver), atMs)]);
      },
    };
  }

  /** The rep from an instant on, and who comes after them should they leave. */
  function follow(random: Random, rep: Rep, fromMs: number): readonly Segment[] {
    const segment = { fromMs, rep };
    if (rep.leftAt === null) return [segment];
    const handoverMs = rep.leftAt.getTime() - HANDOVER_MS;
    return [segment, ...follow(random, choose(random, rep.teamId, handoverMs, rep), handoverMs)];
  }

  return { own: (random, teamId, atMs) => line(random, follow(random, choose(random, teamId, atMs, null), atMs)) };
}

type Segment = { readonly fromMs: number; readonly rep: Rep };
