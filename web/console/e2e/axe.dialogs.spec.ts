import type { Page } from "@playwright/test";
import { violationsOf } from "./axe.ts";
import { expect, isConnected, test } from "./fixtures.ts";
import { look } from "./layout.ts";

/** What is wrong with what is on the screen, told together with what that is. */
async function check(page: Page, name: string): Promise<void> {
  expect([name, await violationsOf(page)]).toEqual([name, []]);
}

const LOOKS = [
  { colorScheme: "light", viewport: { width: 1280, height: 860 } },
  { colorScheme: "dark", viewport: { width: 390, height: 844 } },
] as const;

for (const { colorScheme, viewport } of LOOKS) {
  test(`questions, panels and results have no violation: ${colorScheme}, ${viewport.width} wide`, async ({
    page,
    server,
    connect,
  }) => {
    test.setTimeout(240_000);
    await look(page, { colorScheme, ...viewport });
    await connect("41", "turista");
    await connect("42", "admin");
    const { id } = await server.notify({
      type: "reserva_creada",
      data: { usuario_id: "41" },
      message: "x".repeat(3_000),
    });
    const go = async (path: string) => {
      await page.goto(`${server.url}/#${path}`);
      await isConnected(page);
    };

    await go("/enviar?tipo=reserva_creada");
    await page.getByRole("button", { name: "Enviar notificación" }).click();
    await page.getByRole("dialog", { name: "Falta usuario_id" }).waitFor();
    await check(page, "a part of the audience");
    await page.getByRole("button", { name: "Volver y rellenar" }).click();
    await page.getByText("Hace falta para llegar a toda la audiencia.").waitFor();
    await check(page, "a field that is needed");
    await page.getByLabel("usuario_id").fill("41");
    await page.getByRole("button", { name: "Enviar notificación" }).click();
    const dialog = page.getByRole("dialog", { name: "¿Enviar a 2 usuarios?" });
    await dialog.getByRole("button", { name: "Ver quiénes" }).click();
    await check(page, "several users");
    await dialog.getByRole("button", { name: "Enviar a 2 usuarios" }).click();
    await expect(page.getByTestId("outcome")).toContainText("Enviada");
    await check(page, "sent");

    await go(`/en-vivo?ver=${id}`);
    await page.getByRole("dialog").getByText("Identificador").waitFor();
    await check(page, "a notification beside the list");

    await go("/historial");
    if (viewport.width < 600) await page.getByRole("button", { name: "Filtros" }).click();
    await page.getByRole("button", { name: /^Cuándo/ }).click();
    await page.getByRole("button", { name: "Última hora" }).waitFor();
    await check(page, "times to choose from");
    await page.getByRole("button", { name: "Elegir fechas…" }).click();
    await page.getByLabel("Desde").fill("nunca");
    await check(page, "dates that are written");

    await go(`/historial/${id}`);
    await page.getByRole("table", { name: "Entregas por usuario" }).waitFor();
    await check(page, "how far it came");

    await go("/simulador");
    await page.getByRole("button", { name: "20 turistas", exact: true }).click();
    await expect(page.getByTestId("totals")).toContainText("20 de 20 conectados");
    await connect("simulado-1", "turista");
    await page.getByLabel("Notificaciones", { exact: true }).fill("20");
    await page.getByRole("button", { name: "Lanzar ráfaga" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Enviar 20 a 20 usuarios" }).waitFor();
    await check(page, "a burst that would reach others");
    await page.getByRole("dialog").getByRole("button", { name: "Enviar 20 a 20 usuarios" }).click();
    await expect(page.getByTestId("measured")).toContainText("mediana");
    await check(page, "clients and their latency");
  });
}
