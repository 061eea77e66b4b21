/** How a command ends. `incomplete`: done, but something was refused or held back; what is there is not whole. */
export const EXIT = { done: 0, failed: 1, wrongUsage: 2, incomplete: 3, interrupted: 130 } as const;
