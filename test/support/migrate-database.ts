/** A process that migrates the database it reads from stdin, and writes the names of what it applied. */
import { text } from "node:stream/consumers";
import { type DatabaseTarget, openStore } from "../../core/store/db.ts";
import { migrate } from "../../core/store/migrate.ts";

const store = openStore(JSON.parse(await text(process.stdin)) as DatabaseTarget);
process.stdout.write(JSON.stringify(await migrate(store.db)));
await store.close();
