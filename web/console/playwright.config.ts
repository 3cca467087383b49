import { defineConfig } from "@playwright/test";
import { browserPath } from "./e2e/browser.ts";

const executablePath = browserPath();

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // Each test has a server of its own where it does something to it; two at a time are enough for two cores.
  fullyParallel: true,
  workers: Number(process.env.WORKERS ?? 2),
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    locale: "es-ES",
    timezoneId: "Europe/Madrid",
    viewport: { width: 1280, height: 860 },
    trace: "retain-on-failure",
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
