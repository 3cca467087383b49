import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";
import { browserPath } from "./e2e/browser.ts";

const executablePath = browserPath();

export default defineConfig({
  testDir: "e2e",
  globalSetup: fileURLToPath(new URL("./e2e/forks.ts", import.meta.url)),
  outputDir: "test-results",
  // Nets, and no measures: whoever waits goes on as soon as it has come, on whatever machine this is.
  timeout: 180_000,
  expect: { timeout: 45_000 },
  // Each test has a server of its own where it does something to it, and waits for two fifths of the time: four at once
  // fill two cores.
  fullyParallel: true,
  workers: Number(process.env.WORKERS ?? 4),
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    locale: "es-ES",
    timezoneId: "Europe/Madrid",
    viewport: { width: 1280, height: 860 },
    // What moves is not what is tested, but where it is afterwards; what is about moving says so.
    contextOptions: { reducedMotion: "reduce" },
    // A trace copies the page at every step, which doubles what a test costs. A failure has the page as text and a picture;
    // `--trace on` shows the rest.
    screenshot: "only-on-failure",
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
