import type { Locator, Page } from "@playwright/test";

/** What a page is looked at with; what is left out stays as it was. */
export interface Look {
  colorScheme?: "light" | "dark";
  forcedColors?: "active" | "none";
  width?: number;
  height?: number;
}

/** Has the page looked at differently, without loading it again, and waits until it is. */
export async function look(page: Page, { colorScheme, forcedColors, width, height }: Look): Promise<void> {
  const size = page.viewportSize() ?? { width: 1280, height: 860 };
  await page.setViewportSize({ width: width ?? size.width, height: height ?? size.height });
  await page.emulateMedia({
    ...(colorScheme !== undefined && { colorScheme }),
    ...(forcedColors !== undefined && { forcedColors }),
  });
  await settled(page);
}

/** Waits until letters have their typeface and everything that moves and comes to an end has come to it. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    const moving = () =>
      document
        .getAnimations()
        .filter(({ playState, effect }) => playState === "running" && effect?.getComputedTiming().endTime !== Infinity);
    await document.fonts.ready;
    await frame();
    await frame(); // what a look changes is drawn by then, and what begins to move has begun
    for (let now = moving(); now.length > 0; now = moving()) {
      await Promise.allSettled(now.map(({ finished }) => finished));
      await frame();
    }
  });
}

/** By how much the page is wider than the window. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

/** Where something ends to the right; nowhere while it is not to be seen. */
export async function rightOf(element: Locator): Promise<number> {
  const box = await element.boundingBox();
  return box ? box.x + box.width : Infinity;
}
