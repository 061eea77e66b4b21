import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// To work on the console: `npm run console`, beside a hub that runs (HUB says where; by default at the demo's address). Pages load themselves
// anew when a source changes.
const hub = process.env["HUB"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: fileURLToPath(new URL("app", import.meta.url)),
  base: "/console/",
  build: {
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    // A font or picture as `data:` would need an exception in the content security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  server: {
    proxy: {
      // The hub takes writes from its own pages alone.
      "^/(api|sign-out|sign-in|first-admin|oauth|tv|feeds|docs|assets|queues|readyz)(/|$)": {
        target: hub,
        changeOrigin: true,
        headers: { origin: hub },
      },
    },
  },
});
