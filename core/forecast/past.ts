import type { ForecastDeal, SettledDeals } from "./deals.ts";
import { type Ground, groundOf, type Slice, sliceIn } from "./ground.ts";
import { type Landmark, landmarkOf, type TouchModel, touchModelOf } from "./touches.ts";

/** What was known on past days, each worked out once: several slices, horizons and methods ask of the same days. */
export class Past {
  readonly deals: readonly ForecastDeal[];
  /** The longest horizon that is asked for, days. */
  readonly longest: number;
  /** Days at whose ends forecasts are tried and from which is learnt, the earliest first. */
  readonly days: readonly number[];
  readonly #grounds = new Map<number, Ground>();
  readonly #wholes = new Map<number, Slice>();
  readonly #settled: SettledDeals = new Map();
  readonly #landmarks = new Map<string, readonly Landmark[]>();
  readonly #models = new Map<string, TouchModel | null>();

  constructor(deals: readonly ForecastDeal[], longest: number, days: readonly number[]) {
    this.deals = deals;
    this.longest = longest;
    this.days = days;
  }

  ground(day: number): Ground {
    let ground = this.#grounds.get(day);
    if (ground === undefined) this.#grounds.set(day, (ground = groundOf(this.deals, day, this.longest, this.#settled)));
    return ground;
  }

  /** All deals, as they were known at the end of a day. */
  whole(day: number): Slice {
    let whole = this.#wholes.get(day);
    if (whole === undefined) this.#wholes.set(day, (whole = sliceIn(this.ground(day), null, this.longest)));
    return whole;
  }

  /** The open deals of a day, as {@link touchModel} learns from them. */
  landmarks(day: number, days: number): readonly Landmark[] {
    const key = `${day} ${days}`;
    let found = this.#landmarks.get(key);
    if (found === undefined) {
      const slice = this.whole(day);
      this.#landmarks.set(key, (found = slice.open.map((one) => landmarkOf(slice, one, days))));
    }
    return found;
  }

  /** What touches say beyond stage and age, by what was known at the end of a day. */
  touchModel(day: number, days: number): TouchModel | null {
    const key = `${day} ${days}`;
    let model = this.#models.get(key);
    if (model === undefined) this.#models.set(key, (model = touchModelOf(this, day, days)));
    return model;
  }
}
