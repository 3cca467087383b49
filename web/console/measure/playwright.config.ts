import { defineConfig } from "@playwright/test";
import { wholeBrowserPath } from "../e2e/browser.ts";
import tests from "../playwright.config.ts";

const executablePath = wholeBrowserPath();

/** Measurements and pictures: one thing at a time, in the browser that people have. */
export default defineConfig({
  ...tests,
  testDir: ".",
  workers: 1,
  fullyParallel: false,
  use: {
    ...tests.use,
    contextOptions: {},
    launchOptions: { ...tests.use?.launchOptions, ...(executablePath === undefined ? {} : { executablePath }) },
  },
});
