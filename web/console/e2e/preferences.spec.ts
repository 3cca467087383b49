import { expect, section, test } from "./fixtures.ts";
import { overflowOf, settled } from "./layout.ts";

test("the language is switched, and kept", async ({ consolePage: page }) => {
  await page.getByRole("button", { name: "Preferencias" }).click();
  await page.getByText("English", { exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
});

test("the theme is switched, and kept", async ({ consolePage: page }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await settled(page);
  const light = await background();
  await page.getByRole("button", { name: "Preferencias" }).click();
  await page.getByText("Oscuro", { exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await expect.poll(background).not.toBe(light);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("rows can stand closer, and that is kept", async ({ consolePage: page, server }) => {
  await page.goto(`${server.url}/#/catalogo`);
  const row = page.getByRole("button", { name: /tour_creado/ });
  const height = async () => (await row.boundingBox())?.height ?? 0;
  await row.waitFor();
  await settled(page);
  const roomy = await height();
  await page.getByRole("button", { name: "Preferencias" }).click();
  await page.getByText("Compacta", { exact: true }).click();
  await expect.poll(height).toBeLessThan(roomy);
  await page.reload();
  await row.waitFor();
  await expect.poll(height).toBeLessThan(roomy);
});

test("preferences are chosen with the keyboard, and Escape goes back to their button", async ({
  consolePage: page,
}) => {
  await page.getByRole("button", { name: "Preferencias" }).focus();
  await page.keyboard.press("Enter");
  const languages = page.getByRole("radiogroup", { name: "Idioma" });
  await languages.getByRole("radio", { name: "Español" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Preferences" })).toBeFocused();
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
  for (const name of ["Enviar", "En vivo", "Historial", "Usuarios", "Catálogo", "Claves", "Simulador", "API"]) {
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
  await expect.poll(() => overflowOf(page)).toBe(0);
});
