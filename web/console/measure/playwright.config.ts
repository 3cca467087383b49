import { defineConfig } from "@playwright/test";
import tests from "../playwright.config.ts";

/** Measurements and pictures: one thing at a time, and no trace, which costs time itself. */
export default defineConfig({
  ...tests,
  testDir: ".",
  workers: 1,
  fullyParallel: false,
  use: { ...tests.use, trace: "off" },
});
