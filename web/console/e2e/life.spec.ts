import { violationsOf } from "./axe.ts";
import { expect, isConnected, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";

test("a notification is amended and retracted on its page, which tells what became of it and of what replaced it", async ({
  page,
  server,
  connect,
}) => {
  const socket = await connect("ana", "turista");
  const heard: unknown[] = [];
  socket.on("ns:updated", ({ id, message }: { id: string; message: string }) => heard.push([id, message]));
  socket.on("ns:removed", ({ id }: { id: string }) => heard.push([id]));
  const trip = { type: "test", audience: { users: ["ana"] }, collapse_key: "viaje-7" };
  const { id } = await server.notify({ ...trip, message: "Sale a las 5:30", group: "viajes" });
  const patch = async (change: object) => {
    const body = JSON.stringify(change);
    const headers = { "Content-Type": "application/json" };
    const reply = await fetch(`${server.url}/v1/notifications/${id}`, { method: "PATCH", headers, body });
    expect(reply.status).toBe(200);
  };
  await page.goto(`${server.url}/#/en-vivo`);
  await isConnected(page);
  const row = page.locator(`[data-id="${id}"]`);
  await expect(row).toContainText("Sale a las 5:30");

  await page.goto(`${server.url}/#/historial/${id}`);
  await page.getByRole("button", { name: "Corregir" }).click();
  const dialog = page.getByRole("dialog", { name: "Corregir la notificación" });
  const save = dialog.getByRole("button", { name: "Guardar los cambios" });
  await expect(save).toBeDisabled();
  await dialog.getByLabel("Mensaje").fill("Sale a las 6:00");
  await dialog.getByLabel("Grupo").fill("");
  await patch({ title: "Tu viaje" }); // somebody else is first
  await save.click();
  await expect(dialog.getByText("Alguien la ha cambiado mientras escribías")).toBeVisible();
  await expect(dialog.getByLabel("Título")).toHaveValue("");
  expect(await violationsOf(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Ver lo que hay ahora, con mis cambios" }).click();
  await expect(dialog.getByLabel("Título")).toHaveValue("Tu viaje");
  await expect(dialog.locator(".changes > div")).toHaveText([/Sale a las 5:30 → Sale a las 6:00/, /viajes → vacío/]);
  await save.click();
  await expect(page.getByText("Corregida en todas partes.")).toBeVisible();
  await expect(page.locator(".fields")).toContainText(/Sale a las 6:00.*Corregida.*2 veces/);
  expect(heard).toEqual([
    [id, "Sale a las 5:30"],
    [id, "Sale a las 6:00"],
  ]);
  await page.goto(`${server.url}/#/en-vivo`);
  await expect(row).toContainText(/Sale a las 6:00.*Corregida/);

  const { id: next } = await server.notify({ ...trip, message: "Sale a las 7:15" });
  await expect(row).toContainText(/Reemplazada/);
  await page.goto(`${server.url}/#/historial/${id}`);
  await expect(page.getByText("Así era cuando se reemplazó.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Corregir" })).toHaveCount(0);
  await page.getByRole("link", { name: "Ver la que la reemplaza" }).first().click();
  await expect(page).toHaveURL(new RegExp(next));
  await expect(page.locator(".fields")).toContainText(`Reemplaza a${id}`);
  await page.getByRole("button", { name: "Retirar" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sí, retirar" }).click();
  await expect(page.getByText("Así era cuando se retiró.")).toBeVisible();
  const past = page.getByRole("list", { name: "Cambios" }).locator(":scope > li");
  await expect(past).toHaveText([
    /^Publicada/,
    /^Corregida.*Título.*vacío → Tu viaje/,
    /^Corregida.*5:30 → Sale a las 6:00.*viajes → vacío/,
    /^Reemplazada/,
    /^Publicada/,
    /^Retirada/,
  ]);
  await expect.poll(() => heard.at(-1)).toEqual([next]);
  await expect(page.getByText(/^Ya no está en el registro, y con ella se fueron sus entregas/)).toBeVisible();
  await page.getByRole("combobox", { name: "Usuario" }).fill("ana");
  await page.getByRole("button", { name: "Averiguar" }).click();
  await expect(page.getByTestId("answer")).toContainText("ana estaba conectado cuando se publicó, y se le envió.");
  await look(page, { width: 320, height: 640, colorScheme: "dark" });
  expect(await violationsOf(page)).toEqual([]);
  expect(await overflowOf(page)).toBe(0);
});

test("one that is replaced while it is amended stays open, and what was written goes to the new one", async ({
  page,
  server,
}) => {
  const trip = { type: "test", audience: { users: ["ana"] }, collapse_key: "viaje-7" };
  const { id } = await server.notify({ ...trip, message: "Sale a las 5:30" });
  await page.goto(`${server.url}/#/historial/${id}`);
  await page.getByRole("button", { name: "Corregir" }).click();
  const dialog = page.getByRole("dialog", { name: "Corregir la notificación" });
  const save = dialog.getByRole("button", { name: "Guardar los cambios" });
  await dialog.getByLabel("Título").fill("Tu viaje");
  const { id: next } = await server.notify({ ...trip, message: "Sale a las 7:15" });
  await save.click({ force: true }); // the page may have heard of it before
  await expect(dialog.getByText("Otra ha ocupado su lugar")).toBeVisible();
  await expect(dialog.getByLabel("Título")).toHaveValue("Tu viaje");
  await expect(dialog.getByRole("link", { name: "Ver la que la reemplaza" })).toHaveAttribute("href", /historial/);
  await expect(save).toBeDisabled();
  await look(page, { width: 390, height: 844, colorScheme: "light" });
  expect(await violationsOf(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Corregir la nueva con mis cambios" }).click();
  await expect(dialog.getByLabel("Mensaje")).toHaveValue("Sale a las 7:15");
  await save.click();
  await expect(dialog).toHaveCount(0);
  expect(await server.call(`/v1/notifications/${next}`)).toMatchObject({ title: "Tu viaje", revision: 1 });
  expect(await server.call(`/v1/notifications/${id}`)).toMatchObject({ title: null, status: "replaced" });
});

test("one that is taken back is struck out in the live view at once, and beside it is why", async ({
  consolePage: page,
  server,
}) => {
  await page.goto(`${server.url}/#/en-vivo`);
  const { id } = await server.notify({ type: "test", message: "precio equivocado", audience: { users: ["ana"] } });
  const row = page.locator(`[data-id="${id}"]`);
  await expect(row).toContainText("precio equivocado");
  await row.getByRole("button").click();
  const panel = page.getByRole("dialog", { name: "test" });
  await expect(panel.getByRole("button", { name: "Retirar" })).toBeVisible();
  await fetch(`${server.url}/v1/notifications/${id}`, { method: "DELETE" });
  await expect(row).toContainText("Retirada");
  await expect(row.locator("[data-status]")).toHaveAttribute("data-status", "retracted");
  await expect(panel.getByText("Así era cuando se retiró.")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Retirar" })).toHaveCount(0);
  await look(page, { width: 390, height: 844, colorScheme: "dark" });
  expect(await violationsOf(page)).toEqual([]);
  expect(await overflowOf(page)).toBe(0);
});
