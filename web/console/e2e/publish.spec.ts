import { expect, section, test } from "./fixtures.ts";

test("what is sent from the form is seen live by whoever looks on", async ({ consolePage: page, context, server }) => {
  const other = await context.newPage();
  await other.goto(`${server.url}/#/en-vivo`);
  await section(page, "Enviar");
  await page.getByRole("combobox", { name: "Tipo de evento" }).click();
  await page.getByRole("option", { name: "reserva_creada" }).click();
  await page.getByLabel("usuario_id").fill("42");
  await page.getByLabel("tour_nombre").fill("Valle Sagrado");
  await page.getByLabel("personas").fill("3");
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByTestId("outcome")).toContainText("Enviada");

  await other.getByRole("button", { name: /Reserva de Valle Sagrado creada/ }).click();
  const drawer = other.getByRole("dialog");
  await expect(drawer).toContainText('"Valle Sagrado"');
  await expect(drawer).toContainText("admin y usuario 42");
});

test("a field of the wrong kind is named before anything is sent", async ({ consolePage: page, server }) => {
  await section(page, "Enviar");
  await page.getByRole("combobox", { name: "Tipo de evento" }).click();
  await page.getByRole("option", { name: "reserva_creada" }).click();
  await page.getByLabel("personas").fill("muchas");
  await expect(page.getByText("Debe ser un número entero.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Enviar notificación" })).toBeDisabled();
  expect(await server.call("/v1/stats")).toMatchObject({ publishes: { accepted: 0 } });
});

test("what the server refuses is shown with its reason", async ({ consolePage: page }) => {
  await section(page, "Enviar");
  await page.getByText("Elegir", { exact: true }).click();
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByTestId("outcome")).toContainText("No se envió");
  await expect(page.getByTestId("outcome")).toContainText("invalid_audience");
});

test("the audience is counted while it is chosen", async ({ consolePage: page, connect }) => {
  await connect("41", "turista");
  await connect("42", "turista");
  await connect("42", "turista");
  await section(page, "Enviar");
  await page.getByText("Elegir", { exact: true }).click();
  await page.getByRole("combobox", { name: "Roles" }).fill("turista");
  await page.getByRole("combobox", { name: "Roles" }).press("Enter");
  await expect(page.locator(".reach")).toContainText("2");
  await expect(page.locator(".reach")).toContainText("3 conexiones");
});

test("the request can be taken along as curl, Python and JavaScript", async ({ consolePage: page, server }) => {
  await section(page, "Enviar");
  await page.getByLabel("Mensaje").fill("it's 'quoted'");
  await expect(page.getByRole("region", { name: "curl" })).toContainText(`curl -X POST ${server.url}/notify`);
  await page.getByRole("tab", { name: "Python" }).click();
  await expect(page.getByRole("region", { name: "Python" })).toContainText("httpx.post(");
  await page.getByRole("tab", { name: "JavaScript" }).click();
  await expect(page.getByRole("region", { name: "JavaScript" })).toContainText("await fetch(");
});
