/** The pictures of docs/screenshots that show the kit: `npm run pictures`. */
import { fileURLToPath } from "node:url";
import { expect, test } from "../e2e/fixtures.ts";

const TARGET = process.env.SIO_SCREENSHOTS ?? fileURLToPath(new URL("../../../docs/screenshots/", import.meta.url));

const NOW = new Date("2026-11-27T17:30:00-05:00");

// On a desk everything side by side, on a phone the open panel.
const VIEWS = [
  { width: 1280, height: 800, scene: "sheet", options: {} },
  { width: 390, height: 844, scene: "panel", options: { hasTouch: true, isMobile: true } },
  { width: 320, height: 640, scene: "panel", options: { hasTouch: true, isMobile: true } },
] as const;

for (const language of ["es", "en"]) {
  for (const theme of ["light", "dark"]) {
    test(`the kit, ${language}, ${theme}`, async ({ browser, gallery }) => {
      for (const { width, height, scene, options } of VIEWS) {
        const viewport = { width, height };
        const context = await browser.newContext({
          viewport,
          reducedMotion: "reduce",
          timezoneId: "America/Lima",
          ...options,
        });
        const page = await context.newPage();
        await page.clock.setFixedTime(NOW); // an afternoon, so that what is hours old is of today
        await page.goto(`${gallery}?scene=${scene}&lang=${language}&theme=${theme}`);
        if (scene === "panel") await page.getByRole("dialog").waitFor();
        else await expect(page.locator("[data-sonner-toast][data-mounted=true]")).toHaveCount(4);
        await page.screenshot({ path: `${TARGET}kit-${language}-${theme}-${width}.png`, animations: "disabled" });
        await context.close();
      }
    });
  }
}
