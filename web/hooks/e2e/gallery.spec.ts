import type { Page } from "@playwright/test";
import { violationsOf } from "../../console/e2e/axe.ts";
import { expect, test } from "./fixtures.ts";

const SCENES = [
  "bells",
  "inbox",
  "group",
  "difficult",
  "loading",
  "empty",
  "read",
  "archive",
  "failed",
  "offline",
  "refused",
  "many",
  "own",
  "unstyled",
  "banners",
  "toasts",
  "toasts-own",
  "panel",
  "panel-start",
  "panel-foot",
];

const LOOKS = {
  light: { query: "theme=light", options: {} },
  dark: { query: "theme=dark", options: {} },
  "dark by the system, in English": { query: "lang=en", options: { colorScheme: "dark" } },
  "from right to left": { query: "dir=rtl", options: {} },
  "in forced colours": { query: "", options: { forcedColors: "active" } },
  "320 wide": { query: "", options: { viewport: { width: 320, height: 640 } } },
  "a phone": {
    query: "lang=en&theme=dark",
    options: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  },
} as const;

// Each scene adds this to the test's time.
const SCENE_MS = 20_000;

/** What sticks out of the window, or makes the page scroll to the side. */
async function outside(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { clientWidth, clientHeight, scrollWidth } = document.documentElement;
    const wide = scrollWidth > clientWidth + 1 ? [`the page is ${scrollWidth} wide`] : [];
    const fixed = [...document.querySelectorAll(".sio-panel, .sio-toast")];
    const out = fixed.flatMap((element) => {
      const { left, top, right, bottom } = element.getBoundingClientRect();
      const isIn = left >= -1 && top >= -1 && right <= clientWidth + 1 && bottom <= clientHeight + 1;
      return isIn ? [] : [`${element.className}: ${[left, top, right, bottom].map(Math.round).join(" ")}`];
    });
    return [...wide, ...out];
  });
}

for (const [name, { query, options }] of Object.entries(LOOKS)) {
  test(`no state of the kit has an accessibility violation or leaves the window: ${name}`, async ({
    browser,
    gallery,
  }) => {
    const context = await browser.newContext({ locale: "es-PE", reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    for (const scene of SCENES) {
      test.setTimeout(test.info().timeout + SCENE_MS);
      await page.goto(`${gallery}?scene=${scene}&${query}`);
      await page.locator(`[data-scene="${scene}"]`).waitFor();
      if (scene.startsWith("toasts"))
        await expect(page.locator("[data-sonner-toast][data-mounted=true]")).toHaveCount(4);
      if (scene.startsWith("panel")) await page.getByRole("dialog").waitFor();
      if (scene === "refused") await page.getByRole("alert").waitFor();
      expect([scene, await violationsOf(page)]).toEqual([scene, []]);
      expect([scene, await outside(page)]).toEqual([scene, []]);
    }
    await context.close();
  });
}

test("every control is at least 24 pixels in both directions", async ({ page, gallery }) => {
  for (const scene of SCENES.filter((one) => one !== "unstyled")) {
    await page.goto(`${gallery}?scene=${scene}`);
    await page.locator(`[data-scene="${scene}"]`).waitFor();
    if (scene.startsWith("toasts")) await expect(page.locator("[data-sonner-toast][data-mounted=true]")).toHaveCount(4);
    const small = await page.evaluate(() =>
      // Of a title the area that can be clicked is the whole entry.
      [...document.querySelectorAll("main button:not(.sio-item-title, .sio-group-toggle)")]
        .map((button) => ({ name: button.textContent || button.ariaLabel, box: button.getBoundingClientRect() }))
        .filter(({ box }) => box.width < 23.9 || box.height < 23.9)
        .map(({ name, box }) => `${name} ${box.width}x${box.height}`),
    );
    expect([scene, small]).toEqual([scene, []]);
  }
});
