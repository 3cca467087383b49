import type { Page } from "@playwright/test";
import { expect, isConnected, section, test } from "./fixtures.ts";
import { overflowOf, rightOf } from "./layout.ts";
import { KEY, token } from "./server.ts";

async function simulate(page: Page, count: number): Promise<void> {
  await section(page, "Simulador");
  await page.getByLabel("Clientes", { exact: true }).fill(String(count));
  await page.getByRole("button", { name: "Conectar", exact: true }).click();
  await expect(page.getByTestId("totals")).toContainText(`${count} de ${count} conectados`);
}

async function burst(page: Page, count: number, rate: number): Promise<void> {
  await page.getByLabel("Notificaciones", { exact: true }).fill(String(count));
  await page.getByLabel("Por segundo").fill(String(rate));
  await page.getByRole("button", { name: "Lanzar ráfaga" }).click();
}

test("simulated clients get everything that is stored, also those that were cut and slowed", async ({
  consolePage: page,
}) => {
  await simulate(page, 4);
  await page.getByRole("button", { name: "Ralentizar: simulado-2" }).click();
  await page.getByRole("switch", { name: "Guardarlas 10 minutos" }).click();
  await burst(page, 40, 20);
  await page.getByRole("button", { name: "Cortar: simulado-1" }).click();
  await expect(page.getByText("40 de 40 enviadas")).toBeVisible();
  for (const name of ["simulado-1", "simulado-2", "simulado-3", "simulado-4"]) {
    const cells = page.getByRole("row", { name: new RegExp(name) }).getByRole("cell");
    await expect(cells.nth(2)).toHaveText("40", { timeout: 30_000 }); // received
    await expect(cells.nth(4)).toHaveText("0"); // repeated
    await expect(cells.nth(5)).toHaveText("0"); // lost
  }
  await expect(page.getByTestId("measured")).toContainText("mediana");
});

for (const isStored of [false, true]) {
  test(`a burst ${isStored ? "that is stored " : ""}reaches nobody but the simulated clients`, async ({
    consolePage: page,
    server,
    connect,
  }) => {
    const heard: unknown[] = [];
    for (const [user, role] of [
      ["101", "turista"],
      ["ana", "admin"],
    ] as const) {
      (await connect(user, role)).onAny((event: string) => {
        if (!event.startsWith("ns:")) heard.push(event);
      });
    }
    await simulate(page, 3);
    if (isStored) await page.getByRole("switch", { name: "Guardarlas 10 minutos" }).click();
    await burst(page, 60, 200);
    await expect(page.getByText("60 de 60 enviadas")).toBeVisible();
    await expect(page.getByTestId("totals")).toContainText("180 recibidas");

    expect(heard).toEqual([]);
    for (const [user, role] of [
      ["101", "turista"],
      ["ana", "admin"],
      ["late", "turista"],
    ]) {
      const inbox = (await server.call(`/v1/inbox?user=${user}&role=${role}`)) as { items: unknown[]; counts: object };
      expect(inbox.items).toEqual([]);
      expect(inbox.counts).toMatchObject({ unread: 0 });
    }
    const log = (await server.call("/v1/notifications?limit=100")) as { items: unknown[] };
    expect(log.items.length).toBe(isStored ? 60 : 0);
  });
}

test("without a client there is no burst", async ({ consolePage: page, server }) => {
  await section(page, "Simulador");
  await expect(page.getByRole("button", { name: "Lanzar ráfaga" })).toBeDisabled();
  await expect(page.getByText("una ráfaga llega solo a clientes simulados")).toBeVisible();
  await page.getByLabel("Notificaciones", { exact: true }).press("Enter");
  expect(await server.call("/v1/stats")).toMatchObject({ publishes: { accepted: 0 } });
});

test("who shares a name with a simulated client is asked about before a burst", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("simulado-1", "turista");
  await simulate(page, 2);
  await expect(page.getByRole("row", { name: /simulado-2/ })).toBeVisible(); // the name that is there is left out
  await expect(page.getByRole("row", { name: /simulado-1/ })).toHaveCount(0);
  await connect("simulado-3", "turista");
  await burst(page, 20, 100);
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Hay 1 conexión más con estos nombres");
  await dialog.getByRole("button", { name: "Cancelar" }).click();
  expect(await server.call("/v1/stats")).toMatchObject({ publishes: { accepted: 0 } });
});

test("with tokens of people a burst names them and wants a yes, and is in nobody's inbox", async ({
  page,
  secured,
}) => {
  await page.goto(secured.url);
  await page.getByLabel("Token o clave").fill(KEY);
  await page.getByRole("button", { name: "Entrar" }).click();
  await isConnected(page);
  await section(page, "Simulador");
  await page.getByLabel("Tokens, uno por línea").fill(`${token("ana", "turista")}\n${token("luis", "turista")}`);
  await page.getByRole("button", { name: "Conectar", exact: true }).click();
  await expect(page.getByTestId("totals")).toContainText("2 de 2 conectados");
  await burst(page, 20, 100);
  const dialog = page.getByRole("dialog", { name: "¿Lanzar la ráfaga a 2 usuarios de verdad?" });
  await expect(dialog.getByRole("listitem")).toHaveText(["ana", "luis"]);
  expect(await secured.call("/v1/stats")).toMatchObject({ publishes: { accepted: 0 } });
  await dialog.getByRole("button", { name: "Enviar 20 a 2 usuarios" }).click();
  await expect(page.getByTestId("totals")).toContainText("40 recibidas");
  expect(await secured.call("/v1/notifications")).toMatchObject({ items: [] });
});

test("a group comes with one click, and on a phone each client is a card", async ({ consolePage: page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${page.url().split("#")[0]}#/simulador`);
  await page.getByRole("button", { name: "3 admin y 20 turistas, 2 con mala conexión" }).click();
  await expect(page.getByTestId("totals")).toContainText("23 de 23 conectados");
  await burst(page, 20, 100);
  await expect(page.getByTestId("measured")).toContainText("mediana");
  await expect(page.getByRole("list", { name: "Clientes simulados" }).getByRole("listitem")).toHaveCount(23);
  await expect(page.getByRole("button", { name: "Cortar: simulado-1", exact: true })).toBeVisible();
  await expect.poll(() => rightOf(page.getByRole("button", { name: "Preferencias" }))).toBeLessThanOrEqual(390);
  await expect.poll(() => overflowOf(page)).toBe(0);
});
