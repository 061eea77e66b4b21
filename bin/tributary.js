#!/usr/bin/env node
// The sources are TypeScript and run as they are. Node 22.18 and later strip the types themselves; Node 20 needs tsx.
if (!process.features.typescript) {
  const { register } = await import("tsx/esm/api");
  register();
}
await import("./tributary.ts");
