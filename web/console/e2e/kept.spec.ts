import { expect, section, test } from "./fixtures.ts";

test("a draft is there again, one for each type, with what types share carried over", async ({ consolePage: page }) => {
  await section(page, "Enviar");
  const type = page.getByRole("combobox", { name: "Tipo de evento" });
  const pick = async (name: string) => {
    await type.click();
    await page.getByRole("option", { name, exact: true }).click();
  };
  await pick("reserva_creada");
  await page.getByLabel("usuario_id").fill("42");
  await page.getByLabel("personas").fill("3");
  await page.getByLabel("Mensaje").fill("A medio escribir");
  await section(page, "Usuarios");
  await section(page, "Enviar");
  await expect(type).toHaveValue("reserva_creada");
  await expect(page.getByLabel("usuario_id")).toHaveValue("42");
  await expect(page.getByLabel("Mensaje")).toHaveValue("A medio escribir");

  await pick("reserva_cancelada");
  await expect(page.getByLabel("usuario_id")).toHaveValue("42");
  await expect(page.getByLabel("Mensaje")).toHaveValue("A medio escribir");
  await expect(page).toHaveURL(/#\/enviar\?tipo=reserva_cancelada$/);
  await pick("reserva_creada");
  await expect(page.getByLabel("personas")).toHaveValue("3");
  await page.reload();
  await expect(page.getByLabel("personas")).toHaveValue("3");
  await page.getByRole("button", { name: "Vaciar" }).click();
  await expect(page.getByLabel("personas")).toHaveValue("");
});

test("what History is narrowed to, its page and the way back stand in the address", async ({
  consolePage: page,
  server,
  context,
}) => {
  const notifications = Array.from({ length: 60 }, (_, index) => ({ type: "test", message: `número ${index + 1}` }));
  await server.call("/v1/notifications/batch", { notifications });
  await server.notify({ type: "tour_creado", data: { nombre: "Colca" } });
  await section(page, "Historial");
  await page.getByRole("combobox", { name: "Tipo" }).click();
  await page.getByRole("option", { name: "test", exact: true }).click();
  const rows = page.getByTestId("log").getByRole("listitem");
  await expect(rows.first()).toContainText("número 60");
  await page.getByRole("button", { name: "Más antiguas" }).click();
  await expect(rows.first()).toContainText("número 35");
  await expect(page.getByRole("region", { name: "Página 2" })).toBeFocused();
  await expect(page).toHaveURL(/tipo=test&antes=\d+&pagina=2/);

  const other = await context.newPage();
  await other.goto(page.url());
  const theirs = other.getByTestId("log").getByRole("listitem");
  await expect(theirs.first()).toContainText("número 35");
  await other.getByRole("button", { name: "Más recientes" }).click();
  await expect(theirs.first()).toContainText("número 60");

  await rows.first().getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1, name: "Notificación" })).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Historial" }).click();
  await expect(rows.first()).toContainText("número 35");
  await page.goBack();
  await page.goBack();
  await expect(rows.first()).toContainText("número 35");
});

test("the filters of Live and what is open there stand in the address", async ({
  consolePage: page,
  server,
  context,
}) => {
  await server.notify({ type: "test", message: "una prueba" });
  const { id } = await server.notify({ type: "tour_creado", data: { nombre: "Valle Sagrado" } });
  await section(page, "En vivo");
  await page.getByLabel("Buscar en el texto y los datos").fill("SAGRADO");
  await expect(page.getByTestId("shown")).toHaveText("1 de 2 con estos filtros");
  await page.getByRole("button", { name: /Valle Sagrado/ }).click();
  await expect(page).toHaveURL(new RegExp(`texto=SAGRADO&ver=${id}`));
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByRole("dialog")).toContainText("Valle Sagrado");
  await expect(other.getByLabel("Buscar en el texto y los datos")).toHaveValue("SAGRADO");
  await expect(other.getByTestId("shown")).toHaveText("1 de 2 con estos filtros");
});

test("simulated clients go on in other sections, and are ended from there", async ({ consolePage: page, server }) => {
  await section(page, "Simulador");
  await page.getByLabel("Clientes", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Conectar", exact: true }).click();
  await expect(page.getByTestId("totals")).toContainText("3 de 3 conectados");
  await section(page, "Usuarios");
  await expect(page.getByRole("link", { name: /^simulado-1/ })).toBeVisible();
  const chip = page.getByTestId("simulation-chip");
  await expect(chip).toContainText("3");
  await chip.getByRole("link").click();
  await expect(page.getByTestId("totals")).toContainText("3 de 3 conectados");
  await section(page, "Resumen");
  await chip.getByRole("button", { name: "Detener la simulación" }).click();
  await expect(chip).toHaveCount(0);
  await expect.poll(async () => ((await server.call("/v1/users")) as { total: number }).total).toBe(0);
});
