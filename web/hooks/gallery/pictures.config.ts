import { defineConfig } from "@playwright/test";
import tests from "../playwright.config.ts";

export default defineConfig({
  ...tests,
  testDir: ".",
  testMatch: "pictures.ts",
  workers: 1,
  outputDir: "../test-results",
});
