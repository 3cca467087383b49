import { expect, isConnected, section, test } from "./fixtures.ts";
import { rightOf } from "./layout.ts";

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
  const countdown = page.getByText(/Nuevo intento en \d+ segundos?/);
  const seconds = async () => Number(/\d+/.exec((await countdown.textContent().catch(() => null)) ?? "")?.[0] ?? 0);
  // Pauses grow: one that is long enough to tell the two apart, also on a machine that is busy with something else.
  let isBefore = false;
  for (const pause of [6, 9, 12]) {
    await server.kill();
    await expect.poll(seconds, { timeout: 90_000 }).toBeGreaterThan(pause);
    const due = Date.now() + (await seconds()) * 1_000;
    await server.again();
    await isConnected(page);
    isBefore = Date.now() < due;
    if (isBefore) break;
  }
  expect(isBefore).toBe(true);
  await expect(page.getByTestId("banner")).toHaveCount(0);
});

test("on a phone the header has room for what is wrong with the connection", async ({ consolePage: page, server }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await server.kill();
  await expect(page.getByText("Sin conexión")).toBeVisible();
  await expect.poll(() => rightOf(page.getByRole("button", { name: "Preferencias" }))).toBeLessThanOrEqual(360);
});

test("a screen that was being read says how old its figures are", async ({ consolePage: page, server }) => {
  await expect(page.getByText("En marcha")).toBeVisible();
  await server.kill();
  await expect(page.getByText(/el servidor no responde/)).toBeVisible();
  await server.again();
  await expect(page.getByText(/el servidor no responde/)).toHaveCount(0, { timeout: 20_000 });
});
