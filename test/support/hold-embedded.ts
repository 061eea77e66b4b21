/** A process that opens the embedded database of a data folder, says so, and holds it until it is told to end. */
import { openEmbedded } from "../../core/store/embedded/index.ts";

const database = await openEmbedded({ dataDir: process.argv[2] ?? "" });
process.on("SIGTERM", () => void database.release().then(() => process.exit(0)));
process.stdout.write("open\n");
setInterval(() => undefined, 60_000);
