/** Which pairs to make where one may go with several. */

/** A pair that may be made. `worth` is above 0: more is better. */
export type Candidate = { readonly left: number; readonly right: number; readonly worth: bigint };

/**
 * The pairs of highest total worth, each side in at most one of them. Equal input in equal order gives an equal answer.
 *
 * Each left one is added in turn by the cheapest chain of changes: it takes a right one, whose former partner takes another, until somebody
 * finds a free one or is left out. That keeps the whole at its best (successive shortest paths).
 */
export function bestAssignment<C extends Candidate>(candidates: readonly C[]): C[] {
  const byLeft = new Map<number, C[]>();
  for (const one of candidates) {
    const own = byLeft.get(one.left);
    if (own === undefined) byLeft.set(one.left, [one]);
    else own.push(one);
  }
  const takenBy = new Map<number, C>();
  for (const start of byLeft.keys()) add(start, byLeft, takenBy);
  return [...takenBy.values()];
}

function add<C extends Candidate>(
  start: number,
  byLeft: ReadonlyMap<number, readonly C[]>,
  takenBy: Map<number, C>,
): void {
  // What it costs to make each left one free to choose, and by which pair it lost its partner.
  const cost = new Map([[start, 0n]]);
  const pushedBy = new Map<number, C>();
  let best: { readonly cost: bigint; readonly left: number; readonly last: C | null } = {
    cost: 0n,
    left: start,
    last: null,
  };
  const queue = [start];
  for (let left = queue.shift(); left !== undefined; left = queue.shift()) {
    const sofar = cost.get(left) ?? 0n;
    if (sofar < best.cost) best = { cost: sofar, left, last: null };
    for (const one of byLeft.get(left) ?? []) {
      const holder = takenBy.get(one.right);
      if (holder?.left === left) continue;
      const then = sofar - one.worth + (holder?.worth ?? 0n);
      if (holder === undefined) {
        if (then < best.cost) best = { cost: then, left, last: one };
        continue;
      }
      const known = cost.get(holder.left);
      if (known === undefined || then < known) {
        cost.set(holder.left, then);
        pushedBy.set(holder.left, one);
        queue.push(holder.left);
      }
    }
  }
  // Back along the chain: who was pushed away has found another, or is left out.
  let { left, last } = best;
  const changes: C[] = [];
  for (;;) {
    if (last !== null) changes.push(last);
    const pushing = pushedBy.get(left);
    if (left === start || pushing === undefined) break;
    last = pushing;
    left = pushing.left;
  }
  for (const change of changes) takenBy.set(change.right, change);
}
