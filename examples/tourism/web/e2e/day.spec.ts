import { type Browser, expect, type Page, test } from "@playwright/test";
import { violationsOf } from "../../../../web/console/e2e/axe.ts";
import { System } from "./system.ts";

const system = new System();
test.beforeAll(() => system.start());
test.afterAll(() => system.stop());

/** A browser of somebody's own. */
async function browserOf(browser: Browser, size = { width: 1280, height: 900 }): Promise<Page> {
  const context = await browser.newContext({ locale: "es-PE", viewport: size });
  const page = await context.newPage();
  await page.goto(system.url);
  return page;
}

const inbox = (page: Page) => page.getByRole("button", { name: /^Notificaciones/ });

test("a day: signing up, booking, confirming, a network that is away, a cancellation, signing out", async ({
  browser,
}) => {
  const marta = await browserOf(browser);
  await marta.getByRole("button", { name: "Marta Salas" }).click();
  await expect(marta.getByText("En directo")).toBeVisible();

  const rosa = await browserOf(browser, { width: 390, height: 844 });
  await rosa.getByRole("button", { name: "Es mi primera vez" }).click();
  await rosa.getByLabel("Nombre").fill("Rosa Huamán");
  await rosa.getByLabel("Correo").fill("rosa@example.org");
  await rosa.getByLabel("Clave").fill("una clave larga");
  await rosa.getByRole("button", { name: "Crear la cuenta" }).click();
  const activity = marta.getByRole("region", { name: "Actividad" });
  await expect(activity).toContainText("Rosa Huamán se ha registrado");

  await rosa.getByRole("button", { name: "Reservar: Cañón del Colca y sus cóndores" }).click();
  await rosa.getByLabel("Personas").fill("3");
  await rosa.getByRole("button", { name: "Confirmar la reserva" }).click();
  const own = rosa.getByRole("region", { name: "Mis reservas" }).getByRole("listitem");
  await expect(own).toHaveCount(1);
  await expect(own).toContainText("Pendiente");
  await expect(rosa.locator(".sio-toast")).toContainText("Reserva de Cañón del Colca y sus cóndores creada");
  await expect(rosa.getByText("Quedan 21 plazas")).toBeVisible();

  const requests = marta.getByRole("region", { name: "Reservas", exact: true });
  await expect(requests).toContainText("Rosa Huamán");
  await requests.getByRole("button", { name: /^Confirmar/ }).click();
  await expect(own).toContainText("Confirmada");
  await expect(requests.getByRole("button", { name: /^Confirmar/ })).toHaveCount(0);

  await rosa.context().setOffline(true);
  await expect(rosa.locator(".sio-banner")).toBeVisible();
  await requests.getByRole("button", { name: /^Recomendar/ }).click();
  await marta.getByRole("button", { name: "Rebajar: Islas Ballestas" }).click();
  await expect(activity).toContainText("El tour Islas Ballestas ha cambiado");
  await requests.getByRole("button", { name: /^Cancelar/ }).click();
  await expect(activity).toContainText("Reserva de Cañón del Colca y sus cóndores cancelada");
  await expect(own).toContainText("Confirmada");
  await rosa.context().setOffline(false);
  await expect(own).toContainText("Cancelada");
  await expect(rosa.getByText("S/ 108")).toBeVisible();
  await expect(rosa.getByText("Quedan 24 plazas").first()).toBeVisible();

  await inbox(rosa).click();
  const messages = rosa.getByRole("dialog");
  for (const text of ["cancelada", "Te recomendamos", "El tour Islas Ballestas ha cambiado", "creada"]) {
    await expect(messages.getByText(text).first()).toBeVisible();
  }
  await rosa.keyboard.press("Escape");

  await marta.getByRole("button", { name: "Publicar un tour" }).click();
  await expect(rosa.getByRole("heading", { name: "Kuélap, la fortaleza de las nubes" })).toBeVisible();

  await rosa.getByRole("button", { name: "Salir" }).click();
  await expect(rosa.getByRole("heading", { name: "Entra en tu cuenta" })).toBeVisible();
  await rosa.reload();
  await expect(rosa.getByRole("heading", { name: "Entra en tu cuenta" })).toBeVisible();
  for (const page of [marta, rosa]) await page.context().close();
});

test("a booking that the backend does not take is told with the field", async ({ browser }) => {
  const page = await browserOf(browser);
  await page.getByRole("button", { name: "Ana Quispe" }).click();
  await page.getByRole("button", { name: "Reservar: Islas Ballestas" }).click();
  await page.route("**/api/reservas", (route) =>
    route.request().method() === "POST"
      ? route.continue({ postData: JSON.stringify({ tour_id: "ballestas", fecha: "2020-01-01", personas: 1 }) })
      : route.continue(),
  );
  await page.getByRole("button", { name: "Confirmar la reserva" }).click();
  await expect(page.getByRole("alert")).toHaveText("Revisa: fecha.");
  await page.context().close();
});

test("a wrong password and a taken address are told, and a full tour cannot be booked", async ({ browser }) => {
  const page = await browserOf(browser);
  await page.getByLabel("Correo").fill("ana@andina.example");
  await page.getByLabel("Clave").fill("no es esta");
  await page.getByRole("button", { name: "Entrar", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText("El correo o la clave no son correctos");
  await page.getByRole("button", { name: "Es mi primera vez" }).click();
  await page.getByLabel("Nombre").fill("Otra Ana");
  await page.getByRole("button", { name: "Crear la cuenta" }).click();
  await expect(page.getByRole("alert")).toHaveText("Ya hay una cuenta con este correo: inicia sesión");
  await page.getByRole("button", { name: "Ya tengo cuenta" }).click();
  await page.getByRole("button", { name: "Ana Quispe" }).click();
  for (const left of [12, 0]) {
    await page.getByRole("button", { name: "Reservar: Selva de Tambopata" }).click();
    await page.getByLabel("Personas").fill("12");
    await page.getByRole("button", { name: "Confirmar la reserva" }).click();
    await expect(page.locator(".card", { hasText: "Selva de Tambopata" })).toContainText(
      left === 0 ? "Completo" : `Quedan ${left} plazas`,
    );
  }
  await expect(page.getByRole("button", { name: "Reservar: Selva de Tambopata" })).toHaveCount(0);
  await page.context().close();
});

test("the pages have no fault that axe finds, and fit a phone of 320 pixels, light and dark", async ({ browser }) => {
  const page = await browserOf(browser, { width: 320, height: 700 });
  const isFine = async (): Promise<void> => {
    expect(await violationsOf(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  };
  await page.getByRole("button", { name: "Ana Quispe" }).waitFor();
  await isFine();
  for (const [name, heading] of [
    ["Ana Quispe", "Próximas salidas"],
    ["Marta Salas", "Hoy en Andina"],
  ] as const) {
    await page.getByRole("button", { name }).click();
    await expect(page.getByRole("heading", { name: heading })).toBeVisible();
    await isFine();
    await page.emulateMedia({ colorScheme: "dark" });
    await isFine();
    await page.emulateMedia({ colorScheme: "light" });
    await page.getByRole("button", { name: "Salir" }).click();
  }
  await page.context().close();
});
