import { defineConfig } from "vitest/config";

// Projects are told apart by what a test needs: nothing (unit), a database (integration), processes of its own (e2e), minutes (endurance).
// Unit and integration tests change nothing that others see: a worker loads modules once for all its files, which halves their time. What does
// change its process (Zapier's runner wraps its requests) is e2e.
export default defineConfig({
  test: {
    // Vitest leaves a core free, which on two of them leaves one; tests wait for databases and vendors long enough to share.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["{bin,config,connectors,core,dashboards,workers}/**/*.test.ts"],
          isolate: false,
          // The slowest take seconds, all but a few milliseconds. Beside 32 busy programs on two cores each takes some twenty times as long.
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/{integration,conformance}/**/*.test.ts"],
          globalSetup: ["test/support/global-setup.ts"],
          isolate: false,
          // As long as a busy machine may take: what hangs is found all the same.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxConcurrency: 12,
        },
      },
      ...["e2e", "endurance"].map((name) => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: ["test/support/global-setup.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      })),
    ],
  },
});
