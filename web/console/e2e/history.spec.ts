import { expect, section, test } from "./fixtures.ts";
import { overflowOf, rightOf } from "./layout.ts";

test("the log is read page by page, and back", async ({ consolePage: page, server }) => {
  const notifications = Array.from({ length: 60 }, (_, index) => ({ type: "test", message: `número ${index + 1}` }));
  await server.call("/v1/notifications/batch", { notifications });
  await section(page, "Historial");
  const rows = page.getByTestId("log").getByRole("listitem");
  await expect(rows).toHaveCount(25);
  await expect(rows.first()).toContainText("número 60");
  await page.getByRole("button", { name: "Más antiguas" }).click();
  await expect(rows.first()).toContainText("número 35");
  await page.getByRole("button", { name: "Más antiguas" }).click();
  await expect(rows).toHaveCount(10);
  await expect(rows.last()).toContainText("número 1");
  await expect(page.getByRole("button", { name: "Más antiguas" })).toBeDisabled();
  await page.getByRole("button", { name: "Más recientes" }).click();
  await expect(rows.first()).toContainText("número 35");
});

test("the log is searched by type", async ({ consolePage: page, server }) => {
  await server.notify({ type: "test" });
  await server.notify({ type: "tour_creado", data: { nombre: "Colca" } });
  await section(page, "Historial");
  await page.getByRole("combobox", { name: "Tipo" }).click();
  await page.getByRole("option", { name: "tour_creado" }).click();
  const rows = page.getByTestId("log").getByRole("listitem");
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText("Colca");
});

test("the log is searched by role, priority and user, and these narrow one another down", async ({
  consolePage: page,
  server,
}) => {
  const of = (message: string, audience: object, priority: string) =>
    server.notify({ type: "test", message, audience, priority });
  await of("a turistas", { roles: ["turista"] }, "high");
  await of("a turistas, sin prisa", { roles: ["turista"] }, "low");
  await of("a todos", { all: true }, "high");
  await of("a administradores", { roles: ["admin"] }, "high");
  await of("a Ana", { users: ["ana"] }, "critical");
  await section(page, "Historial");
  const rows = page.getByTestId("log").getByRole("listitem");
  const pick = async (name: string, option: string) => {
    await page.getByRole("combobox", { name, exact: true }).click();
    await page.getByRole("option", { name: option, exact: true }).click();
  };
  await expect(rows).toHaveCount(5);

  await pick("Rol", "turista");
  await expect(rows).toHaveText([/a todos/, /a turistas, sin prisa/, /a turistas/]);
  await pick("Prioridad", "Alta");
  await expect(rows).toHaveText([/a todos/, /a turistas/]);
  await pick("Prioridad", "Crítica");
  await expect(page.getByText("Nada coincide con la búsqueda")).toBeVisible();

  await pick("Rol", "turista"); // what is chosen once more is not chosen any more
  await expect(rows).toHaveText([/a Ana/]);
  await page.getByLabel("Usuario destinatario").fill("eva");
  await expect(page.getByText("Nada coincide con la búsqueda")).toBeVisible();
  await page.getByLabel("Usuario destinatario").fill("ana");
  await expect(rows).toHaveText([/a Ana/]);
});

test("a search that finds nothing in the latest part of a long log goes on further back", async ({ page, server }) => {
  await server.notify({ type: "tour_creado", data: { nombre: "Colca" }, priority: "critical" });
  const notifications = Array.from({ length: 1_000 }, (_, index) => ({ type: "test", message: `relleno ${index}` }));
  for (let round = 0; round < 12; round += 1) await server.call("/v1/notifications/batch", { notifications });
  await page.goto(`${server.url}/#/historial?texto=COLCA`);
  await page.getByRole("button", { name: "Seguir buscando" }).click();
  await expect(page.getByTestId("log").getByRole("listitem")).toHaveText([/Colca/]);
});

test("a receipt changes when a second page reads the notification", async ({
  consolePage: page,
  server,
  connect,
  context,
}) => {
  await connect("42", "turista");
  const { id } = await server.notify({ type: "test", message: "léeme", audience: { users: ["42"] } });
  await page.goto(`${server.url}/#/historial/${id}`);
  await expect(page.getByTestId("targeted")).toHaveText("1");
  await expect(page.getByTestId("sent")).toHaveText("1");
  await expect(page.getByTestId("read")).toHaveText("0");

  const reader = await context.newPage();
  await reader.goto(`${server.url}/docs`);
  const status = await reader.evaluate(async (notification) => {
    const reply = await fetch("/v1/inbox/read?user=42&role=turista", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ids: [notification] }),
    });
    return reply.status;
  }, id);
  expect(status).toBe(200);
  await expect(page.getByTestId("read")).toHaveText("1");
  await expect(page.getByTestId("seen")).toHaveText("1");
});

test("a line says that there is a group, a picture and something to do, and its page says which", async ({
  consolePage: page,
  server,
}) => {
  const { id } = await server.notify({
    type: "test",
    message: "¿A las 6:00?",
    group: "traslados",
    audience: { users: ["ana"] },
    image: "https://fotos.example/combi.jpg",
    category: "recogida",
    collapse_key: "recogida-7",
    actions: [
      { id: "accept", label: "Aceptar" },
      { id: "map", label: "Ver el mapa", link: "/mapa" },
    ],
  });
  await section(page, "Historial");
  const row = page.getByTestId("log").getByRole("listitem");
  await expect(row).toContainText(/¿A las 6:00\?Grupo traslados.*Con imagen.*Con 2 acciones/);
  await row.getByRole("link").click();
  await expect(page.locator(".fields")).toContainText(/AccionesAceptaracceptVer el mapamap/);
  await expect(page.locator(".fields")).toContainText(/Categoríarecogida.*Grupotraslados.*reemplazorecogida-7/);
  await expect(page.getByRole("link", { name: "Ver el mapa" })).toHaveAttribute("href", "/mapa");
  await server.call(`/v1/inbox/${id}/act?user=ana&role=turista`, { action: "accept" });
  await expect(page.locator(".fields")).toContainText(/accept1 respuesta/);
  await expect(page.getByRole("row", { name: /^ana/ })).toContainText("Respondió: accept");
  await page.goto(`${server.url}/#/usuarios/ana`);
  await expect(page.locator(".letter")).toContainText("Respondió: accept");
  await page.goto(`${server.url}/#/historial/${id}`);
  await expect(page.getByRole("link", { name: "Ver el mapa" })).toBeVisible();
  await expect(page.locator("main img")).toHaveCount(0); // another machine's picture is a link here
});

test("a notification that is not there says so", async ({ consolePage: page, server }) => {
  await page.goto(`${server.url}/#/historial/01a20c03-4041-7742-ab19-86604f28425c`);
  await expect(page.getByText("Esta notificación no está en el registro")).toBeVisible();
});

test("the log is searched by words, by id and by number", async ({ consolePage: page, server }) => {
  await server.notify({ type: "tour_creado", data: { nombre: "Valle Sagrado", codigo: "R-1635" } });
  const { id, seq } = await server.notify({ type: "test", message: "la segunda" });
  await server.notify({ type: "test", message: "la tercera" });
  await section(page, "Historial");
  const rows = page.getByTestId("log").getByRole("listitem");
  const search = page.getByRole("searchbox", { name: "Buscar texto, identificador o n.º" });
  await expect(rows).toHaveCount(3);
  await search.fill("sagrado");
  await expect(rows).toHaveText([/Valle Sagrado/]);
  await search.fill("R-1635");
  await expect(rows).toHaveText([/Valle Sagrado/]);
  await search.fill(id);
  await expect(rows).toHaveText([/la segunda/]);
  await search.fill(String(seq));
  await expect(rows).toHaveText([/la segunda/]);
  await search.fill("no está");
  await expect(page.getByText("Nada coincide con la búsqueda")).toBeVisible();
  await expect(page.getByRole("button", { name: "Más antiguas" })).toHaveCount(0);
  await page.getByRole("button", { name: "Quitar los filtros" }).click();
  await expect(rows).toHaveCount(3);
  await expect(search).toHaveValue("");
});

test("the log is searched by time, with one click or by dates that are written", async ({
  consolePage: page,
  server,
}) => {
  await server.notify({ type: "test", message: "de ahora" });
  await section(page, "Historial");
  const rows = page.getByTestId("log").getByRole("listitem");
  const when = page.getByRole("button", { name: /^Cuándo/ });
  const choose = async (name: string) => {
    await when.click();
    await page.getByRole("button", { name, exact: true }).click();
  };
  await choose("Última hora");
  await expect(page).toHaveURL(/desde=/);
  await expect(rows).toHaveText([/de ahora/]);
  await choose("Ayer");
  await expect(page.getByText("Nada coincide con la búsqueda")).toBeVisible();
  await choose("Elegir fechas…");
  const dialog = page.getByRole("dialog", { name: "Elegir fechas…" });
  await dialog.getByLabel("Desde").fill("mañana");
  await expect(dialog.getByText("Escríbela así: 2026-12-24 09:30")).toBeVisible();
  await dialog.getByLabel("Desde").fill("2020-01-31 00:00");
  await dialog.getByLabel("Hasta").fill("");
  await dialog.getByRole("button", { name: "Aplicar" }).click();
  await expect(rows).toHaveText([/de ahora/]);
  await choose("Cualquier fecha");
  await expect(page).not.toHaveURL(/desde=/);
});

test("a notification is found and opened with the keyboard alone", async ({ consolePage: page, server }) => {
  await server.notify({ type: "test", message: "una aguja" });
  await server.notify({ type: "test", message: "paja" });
  await page.getByRole("navigation").getByRole("link", { name: "Historial", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Historial" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("aguja");
  const row = page.getByRole("link", { name: /una aguja/ });
  await expect(page.getByTestId("log").getByRole("listitem")).toHaveCount(1);
  while (!(await row.evaluate((link) => link === document.activeElement))) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Notificación" })).toBeVisible();
  await expect(page.getByText("una aguja")).toBeVisible();
});

for (const width of [1280, 390, 320]) {
  test(`how far it came with each user is read whole, ${width} wide`, async ({
    consolePage: page,
    server,
    connect,
  }) => {
    const socket = await connect("marta.admin@turismo.example", "turista");
    await page.setViewportSize({ width, height: 860 });
    const arrived = new Promise<{ seq: number }>((resolve) => socket.once("test", resolve));
    const { id } = await server.notify({
      type: "test",
      message: "x".repeat(5_000),
      audience: { users: ["101", "marta.admin@turismo.example"] },
    });
    socket.emit("ns:ack", { seq: (await arrived).seq });
    await page.goto(`${server.url}/#/historial/${id}`);
    const row = page.getByRole("row", { name: /marta\.admin/ });
    await expect(row).toContainText("Confirmada");
    await expect(page.getByRole("row", { name: /^101/ })).toContainText("Aún no");
    await expect(row.getByRole("listitem")).toHaveText([/^Enviada \d\d:\d\d:\d\d$/, /^Confirmada \d\d:\d\d:\d\d$/]);
    await expect.poll(() => rightOf(row.getByText("Confirmada").first())).toBeLessThanOrEqual(width);
    await expect.poll(() => overflowOf(page)).toBe(0);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(2_600); // folded
    await expect(page.getByRole("button", { name: "Reenviar" })).toBeInViewport();
  });
}

test("a number finds what has it at once, however far back that is", async ({ page, server }) => {
  await server.notify({ type: "test", message: "el primero de todos" });
  const notifications = Array.from({ length: 1_000 }, () => ({ type: "test", message: "relleno", data: {} }));
  for (let round = 0; round < 11; round += 1) await server.call("/v1/notifications/batch", { notifications });
  await page.goto(`${server.url}/#/historial?texto=1`);
  const rows = page.getByTestId("log").getByRole("listitem");
  await expect(rows.filter({ hasText: "el primero de todos" })).toHaveCount(1);
});
