import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["bin", "config", "connectors", "core", "dashboards", "workers"];

/** The lint rules see who imports Kysely; this sees who builds a query with a database that was handed in. */
test("queries are built in core/store and core/metrics alone", () => {
  const builders = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .map((file) => path.join(folder, file))
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !/^core\/(store|metrics)\//.test(file))
      // Sealed columns are found by what declares them, in the same file.
      .filter((file) => file !== "core/secrets/rotate.ts")
      .filter((file) =>
        /\bsql(<[^`]*>)?`|\.(selectFrom|insertInto|updateTable|deleteFrom)\(|\.(pool|client)\.query\(/.test(
          readFileSync(path.join(ROOT, file), "utf8"),
        ),
      ),
  );
  expect(builders).toEqual([]);
});
