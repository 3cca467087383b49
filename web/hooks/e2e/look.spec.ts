import { settled } from "../../console/e2e/layout.ts";
import { expect, test } from "./fixtures.ts";

const accent = (selector: string): string => `getComputedStyle(document.querySelector('${selector}')).backgroundColor`;

test("a variable counts wherever around the component it stands, in light and in dark", async ({ page, gallery }) => {
  for (const theme of ["light", "dark"]) {
    await page.goto(`${gallery}?scene=inbox&theme=${theme}`);
    const chosen = ".sio-filter[aria-pressed=true]";
    await page.locator(chosen).waitFor();
    const colour = (): Promise<string> =>
      page.locator(chosen).evaluate((one) => getComputedStyle(one).borderBlockEndColor);
    await settled(page);
    const before = await colour();
    for (const place of ["html", "body", ".scene", ".sio-inbox"]) {
      await page.locator(place).evaluate((element) => {
        element.style.setProperty("--sio-accent", "rgb(1, 2, 3)");
      });
      await expect.poll(async () => [theme, place, await colour()]).toEqual([theme, place, "rgb(1, 2, 3)"]);
      await page.locator(place).evaluate((element) => {
        element.style.removeProperty("--sio-accent");
      });
    }
    await expect.poll(colour).toBe(before);
  }
});

test("the nearest theme decides, for toasts as well", async ({ browser, gallery }) => {
  const context = await browser.newContext({ colorScheme: "light" });
  const page = await context.newPage();
  for (const scene of ["inbox", "toasts"]) {
    const part = scene === "inbox" ? ".sio-inbox" : ".sio-toast";
    await page.goto(`${gallery}?scene=${scene}`);
    await page.locator(part).first().waitFor();
    await settled(page);
    const colour = () => page.evaluate(accent(part));
    const light = await colour();
    await page.locator("html").evaluate((html) => (html.dataset.theme = "dark"));
    await expect.poll(colour).not.toBe(light);
    await page.locator(".scene").evaluate((scene) => (scene.dataset.theme = "light"));
    await expect.poll(colour).toBe(light);
  }
  await context.close();
});

test("styles that a page gives its own elements do not show", async ({ page, gallery }) => {
  await page.goto(`${gallery}?scene=inbox`);
  const entry = page.getByRole("listitem").first();
  await entry.waitFor();
  await settled(page);
  const before = await entry.evaluate((one) => one.getBoundingClientRect().height);
  await page.addStyleTag({
    content: `button { padding: 1em 2em; border: 4px solid red; background: #222; color: #fff; width: 100%; text-transform: uppercase }
      a { color: red; text-decoration: underline } ul { padding: 40px; list-style: square } p { margin: 2em 0 } h2, h3 { font-size: 3em; margin: 1em }`,
  });
  await settled(page);
  expect(await entry.evaluate((one) => one.getBoundingClientRect().height)).toBe(before);
});

test("a long text is cut, and shown whole when asked for", async ({ page, gallery }) => {
  await page.goto(`${gallery}?scene=difficult`);
  const entries = page.locator(".sio-item");
  await expect(entries).toHaveCount(5);
  const heights = () => entries.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
  await expect.poll(async () => Math.max(...(await heights()))).toBeLessThan(160);
  const more = page.getByRole("button", { name: /^Ver más: Todo lo que/ });
  await more.click();
  const less = page.getByRole("button", { name: /^Ver menos: Todo lo que/ });
  await expect(less).toBeFocused();
  await expect.poll(async () => (await heights())[0]).toBeGreaterThan(200);
  await expect(page.getByText("Día 1: Cusco")).toHaveCSS("white-space", /pre-line/);
});

test("scrolling to the end loads what follows", async ({ page, gallery }) => {
  await page.goto(`${gallery}?scene=many`);
  const entries = page.locator(".sio-item");
  await expect(entries.first()).toBeVisible();
  await expect(async () => {
    await page.locator(".sio-inbox-scroll").evaluate((scroll) => {
      scroll.scrollTop = scroll.scrollHeight;
    });
    await expect(entries).toHaveCount(120, { timeout: 200 });
  }).toPass();
  await expect(page.getByRole("button", { name: "Ver más", exact: true })).toHaveCount(0);
});
