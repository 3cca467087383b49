import type { Page } from "@playwright/test";
import { violationsOf } from "./axe.ts";
import { expect, isConnected, test } from "./fixtures.ts";

const SECTIONS = [
  "/",
  "/enviar/reserva_creada",
  "/en-vivo",
  "/historial",
  "/usuarios/42",
  "/catalogo",
  "/simulador",
  "/api",
];

async function isClean(page: Page, where: string): Promise<void> {
  expect([where, await violationsOf(page)]).toEqual([where, []]);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`no state of the shell has an accessibility violation: ${colorScheme}`, async ({ browser, server, connect }) => {
    test.setTimeout(180_000);
    await connect("42", "turista");
    await server.notify({ type: "test", message: "hola" });
    await server.notify({ type: "tipo_que_no_hay" }).catch(() => undefined);
    const context = await browser.newContext({ colorScheme, locale: "es-ES", reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(server.url);
    await isConnected(page);

    await page.getByRole("button", { name: "Preferencias" }).click();
    await page.getByRole("radiogroup", { name: "Idioma" }).waitFor();
    await isClean(page, "preferences");
    await page.keyboard.press("Escape");

    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("a");
    await page.getByRole("option").first().waitFor();
    await isClean(page, "palette");
    await page.keyboard.press("Escape");

    await page.locator(".error-row").first().click();
    await page.getByText("Ver como tabla").first().click();
    await isClean(page, "a refusal and a chart's table, open");

    await page.goto(`${server.url}/#/usuarios/%E0%A4%A`);
    await page.getByText("Esta dirección no se puede leer").waitFor();
    await isClean(page, "an address that is none");

    await page.goto(`${server.url}/#/`);
    await page.locator(".figures").waitFor();
    await server.kill();
    await page.getByTestId("banner").waitFor();
    await page.getByText(/el servidor no responde/).waitFor();
    await isClean(page, "without the server");
    await context.close();
  });
}

test("an empty server has no accessibility violation", async ({ consolePage: page }) => {
  await page.locator(".step").first().waitFor();
  await isClean(page, "the guide");
});

test("with the colours of the reader no section has an accessibility violation", async ({
  browser,
  server,
  connect,
}) => {
  test.setTimeout(240_000);
  await connect("42", "turista");
  await server.notify({ type: "test", message: "hola", priority: "critical" });
  const context = await browser.newContext({ forcedColors: "active", locale: "es-ES", reducedMotion: "reduce" });
  const page = await context.newPage();
  for (const path of SECTIONS) {
    await page.goto(`${server.url}/#${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expect(page.getByRole("status", { name: "Cargando…" })).toHaveCount(0);
    await isClean(page, path);
  }
  await context.close();
});

test("at 320 pixels no section has an accessibility violation, and none is wider", async ({
  browser,
  server,
  connect,
}) => {
  test.setTimeout(240_000);
  await connect("42", "turista");
  await server.notify({ type: "reserva_creada", data: { usuario_id: "42", tour_nombre: "Colca", personas: 2 } });
  const viewport = { width: 320, height: 640 };
  const context = await browser.newContext({ viewport, locale: "en-GB", reducedMotion: "reduce" });
  const page = await context.newPage();
  for (const path of [...SECTIONS, "/api/notify"]) {
    await page.goto(`${server.url}/#${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expect(page.getByRole("status", { name: "Loading…" })).toHaveCount(0);
    await isClean(page, path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([path, overflow]).toEqual([path, 0]);
  }
  await context.close();
});
