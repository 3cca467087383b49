import { violationsOf } from "./axe.ts";
import { expect, section, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";

test("what is sent for later waits in a list, where it is found, changed, delivered now and cancelled", async ({
  consolePage: page,
  server,
  connect,
}) => {
  const socket = await connect("ana", "turista");
  const arrived: string[] = [];
  socket.on("test", ({ message }: { message: string }) => arrived.push(message));
  await section(page, "Programadas");
  await expect(page.getByText("No hay nada programado")).toBeVisible();
  expect(await violationsOf(page)).toEqual([]);

  await page.goto(`${server.url}/#/enviar?tipo=test`);
  await page.getByLabel("Mensaje").fill("La combi pasa a las 5:30");
  await page.getByText("Personalizada").click();
  await page.getByRole("combobox", { name: "Usuarios", exact: true }).fill("ana");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Entrega", exact: true }).click();
  await page.getByText("Dentro de", { exact: true }).click();
  await page.getByLabel("Cuánto").fill("2");
  await page.getByRole("button", { name: "En la bandeja" }).click();
  await page.getByLabel("Clave de reemplazo").fill("recogida-7");
  await page.getByLabel("Grupo").fill("traslados");
  await page.getByRole("button", { name: "Añadir una acción" }).click();
  await page.getByLabel("Texto del botón").fill("Allí estaré");
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Programar notificación" }).click();
  await expect(page.getByTestId("outcome")).toContainText(/Programada.*dentro de 2 h/);
  const later = { type: "test", audience: { users: ["ana"] }, priority: "critical" };
  await server.notify({ ...later, message: "Mañana sales", deliver_in: 86_400 });
  await server.notify({ ...later, message: "La semana que viene", deliver_in: 604_800 });

  await page.getByRole("link", { name: "Ver las programadas" }).click();
  const rows = page.getByRole("list", { name: "Notificaciones programadas" }).locator(".waiting-row");
  await expect(rows).toHaveText([
    /dentro de 2 h.*Grupo traslados.*Con 1 acción.*5:30.*usuario ana.*recogida-7/,
    /dentro de 1 d.*Crítica.*Mañana sales/,
    /dentro de 7 d.*La semana que viene/,
  ]);
  await page.getByRole("searchbox", { name: "Clave de reemplazo" }).fill("recogida-7");
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL(/clave=recogida-7/);
  await look(page, { width: 320, height: 640, colorScheme: "dark" });
  expect(await overflowOf(page)).toBe(0);

  await rows.getByRole("button", { name: "Cambiar" }).click();
  const dialog = page.getByRole("dialog", { name: "Cambiar lo programado" });
  await dialog.getByLabel("Mensaje").fill("La combi pasa a las 6:00");
  await dialog.getByLabel("Entrega").fill("mañana");
  await expect(dialog.getByText("Escríbela así: 2026-12-24 09:30")).toBeVisible();
  await dialog.getByLabel("Entrega").fill("2001-01-01 00:00"); // its moment has passed
  await dialog.getByLabel("Grupo").fill("");
  await expect(dialog.locator(".changes > div")).toHaveCount(3);
  await expect(dialog.locator(".changes")).toContainText(/Grupotraslados → vacío/);
  expect(await violationsOf(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Guardar los cambios" }).click();
  await expect(page.getByText("Nada programado coincide")).toBeVisible();
  await expect.poll(() => arrived).toEqual(["La combi pasa a las 6:00"]);

  await page.getByRole("button", { name: "Quitar los filtros" }).click();
  await rows.first().getByRole("button", { name: "Enviar ahora" }).click();
  const asked = page.getByRole("dialog");
  await asked.getByRole("button", { name: "Cancelar" }).click();
  expect(arrived).toHaveLength(1);
  await rows.first().getByRole("button", { name: "Enviar ahora" }).click();
  await asked.getByRole("button", { name: "Sí, enviar ahora" }).click();
  await expect(page.getByText("Enviada a 1 conexión.")).toBeVisible();
  await expect.poll(() => arrived).toEqual(["La combi pasa a las 6:00", "Mañana sales"]);
  await rows.first().getByRole("button", { name: "Anular" }).click();
  expect(await violationsOf(page)).toEqual([]);
  await asked.getByRole("button", { name: "Sí, anular" }).click();
  await expect(page.getByText("No hay nada programado")).toBeVisible();
  expect(arrived).toHaveLength(2);
});

test("the page of one that waits says for when, and after it was cancelled, when and by whom", async ({
  consolePage: page,
  server,
}) => {
  const later = { type: "test", audience: { users: ["ana"] }, message: "Mañana sales", deliver_in: 86_400 };
  const { id } = await server.notify(later);
  await page.goto(`${server.url}/#/historial/${id}`);
  await expect(page.getByText(/Programada para .*dentro de 1 d/)).toBeVisible();
  await expect(page.locator(".waiting-row")).toContainText("Mañana sales");
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Anular" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sí, anular" }).click();
  const told = page.getByRole("alert", { name: "Anulada antes de entregarse" });
  await expect(told).toContainText(/Anulada · .+ · Desarrollo/);
  await expect(page.getByRole("list", { name: "Cambios" }).getByRole("listitem")).toHaveCount(2);
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("link", { name: "Ver las programadas" }).click();
  await expect(page.getByText("No hay nada programado")).toBeVisible();
});
