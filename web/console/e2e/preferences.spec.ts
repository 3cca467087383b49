import { expect, section, test } from "./fixtures.ts";

test("the language is switched, and kept", async ({ consolePage: page }) => {
  await page.getByRole("button", { name: "Preferencias" }).click();
  await page.getByRole("menuitemradio", { name: "English" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
});

test("the theme is switched, and kept", async ({ consolePage: page }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Preferencias" }).click();
  await page.getByRole("menuitemradio", { name: "Oscuro" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("every section is reached with the keyboard, past a link that skips the navigation", async ({
  consolePage: page,
}) => {
  await page.keyboard.press("Tab");
  await page.locator("body").evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press("Home");
  const skip = page.getByRole("link", { name: "Saltar al contenido" });
  await skip.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  for (const name of ["Enviar", "En vivo", "Historial", "Usuarios", "Catálogo", "Simulador", "API"]) {
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1, name, exact: true })).toBeFocused();
  }
});

test("on a phone the sections are behind the menu", async ({ consolePage: page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("button", { name: "Menú" }).click();
  await section(page, "Historial");
  await expect(page.getByRole("button", { name: "Menú" })).toBeVisible();
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
});
