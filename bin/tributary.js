#!/usr/bin/env node
import v8 from "node:v8";

// Records live for a few batches and then go. Left to itself, V8 lets such a heap grow with the memory of the machine before it looks
// through the whole of it, and a long load holds half as much memory again as a short one. Doubling at most keeps the one within a quarter
// of the other (docs/decisions/0006).
v8.setFlagsFromString("--heap-growing-percent=100");

// The sources are TypeScript and run as they are. Node 22.18 and later strip the types themselves; Node 20 needs tsx.
if (!process.features.typescript) {
  const { register } = await import("tsx/esm/api");
  register();
}
await import("./tributary.ts");
