#!/usr/bin/env node
import v8 from "node:v8";

// Records live for a few batches and then go. Left to itself, V8 lets such a heap grow with the memory of the machine before it looks
// through the whole of it: 280 MB for 10,000 records, 400 MB for 60,000. Growing by a quarter at a time keeps both at 260 MB.
v8.setFlagsFromString("--heap-growing-percent=25");

// The sources are TypeScript and run as they are. Node 22.18 and later strip the types themselves; Node 20 needs tsx.
if (!process.features.typescript) {
  const { register } = await import("tsx/esm/api");
  register();
}
await import("./tributary.ts");
