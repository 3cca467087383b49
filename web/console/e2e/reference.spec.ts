import { violationsOf } from "./axe.ts";
import { expect, isConnected, test } from "./fixtures.ts";
import { look } from "./layout.ts";
import { KEY } from "./server.ts";

interface Document {
  paths: Record<string, Record<string, { operationId: string; summary: string }>>;
}

test("every operation of the document has its page, named in Spanish and in English", async ({
  consolePage: page,
  server,
}) => {
  const { paths } = (await server.call("/openapi.json")) as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((one) => ({ path, ...one })),
  );
  expect(operations.length).toBeGreaterThanOrEqual(24);
  await page.goto(`${server.url}/#/api`);
  const contents = page.getByRole("navigation", { name: "Todas las operaciones" });
  for (const { operationId, path, summary } of operations) {
    await page.goto(`${server.url}/#/api/${operationId}`);
    await expect(page.locator(".operation-path")).toHaveText(path);
    await expect(page.locator(".operation-title")).not.toHaveText(summary);
    await expect(contents.locator('[aria-current="page"]')).toContainText(path);
  }
  await page.evaluate(() => {
    localStorage.setItem("sio-server:language", "en");
  });
  await page.reload();
  const last = operations.at(-1);
  await expect(page.locator(".operation-title")).toHaveText(last?.summary ?? "");
});

test("an operation is tried with the credential of whoever is signed in", async ({ page, secured }) => {
  await page.goto(secured.url);
  await page.getByLabel("Token o clave").fill(KEY);
  await page.getByLabel("Token o clave").press("Enter");
  await isConnected(page);
  await page.getByRole("navigation").getByRole("link", { name: "API", exact: true }).click();
  await page.getByLabel("Buscar una operación").fill("quien pregunta");
  await page.getByRole("link", { name: /\/v1\/session/ }).click();
  await page.getByRole("button", { name: "Enviar la petición" }).click();
  await expect(page.getByRole("region", { name: "Respuesta del servidor" })).toContainText('"credential": "key"');
  await expect(page.getByRole("region", { name: "curl" })).toContainText("Authorization: Bearer CLAVE");
  await expect(page.getByRole("region", { name: "curl" })).not.toContainText(KEY);
});

test("what reaches people is asked about first, with how many they are", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("41", "turista");
  await connect("42", "turista");
  await page.goto(`${server.url}/#/api/notify`);
  await page
    .getByRole("textbox", { name: "Cuerpo (JSON)" })
    .fill('{"type": "test", "audience": {"roles": ["turista"]}}');
  const send = page.getByRole("button", { name: "Enviar la petición" });
  await send.click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("llega a 2 usuarios (2 en línea ahora)");
  await dialog.getByRole("button", { name: "Cancelar" }).click();
  expect(await server.call("/v1/stats")).toMatchObject({ publishes: { accepted: 0 } });
  await send.click();
  await dialog.getByRole("button", { name: "Sí, enviar" }).click();
  await expect(page.getByRole("region", { name: "Respuesta del servidor" })).toContainText('"sockets": 2');
  expect(await server.call("/v1/stats")).toMatchObject({ publishes: { accepted: 1 } });
});

test("a value that is missing and JSON that is none are told before anything is sent", async ({
  consolePage: page,
  server,
}) => {
  await page.goto(`${server.url}/#/api/userInbox`);
  await expect(page.getByRole("button", { name: "Enviar la petición" })).toBeDisabled();
  await expect(page.getByText("Falta: id.")).toBeVisible();
  await page.goto(`${server.url}/#/api/notify`);
  await page.getByRole("textbox", { name: "Cuerpo (JSON)" }).fill("{");
  await expect(page.getByText("No es JSON válido.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Enviar la petición" })).toBeDisabled();
  await page.getByRole("textbox", { name: "Cuerpo (JSON)" }).fill('{"type": "tipo_que_no_hay"}');
  await page.getByRole("button", { name: "Enviar la petición" }).click();
  await expect(page.getByRole("region", { name: "Respuesta del servidor" })).toContainText("unknown_type");
});

test("the reference has no accessibility violation", async ({ page, server }) => {
  test.setTimeout(240_000); // four pages, looked through whole
  for (const operation of ["", "/notify", "/notifications", "/disconnect"]) {
    await page.goto(`${server.url}/#/api${operation}`);
    await page
      .locator(operation === "" ? ".reference-item" : ".operation-title")
      .first()
      .waitFor();
    await expect(page.getByRole("status", { name: "Cargando…" })).toHaveCount(0);
    for (const toggle of await page.locator(".schema-toggle").all()) await toggle.click();
    for (const colorScheme of ["light", "dark"] as const) {
      await look(page, { colorScheme });
      expect([operation, colorScheme, await violationsOf(page)]).toEqual([operation, colorScheme, []]);
    }
  }
});
