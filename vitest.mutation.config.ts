import { defineConfig } from "vitest/config";

/** For `npm run test:mutation`: the tests that need nothing, since a database would be started for each mutant. */
export default defineConfig({
  test: { include: ["core/**/*.test.ts"], testTimeout: 60_000 },
});
