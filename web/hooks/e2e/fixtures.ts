import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as base } from "@playwright/test";
import { build, preview } from "vite";
import { Server } from "../../console/e2e/server.ts";

interface Fixtures {
  /** A server in development mode, for this test alone. */
  server: Server;
}

interface Shared {
  /** Where the gallery is, built as it is published. */
  gallery: string;
}

const GALLERY = resolve(import.meta.dirname, "../gallery");

export const test = base.extend<Fixtures, Shared>({
  // eslint-disable-next-line no-empty-pattern -- how Playwright names what a fixture depends on
  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.stop();
  },
  gallery: [
    // eslint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      const outDir = await mkdtemp(join(tmpdir(), "sio-gallery-"));
      const options = { root: GALLERY, logLevel: "warn", build: { outDir, emptyOutDir: true } } as const;
      await build(options);
      const server = await preview({ ...options, preview: { host: "127.0.0.1", port: 0 } });
      await use(server.resolvedUrls?.local[0] ?? "");
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
    { scope: "worker" },
  ],
});

export { expect } from "@playwright/test";
export type { Server } from "../../console/e2e/server.ts";
