import { expect, section, test } from "./fixtures.ts";

test("a killed server is announced, and nothing is missing when it is back", async ({ consolePage: page, server }) => {
  await section(page, "En vivo");
  await server.notify({ type: "test", message: "antes del corte" });
  await expect(page.getByText("antes del corte")).toBeVisible();
  await server.kill();
  await expect(page.getByTestId("banner")).toContainText("Se perdió la conexión con el servidor.");
  await server.again();
  const notifications = Array.from({ length: 130 }, (_, index) => ({ type: "test", message: `perdida ${index + 1}` }));
  await server.call("/v1/notifications/batch", { notifications });
  await page
    .getByRole("button", { name: "Reintentar ahora" })
    .click({ timeout: 5_000 })
    .catch(() => undefined);
  await expect(page.getByTestId("banner")).toHaveCount(0);
  await expect(page.getByTestId("shown")).toHaveText("131 notificaciones");
  await server.notify({ type: "test", message: "después del corte" });
  await expect(page.getByText("después del corte")).toBeVisible();
  await expect(page.getByTestId("shown")).toHaveText("132 notificaciones");
});

test("once the server is back nobody waits for the next attempt", async ({ consolePage: page, server }) => {
  await server.kill();
  const countdown = page.getByText(/Nuevo intento en \d+ segundos?/);
  const seconds = async () => Number(/\d+/.exec((await countdown.textContent().catch(() => null)) ?? "")?.[0] ?? 0);
  // Pauses grow: one that is long enough to tell the two apart.
  await expect.poll(seconds, { timeout: 50_000 }).toBeGreaterThan(6);
  const due = Date.now() + (await seconds()) * 1_000;
  await server.again();
  await page.locator('[data-status="connected"]').waitFor();
  expect(Date.now()).toBeLessThan(due);
  await expect(page.getByTestId("banner")).toHaveCount(0);
});

test("on a phone the header has room for what is wrong with the connection", async ({ consolePage: page, server }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await server.kill();
  await expect(page.getByText("Sin conexión")).toBeVisible();
  const button = await page.getByRole("button", { name: "Preferencias" }).boundingBox();
  expect(button).not.toBeNull();
  expect((button?.x ?? 360) + (button?.width ?? 0)).toBeLessThanOrEqual(360);
});

test("a screen that was being read says how old its figures are", async ({ consolePage: page, server }) => {
  await expect(page.getByText("En marcha")).toBeVisible();
  await server.kill();
  await expect(page.getByText(/el servidor no responde/)).toBeVisible();
  await server.again();
  await expect(page.getByText(/el servidor no responde/)).toHaveCount(0, { timeout: 20_000 });
});
