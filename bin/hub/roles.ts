/** What a process of the hub can be; any number of each may run. */
export const ROLES = ["api", "worker", "scheduler"] as const;
export type Role = (typeof ROLES)[number];

/** Requests and jobs get this long to end by themselves; a job that does not is taken up by another worker. */
export const DRAIN_MS = 25_000;
