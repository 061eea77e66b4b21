/** Where "now" comes from. Everything that asks for the time takes one of these, so a test can say what time it is. */
export type Clock = {
  /** The current instant. */
  now(): Date;
};

export const systemClock: Clock = { now: () => new Date() };
