import { expect, section, test } from "./fixtures.ts";
import { rightOf, settled } from "./layout.ts";

test("nothing is lost while the stream is paused", async ({ consolePage: page, server }) => {
  await section(page, "En vivo");
  await server.notify({ type: "test", message: "antes" });
  await expect(page.getByText("antes", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Pausar" }).click();
  for (let number = 1; number <= 30; number += 1) await server.notify({ type: "test", message: `durante ${number}` });
  await expect(page.getByTestId("fresh")).toHaveText("30 nuevas");
  await expect(page.getByText("durante 30")).toHaveCount(0);
  await page.getByRole("button", { name: "Reanudar" }).click();
  await expect(page.getByText("durante 30")).toBeVisible();
  await expect(page.getByTestId("shown")).toHaveText("31 notificaciones");
});

test("what is let go to make room is counted, and said where it is", async ({ consolePage: page, server }) => {
  await section(page, "En vivo");
  const notifications = Array.from({ length: 1_000 }, (_, index) => ({ type: "test", message: `relleno ${index}` }));
  for (let round = 0; round < 23; round += 1) await server.call("/v1/notifications/batch", { notifications });
  const shown = page.getByTestId("shown");
  await expect(shown).toHaveAttribute("data-arrived", "23000");
  const counts = () => shown.evaluate((one) => [Number(one.dataset.held), Number(one.dataset.released)] as const);
  await expect.poll(async () => (await counts())[1]).toBeGreaterThan(0);
  await expect.poll(async () => (await counts()).reduce((sum, count) => sum + count)).toBe(23_000);
  await expect(page.getByTestId("released")).toContainText(/De 23\.000, .* están en el Historial/);
});

test("the stream is filtered by type, role and text", async ({ consolePage: page, server }) => {
  await server.notify({ type: "test", message: "una prueba" });
  await server.notify({ type: "tour_creado", data: { nombre: "Valle Sagrado" } });
  await server.notify({ type: "usuario_registrado", data: { nombre: "Ana" } });
  await section(page, "En vivo");
  await expect(page.getByTestId("shown")).toHaveText("3 notificaciones");
  await page.getByLabel("Buscar en el texto y los datos").fill("SAGRADO");
  await expect(page.getByTestId("shown")).toHaveText("1 de 3 con estos filtros");
  await page.getByLabel("Buscar en el texto y los datos").fill("");
  await page.getByRole("combobox", { name: "Rol" }).click();
  await page.getByRole("option", { name: "turista" }).click();
  await expect(page.getByTestId("shown")).toHaveText("2 de 3 con estos filtros");
  await page.getByRole("combobox", { name: "Tipos" }).fill("tour_creado");
  await page.getByRole("option", { name: "tour_creado" }).click();
  await expect(page.getByTestId("shown")).toHaveText("1 de 3 con estos filtros");
});

test("a payload is text: markup in it is shown, not run", async ({ consolePage: page, server }) => {
  const markup = '<img src=x onerror="window.ran = true"><b>negrita</b>';
  await server.notify({ type: "test", message: markup, data: { html: markup }, link: "/tours/7" });
  await section(page, "En vivo");
  await page.getByRole("button", { name: /negrita/ }).click();
  await expect(page.getByRole("dialog").getByText(markup, { exact: true })).toBeVisible();
  expect(await page.evaluate(() => "ran" in window)).toBe(false);
});

test("a notification can be sent again, to the same people", async ({ consolePage: page, server }) => {
  await server.notify({
    type: "tour_creado",
    data: { nombre: "Colca" },
    audience: { users: ["42"] },
    priority: "high",
  });
  await section(page, "En vivo");
  await page.getByRole("button", { name: /Nuevo tour: Colca/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reenviar" }).click();
  await expect(page.getByTestId("shown")).toHaveText("2 notificaciones");
  const { items } = (await server.call("/v1/notifications")) as {
    items: { audience: object; message: string; priority: string }[];
  };
  expect(items[0]?.audience).toEqual(items[1]?.audience);
  expect([items[0]?.message, items[0]?.priority]).toEqual(["Nuevo tour: Colca", "high"]);
});

test("a notification for several is sent again after a yes to how many they are", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("41", "turista");
  await connect("42", "turista");
  await server.notify({ type: "test", message: "para muchos", audience: { all: true } });
  await section(page, "En vivo");
  await page.getByRole("button", { name: /para muchos/ }).click();
  const accepted = async () =>
    ((await server.call("/v1/stats")) as { publishes: { accepted: number } }).publishes.accepted;
  const panel = page.getByRole("dialog", { name: "test" });
  await panel.getByRole("button", { name: "Reenviar" }).click();
  const question = page.getByRole("dialog", { name: "¿Reenviar a 2 usuarios?" });
  await expect(question.getByRole("button", { name: "Cancelar" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(question).toHaveCount(0);
  await expect(panel).toBeVisible();
  expect(await accepted()).toBe(1);
  await panel.getByRole("button", { name: "Reenviar" }).click();
  await question.getByRole("button", { name: "Reenviar a 2 usuarios" }).click();
  await expect.poll(accepted).toBe(2);
});

test("a row says for whom it was and how many it reached, and nobody in orange", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("42", "turista");
  await section(page, "En vivo");
  await server.notify({ type: "test", message: "para uno", audience: { users: ["42"] } });
  await server.notify({ type: "test", message: "para nadie", audience: { roles: ["guia"] } });
  const row = (text: string) => page.getByRole("button", { name: new RegExp(text) });
  await expect(row("para uno")).toContainText("usuario 42");
  await expect(row("para uno")).toContainText("1 conexión");
  await expect(row("para nadie")).toContainText("guia");
  await expect(row("para nadie").locator('[data-nobody="true"]')).toHaveText("Nadie conectado");
});

test("a row that is pointed at stays where it is, and the list goes on afterwards", async ({
  consolePage: page,
  server,
}) => {
  await server.notify({ type: "test", message: "la buena" });
  await section(page, "En vivo");
  const row = page.getByRole("button", { name: /la buena/ });
  await row.hover();
  await settled(page);
  const before = await row.boundingBox();
  for (let number = 1; number <= 3; number += 1) await server.notify({ type: "test", message: `otra ${number}` });
  await expect(page.getByTestId("fresh")).toHaveText("3 nuevas");
  expect(await row.boundingBox()).toEqual(before);
  await row.click();
  await expect(page.getByRole("dialog")).toContainText("la buena");
  await page.getByRole("heading", { level: 1 }).hover();
  await expect(page.getByRole("button", { name: /otra 3/ })).toBeVisible();
  await expect(page.getByTestId("fresh")).toHaveCount(0);
});

test("a row that has the focus stays, J and K go on, and the space bar pauses", async ({
  consolePage: page,
  server,
}) => {
  for (let number = 1; number <= 3; number += 1) await server.notify({ type: "test", message: `fila ${number}` });
  await section(page, "En vivo");
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Reanudar" })).toBeVisible();
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Pausar" })).toBeVisible();

  const list = page.getByRole("list", { name: /Notificaciones en vivo/ });
  await page.getByRole("button", { name: "Vaciar" }).focus();
  while ((await list.locator(":focus").count()) === 0) await page.keyboard.press("Tab");
  await server.notify({ type: "test", message: "fila 4" });
  await expect(page.getByTestId("fresh")).toHaveText("1 nueva");
  await page.keyboard.press("j");
  await expect(page.getByRole("button", { name: /fila 2/ })).toBeFocused();
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  const panel = page.getByRole("dialog");
  await expect(panel).toBeFocused();
  await expect(panel).toContainText("fila 3");
  await page.keyboard.press("j");
  await expect(panel).toContainText("fila 2");
  await expect(page.locator('[aria-current="true"]')).toContainText("fila 2");
  await page.keyboard.press("k");
  await expect(panel).toContainText("fila 3");
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);
  await expect(page.getByRole("button", { name: /fila 3/ })).toBeFocused();
});

test("beside an open notification the list is neither covered nor darkened", async ({ consolePage: page, server }) => {
  await server.notify({ type: "test", message: "una" });
  await server.notify({ type: "test", message: "otra" });
  await section(page, "En vivo");
  await page.getByRole("button", { name: /otra/ }).click();
  const panel = page.getByRole("dialog");
  const list = page.getByRole("list", { name: /Notificaciones en vivo/ });
  const gap = async () => ((await panel.boundingBox())?.x ?? 0) - (await rightOf(list));
  await expect.poll(gap).toBeGreaterThanOrEqual(0);
  await page.getByRole("button", { name: /una/ }).click();
  await expect(panel).toContainText("una");
  await panel.getByRole("button", { name: "Más reciente" }).click();
  await expect(panel).toContainText("otra");
});

test("characters that turn a text around are written out", async ({ consolePage: page, server }) => {
  const name = "factura_\u202Efdp.exe";
  await server.notify({ type: "test", message: name, title: name, data: { archivo: name }, actor: { id: name } });
  await section(page, "En vivo");
  await page.getByRole("button", { name: /factura_/ }).click();
  const panel = page.getByRole("dialog");
  await expect(panel.getByText(String.raw`factura_\u202efdp.exe`, { exact: true })).toHaveCount(3);
  await expect(panel.getByText(String.raw`"factura_\u202efdp.exe"`)).toBeVisible();
  expect(await page.getByRole("main").innerText()).not.toContain("\u202E");
});

test("an empty stream shows two ways on", async ({ consolePage: page, server }) => {
  await section(page, "En vivo");
  await expect(page.getByRole("region", { name: "curl" })).toContainText(server.url);
  await page.getByRole("link", { name: "Enviar una prueba" }).click();
  await expect(page.getByRole("combobox", { name: "Tipo de evento" })).toHaveValue("test");
});

test("on a phone the filters are behind a button that says how many are at work", async ({
  consolePage: page,
  server,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await server.notify({ type: "test", message: "una fila", priority: "low" });
  await page.goto(`${server.url}/#/en-vivo?tipo=test&rol=turista`);
  await expect(page.getByRole("combobox", { name: "Rol" })).toBeHidden();
  const row = page.getByRole("button", { name: /una fila/ });
  await expect.poll(async () => (await row.boundingBox())?.y).toBeLessThan(425);
  await expect(row).not.toContainText("Baja");
  await page.getByRole("button", { name: "Filtros (2)" }).click();
  await expect(page.getByRole("combobox", { name: "Rol" })).toBeVisible();
});

test("what is not stored says so, and leads to no receipts", async ({ consolePage: page, server }) => {
  await section(page, "En vivo");
  await server.notify({ type: "test", message: "se guarda" });
  await server.notify({ type: "test", message: "pasajera", persist: false });
  await page.getByRole("button", { name: /pasajera/ }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("No se guardó")).toBeVisible();
  await expect(dialog.getByRole("link", { name: "Seguimiento" })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /se guarda/ }).click();
  await expect(dialog.getByRole("link", { name: "Seguimiento" })).toBeVisible();
  await expect(dialog.getByText("No se guardó")).toHaveCount(0);
});

test("the stream is walked through with the arrow keys", async ({ consolePage: page, server }) => {
  for (let number = 1; number <= 3; number += 1) await server.notify({ type: "test", message: `fila ${number}` });
  await section(page, "En vivo");
  await page.getByRole("button", { name: /fila 3/ }).focus();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("button", { name: /fila 2/ })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});
