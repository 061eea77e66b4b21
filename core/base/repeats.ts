/** So long after a line was said, equal ones are only counted. */
const QUIET_MS = 60_000;
/** So many different lines are remembered; beyond them the oldest is said again. */
const MOST_KNOWN = 1000;

/**
 * Says equal lines once, then counts: what fails in a loop would otherwise write a log faster than anybody can read or store it, and hide all
 * else in it. When the time is over, how often it was said meanwhile is told in one line.
 */
export class Repeats {
  private readonly known = new Map<string, { count: number; readonly timer: NodeJS.Timeout }>();

  /** @param tell is called when the time is over, if the line came again. @returns whether the line is to be said now. */
  isNew(line: string, tell: (times: number) => void): boolean {
    const known = this.known.get(line);
    if (known !== undefined) {
      known.count += 1;
      return false;
    }
    const timer = setTimeout(() => {
      const count = this.known.get(line)?.count ?? 0;
      this.known.delete(line);
      if (count > 0) tell(count);
    }, QUIET_MS);
    // It must not keep a process alive.
    timer.unref();
    this.known.set(line, { count: 0, timer });
    const [oldest] = this.known;
    if (this.known.size > MOST_KNOWN && oldest !== undefined) {
      clearTimeout(oldest[1].timer);
      this.known.delete(oldest[0]);
    }
    return true;
  }
}
