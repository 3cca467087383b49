import type { Page } from "@playwright/test";
import { violationsOf } from "../../console/e2e/axe.ts";
import { look, settled } from "../../console/e2e/layout.ts";
import { expect, test } from "./fixtures.ts";

const SCENES = [
  "bells",
  "inbox",
  "group",
  "life",
  "retracted",
  "replaced",
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

// How a page is opened, and with which looks it is looked at then.
const LOADS = {
  "light, dark, in forced colours": {
    query: "theme=light",
    options: {},
    looks: [
      { theme: "light", forcedColors: "none" },
      { theme: "dark", forcedColors: "none" },
      { theme: "light", forcedColors: "active" },
    ],
  },
  "dark by the system, in English": { query: "lang=en", options: { colorScheme: "dark" }, looks: [{}] },
  "from right to left": { query: "dir=rtl", options: {}, looks: [{}] },
  "320 wide": { query: "", options: { viewport: { width: 320, height: 640 } }, looks: [{}] },
  "a phone": {
    query: "lang=en&theme=dark",
    options: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    looks: [{}],
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

/** Opens a scene, as far as it comes by itself; the page is loaded for the first, and for toasts, which outlive a scene. */
async function open(page: Page, gallery: string, scene: string, query = ""): Promise<void> {
  const address = `${gallery}?scene=${scene}&${query}`;
  if (page.url().startsWith(gallery) && !scene.startsWith("toasts")) {
    await page.evaluate((next) => {
      history.pushState(null, "", next);
      dispatchEvent(new PopStateEvent("popstate"));
    }, address);
  } else {
    await page.goto(address);
  }
  await page.locator(`[data-scene="${scene}"]`).waitFor();
  if (scene.startsWith("toasts")) await expect(page.locator("[data-sonner-toast][data-mounted=true]")).toHaveCount(4);
  if (scene.startsWith("panel")) await page.getByRole("dialog").waitFor();
  if (scene === "refused") await page.getByRole("alert").waitFor();
}

for (const [name, { query, options, looks }] of Object.entries(LOADS)) {
  test(`no state of the kit has an accessibility violation or leaves the window: ${name}`, async ({
    browser,
    gallery,
  }) => {
    const context = await browser.newContext({ locale: "es-PE", reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    for (const scene of SCENES) {
      test.setTimeout(test.info().timeout + SCENE_MS);
      await open(page, gallery, scene, query);
      for (const one of looks) {
        if ("theme" in one) {
          await page.evaluate((theme) => (document.documentElement.dataset.theme = theme), one.theme);
          await look(page, one);
        }
        expect([scene, one, await violationsOf(page)]).toEqual([scene, one, []]);
        await expect.poll(async () => [scene, one, await outside(page)]).toEqual([scene, one, []]);
      }
    }
    await context.close();
  });
}

test("every control is at least 24 pixels in both directions", async ({ page, gallery }) => {
  for (const scene of SCENES.filter((one) => one !== "unstyled")) {
    await open(page, gallery, scene);
    await settled(page);
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

test("what is taken back is nowhere, and of those that took each other's place the newest alone is there", async ({
  page,
  gallery,
}) => {
  await open(page, gallery, "retracted", "lang=en");
  await expect(page.getByText("Booking cancelled")).toBeVisible();
  await expect(page.getByText("Laguna 69, now S/ 18")).toHaveCount(0);
  await open(page, gallery, "replaced", "lang=en");
  await expect(page.getByText("Tomorrow’s pick-up")).toHaveCount(1);
  await expect(page.getByText("We pick you up at 6:15.")).toBeVisible();
});
