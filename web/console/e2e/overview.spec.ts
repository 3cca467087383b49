import { expect, isConnected, test } from "./fixtures.ts";
import { settled } from "./layout.ts";

test("where nothing was published there is the guide alone, and its ticks turn green", async ({
  consolePage: page,
  context,
  server,
  connect,
}) => {
  const steps = page.locator(".step");
  await expect(steps).toHaveCount(3);
  await expect(page.locator(".figures")).toHaveCount(0);
  await expect(page.getByText(/sio-server demo/)).toBeVisible();
  const done = () => steps.evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.done));
  await expect.poll(done).toEqual(["false", "false", "false"]);

  await server.notify({ type: "test", message: "la primera" });
  await expect.poll(done).toEqual(["true", "false", "false"]);
  await expect(page.locator(".figures")).toBeVisible();
  await connect("42", "turista");
  await expect.poll(done).toEqual(["true", "true", "false"]);
  const site = await context.newPage();
  await site.goto(`${server.url}/docs`);
  await site.evaluate((address) => {
    Object.assign(window, { socket: new WebSocket(`${address.replace("http", "ws")}/ws?user=43&role=turista`) });
  }, server.url);
  await expect.poll(done).toEqual(["true", "true", "true"]);

  await page.getByRole("button", { name: "Cerrar la guía" }).click();
  await expect(steps).toHaveCount(0);
});

test("whoever comes later sees no guide", async ({ page, server }) => {
  await server.notify({ type: "test" });
  await page.goto(server.url);
  await expect(page.locator(".figures")).toBeVisible();
  await expect(page.locator(".step")).toHaveCount(0);
});

test("one sentence says how the server is", async ({ consolePage: page, server, connect }) => {
  const socket = await connect("42", "turista");
  socket.onAny((name: string, envelope: { seq: number }) => {
    if (!name.startsWith("ns:")) socket.emit("ns:ack", { seq: envelope.seq });
  });
  await server.notify({ type: "test" });
  const health = page.getByTestId("health");
  await expect(health).toContainText("Todo en orden: 1 publicada");
  await expect(health).toContainText("en cola");
  await expect(health).toContainText("100 % confirmadas", { timeout: 30_000 });

  await server.notify({ type: "tipo_que_no_hay" }).catch(() => undefined);
  await expect(health).toContainText("1 petición rechazada en el último minuto");
  await server.kill();
  await expect(health).toContainText("el servidor no responde");
});

test("figures, notifications and roles lead to where there is more of them", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("42", "turista");
  await connect("ana", "admin");
  const { id } = await server.notify({ type: "test", message: "la de siempre" });
  const back = async () => {
    await page.goto(server.url);
    await isConnected(page);
  };
  for (const [figure, title] of [
    ["Usuarios conectados", "Usuarios"],
    ["Recibidas por segundo", "En vivo"],
    ["Entregadas por segundo", "Historial"],
    ["Latencia de entrega", "Simulador"],
  ] as const) {
    await back();
    await page.locator(".figure", { hasText: figure }).click();
    await expect(page.getByRole("heading", { level: 1, name: title, exact: true })).toBeVisible();
  }
  await back();
  await page.getByRole("link", { name: /la de siempre/ }).click();
  await expect(page).toHaveURL(new RegExp(id));
  await back();
  await page
    .getByRole("row", { name: /turista/ })
    .getByRole("link")
    .click();
  await expect(page.getByRole("link", { name: /^42/ })).toBeVisible();
  await expect(page.getByRole("link", { name: /^ana/ })).toHaveCount(0);
});

test("a refusal opens with all that is known of it, and with what to do", async ({ consolePage: page, server }) => {
  await server.notify({ type: "test" });
  const long = "x".repeat(180);
  await server.notify({ type: "test", title: "t".repeat(300) }).catch(() => undefined);
  await server.notify({ type: `tipo_${long}`.slice(0, 60) }).catch(() => undefined);
  const list = page.getByRole("region", { name: "Últimos errores" });
  await expect(list.getByRole("button", { name: /unknown_type 1/ })).toBeVisible();
  await list.getByRole("button", { name: /invalid_data 1/ }).click();
  const rows = list.locator(".error-row");
  await expect(rows).toHaveCount(1);
  await rows.first().focus();
  await page.keyboard.press("Enter");
  await expect(list.getByText("Qué hacer:")).toBeVisible();
  await expect(list.getByText("POST /notify")).toBeVisible();
  await expect(list.getByText(/el detalle lo nombra/)).toBeVisible();
  await expect(list.getByRole("button", { name: "Copiar: Identificador de la petición" })).toBeVisible();
  const text = list.locator(".error-body p").first();
  await expect.poll(() => text.evaluate((one) => one.scrollWidth > one.clientWidth)).toBe(false);
});

test("charts tell their values under the pointer, and as a table", async ({ consolePage: page, server }) => {
  for (let number = 0; number < 5; number += 1) await server.notify({ type: "test" });
  const chart = page.locator(".rates-half").first();
  const plot = chart.locator(".u-over");
  await plot.waitFor();
  await expect(chart.getByTestId("readout")).not.toContainText(/\d\d:\d\d:\d\d/);
  await settled(page);
  // Anew if it changes its size meanwhile: the last value is at its edge.
  await expect(async () => {
    const width = (await plot.boundingBox())?.width ?? 0;
    await plot.hover({ position: { x: width - 4, y: 40 } });
    await expect(chart.getByTestId("readout")).toContainText(/\d\d:\d\d:\d\d/, { timeout: 1_000 });
  }).toPass();
  await chart.getByText("Ver como tabla").click();
  await expect(chart.getByRole("table").getByRole("row").nth(1)).toContainText(/\d\d:\d\d:\d\d/);
});
