import { defineConfig } from "@playwright/test";
import console from "../console/playwright.config.ts";

/** The kit in a browser: every state of the gallery, and the kit over real sockets. */
export default defineConfig({
  ...console,
  testDir: "e2e",
  outputDir: "test-results",
  use: { ...console.use, timezoneId: "America/Lima" },
});
