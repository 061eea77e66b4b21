// @ts-check
// The demo's second process. The command line itself is left out, since it takes longer to load than the vendors do.
import { load } from "../program/load.js";

const { serveVendors } = /** @type {typeof import("./vendors.ts")} */ (await load("bin/demo/vendors.ts"));
await serveVendors();
process.exit(0);
