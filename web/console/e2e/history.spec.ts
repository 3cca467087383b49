import { expect, section, test } from "./fixtures.ts";

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
  await page.getByRole("button", { name: "Buscar" }).click();
  await expect(page.getByText("Nada coincide con la búsqueda")).toBeVisible();
  await page.getByLabel("Usuario destinatario").fill("ana");
  await page.getByRole("button", { name: "Buscar" }).click();
  await expect(rows).toHaveText([/a Ana/]);
});

test("a search that finds nothing in the latest part of a long log goes on further back", async ({
  consolePage: page,
  server,
}) => {
  await server.notify({ type: "tour_creado", data: { nombre: "Colca" }, priority: "critical" });
  const notifications = Array.from({ length: 1_000 }, (_, index) => ({ type: "test", message: `relleno ${index}` }));
  for (let round = 0; round < 12; round += 1) await server.call("/v1/notifications/batch", { notifications });
  await section(page, "Historial");
  await page.getByRole("combobox", { name: "Prioridad", exact: true }).click();
  await page.getByRole("option", { name: "Crítica" }).click();
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

test("a notification that is not there says so", async ({ consolePage: page, server }) => {
  await page.goto(`${server.url}/#/historial/01a20c03-4041-7742-ab19-86604f28425c`);
  await expect(page.getByText("Esta notificación no está en el registro")).toBeVisible();
});
