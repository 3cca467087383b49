import { defineConfig } from "@playwright/test";
import console from "./console/playwright.config.ts";
import hooks from "./hooks/playwright.config.ts";

/** The tests of kit, console and example in one run, so that no core is idle while the last of the others end. */
export default defineConfig({
  ...console,
  projects: [
    // One build of the gallery serves them all.
    { name: "hooks", testDir: "hooks/e2e", outputDir: "hooks/test-results", use: { ...hooks.use }, workers: 1 },
    { name: "console", testDir: "console/e2e", outputDir: "console/test-results", use: { ...console.use } },
    {
      name: "tourism",
      testDir: "../examples/tourism/web/e2e",
      outputDir: "console/test-results/tourism",
      use: { ...console.use },
    },
  ],
});
