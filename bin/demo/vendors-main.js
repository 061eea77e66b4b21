// The demo's second process. As in ../tributary.js, Node 20 needs tsx to run the sources; the command line itself is left out, since it
// takes longer to load than the vendors do.
if (!process.features.typescript) {
  const { register } = await import("tsx/esm/api");
  register();
}
const { serveVendors } = await import("./vendors.ts");
await serveVendors();
process.exit(0);
