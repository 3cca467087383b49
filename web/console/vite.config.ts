import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, type ProxyOptions } from "vite";
import { compression } from "vite-plugin-compression2";
import { defineConfig } from "vitest/config";
import { mantineStyles } from "./mantineStyles.ts";

// Where `vite` sends what the server answers while the console is being worked on.
const server = process.env.SIO_SERVER_ADDRESS ?? "http://127.0.0.1:8080";
const paths = ["/notify", "/v1", "/health", "/metrics", "/docs", "/openapi.json", "/static"];

const proxy: Record<string, ProxyOptions> = { "/socket.io": { target: server, ws: true } };
for (const path of paths) proxy[path] = { target: server };

export default defineConfig({
  // Relative to where the page and its styles are: a proxy may serve all of it below a path.
  base: "./",
  plugins: [
    react(),
    mantineStyles(readFileSync(new URL("src/mantine.css", import.meta.url), "utf8")),
    // The server picks the compressed file by Accept-Encoding; below a kilobyte it is not worth a file.
    compression({ algorithms: ["gzip", "brotliCompress"], threshold: 1024 }),
  ],
  resolve: { conditions: ["@sio-server/source", ...defaultClientConditions] },
  build: {
    outDir: fileURLToPath(new URL("../../sio_server/static/console", import.meta.url)),
    emptyOutDir: true,
    // The policy of the page allows no inline source but `data:` images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What the first page needs comes in one file, however many of the later ones share parts of it: a slow line waits for each.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
    target: "es2022",
    // The first that know light-dark(), which the styles are written with.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
  server: { proxy },
  // What needs a page is in e2e/, with a real browser and a real server.
  test: { include: ["test/**/*.test.ts"], environment: "happy-dom", globalSetup: "./e2e/forks.ts" },
});
