import type { Page } from "@playwright/test";
import { expect, isConnected, test } from "./fixtures.ts";
import { overflowOf, rightOf, settled } from "./layout.ts";
import { KEY } from "./server.ts";

const palette = (page: Page) => page.getByRole("dialog", { name: "Buscar en la consola" });

async function search(page: Page, text: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await palette(page).getByRole("combobox").fill(text);
}

test("one field leads to a section, a user, a type and a notification, without the mouse", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("ana.quispe", "admin");
  const { id } = await server.notify({ type: "test", message: "buscada" });
  const heading = (name: string) => page.getByRole("heading", { level: 1, name, exact: true });

  await search(page, "catalogo");
  await page.keyboard.press("Enter");
  await expect(heading("Catálogo")).toBeFocused();
  await expect(palette(page)).toHaveCount(0);

  await search(page, "quispe");
  await expect(
    palette(page)
      .getByRole("option", { name: /ana\.quispe/ })
      .first(),
  ).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 2, name: "ana.quispe" })).toBeVisible();

  await search(page, "tour elim");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /tour_eliminado/ })).toHaveAttribute("aria-expanded", "true");

  await search(page, ` ${id.toUpperCase()} `);
  await page.keyboard.press("Enter");
  await expect(heading("Notificación")).toBeVisible();
  await expect(page).toHaveURL(new RegExp(id));
});

test("the arrows choose, Escape leaves, and the focus goes back to where it was", async ({ consolePage: page }) => {
  const button = page.getByRole("button", { name: "Buscar en la consola" });
  await button.focus();
  await page.keyboard.press("Enter");
  const options = palette(page).getByRole("option");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowDown");
  await expect(options.nth(1)).toHaveAttribute("aria-selected", "true");
  const second = await options.nth(1).getAttribute("id");
  await expect(palette(page).getByRole("combobox")).toHaveAttribute("aria-activedescendant", second ?? "");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(options.last()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(palette(page)).toHaveCount(0);
  await expect(button).toBeFocused();
});

test("a tab that is not looked at says that something is wrong", async ({ consolePage: page, server }) => {
  await expect(page).toHaveTitle("Resumen · sio-server");
  await server.kill();
  await expect(page).toHaveTitle("(!) Resumen · sio-server");
  await expect(page.locator('link[rel="icon"]')).toHaveAttribute("href", "./favicon-alert.svg");
  await server.again();
  await expect(page).toHaveTitle("Resumen · sio-server");
  await expect(page.locator('link[rel="icon"]')).toHaveAttribute("href", "./favicon.svg");
});

test("an address that cannot be read says so, wherever it is broken", async ({ consolePage: page, server }) => {
  for (const broken of ["usuarios/%E0%A4%A", "historial/%", "enviar/%zz", "usuarios?q=%E0%A4", "api/%C3"]) {
    await page.goto(`${server.url}/#/${broken}`);
    await expect(page.getByText("Esta dirección no se puede leer")).toBeVisible();
    await expect(page.getByText("Algo ha fallado")).toHaveCount(0);
    await page.getByRole("link", { name: "Ir al Resumen" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Resumen" })).toBeVisible();
  }
});

for (const user of ["100%", "a/b", "¿quién?", "ana#1", "x%20y"]) {
  test(`a user may be called ${user}`, async ({ consolePage: page, server, connect }) => {
    await connect(user, "turista");
    await server.notify({ type: "test", message: "para ti", audience: { users: [user] } });
    await page.goto(`${server.url}/#/usuarios/${encodeURIComponent(user)}`);
    await expect(page.getByRole("heading", { level: 2, name: user, exact: true })).toBeVisible();
    await expect(page.getByText("para ti")).toBeVisible();
    await expect(page.getByText("No está conectado ahora.")).toHaveCount(0);
  });
}

test("at 320 pixels everything of the header can be reached, connected or not", async ({
  consolePage: page,
  server,
}) => {
  await page.setViewportSize({ width: 320, height: 700 });
  const inside = async () => {
    for (const name of ["Menú", "Buscar en la consola", "Preferencias"]) {
      const button = page.getByRole("button", { name });
      const isInside = async () => ((await button.boundingBox())?.x ?? -1) >= 0 && (await rightOf(button)) <= 320;
      await expect.poll(async () => [name, await isInside()]).toEqual([name, true]);
    }
    await expect.poll(() => overflowOf(page)).toBe(0);
  };
  await inside();
  await server.kill();
  await page.locator('[data-status="reconnecting"]').waitFor();
  await inside();
});

for (const language of ["es", "en"]) {
  test(`who signed in with a key can read the way out: ${language}`, async ({ browser, secured }) => {
    const context = await browser.newContext({ locale: language });
    const page = await context.newPage();
    await page.goto(secured.url);
    await page.locator("input").fill(KEY);
    await page.locator("input").press("Enter");
    await isConnected(page);
    const out = page.getByRole("button", { name: language === "es" ? "Cerrar sesión" : "Sign out" });
    const isCut = () =>
      out
        .locator(".mantine-Button-label")
        .evaluate((label) => label.scrollWidth > label.clientWidth || label.getBoundingClientRect().width === 0);
    await expect.poll(isCut).toBe(false);
    await context.close();
  });
}

test("the field of the sign-in has the focus, and the button keeps its name while one has to wait", async ({
  page,
  secured,
}) => {
  await page.goto(secured.url);
  await expect(page.getByLabel("Token o clave")).toBeFocused();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await page.getByLabel("Token o clave").fill(`wrong ${attempt}`);
    await page.keyboard.press("Enter");
    await expect(page.getByText("El servidor no acepta esta credencial.")).toBeVisible();
  }
  await expect(page.getByText(/^Espera \d s antes/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Entrar" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Entrar" })).toBeEnabled();
});

test("something is seen before any script has come", async ({ page, server }) => {
  await page.route("**/assets/*.js", (route) => route.abort());
  await page.goto(server.url);
  await expect(page.getByRole("status", { name: /Cargando/ })).toBeVisible();
  await expect(page.getByText("sio-server", { exact: true })).toBeVisible();
});

test("with the colours of the reader the current section and the bars are still told apart", async ({
  consolePage: page,
  connect,
  server,
}) => {
  await connect("42", "turista");
  await server.notify({ type: "test" });
  await page.emulateMedia({ forcedColors: "active" });
  const outline = (name: string) =>
    page
      .getByRole("navigation")
      .getByRole("link", { name, exact: true })
      .evaluate((link) => getComputedStyle(link).outlineStyle);
  await expect.poll(async () => [await outline("Resumen"), await outline("Enviar")]).toEqual(["solid", "none"]);
  const bar = page.locator(".gauge-fill").first();
  const isToldApart = () =>
    bar.evaluate(
      (element) =>
        getComputedStyle(element).backgroundColor !==
        getComputedStyle(element.parentElement ?? element).backgroundColor,
    );
  await expect.poll(isToldApart).toBe(true);
  // The charts come on their own, after the figures.
  const swatches = page.locator(".swatch");
  await expect(swatches).toHaveCount(4);
  const styles = () => swatches.evaluateAll((all) => all.map((one) => getComputedStyle(one).borderTopStyle));
  await expect.poll(async () => new Set(await styles())).toEqual(new Set(["solid", "dashed"]));
});

test("a larger text makes rows and icons larger, and nothing lies over anything", async ({
  consolePage: page,
  server,
}) => {
  await server.notify({ type: "recomendacion_creada", data: { usuario_id: "1", titulo: "Colca" } });
  const icon = page.getByRole("navigation").getByRole("link", { name: "Resumen" }).locator("svg");
  const width = async () => (await icon.boundingBox())?.width ?? 0;
  await settled(page);
  const before = await width();
  await page.addStyleTag({ content: "html { font-size: 200% !important; }" });
  await expect.poll(width).toBeCloseTo(2 * before, 0);
  const row = page.locator(".latest-row").first();
  const isApart = () =>
    row.evaluate(({ children }) => {
      const [time, type] = [...children].map((cell) => cell.getBoundingClientRect());
      if (!time || !type) return false;
      return time.right <= type.left || time.bottom <= type.top + 1 || time.left >= type.right;
    });
  await expect.poll(isApart).toBe(true);
});
