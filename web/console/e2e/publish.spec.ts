import type { Page } from "@playwright/test";
import { expect, section, test } from "./fixtures.ts";
import type { Server } from "./server.ts";

interface Stored {
  message: string;
  title: string | null;
  priority: string;
  audience: object;
}

async function stored(server: Server): Promise<Stored[]> {
  return ((await server.call("/v1/notifications")) as { items: Stored[] }).items;
}

async function pick(page: Page, type: string): Promise<void> {
  await page.getByRole("combobox", { name: "Tipo de evento" }).click();
  await page.getByRole("option", { name: type, exact: true }).click();
}

test("what is sent from the form is seen live by whoever looks on", async ({ consolePage: page, context, server }) => {
  const other = await context.newPage();
  await other.goto(`${server.url}/#/en-vivo`);
  await section(page, "Enviar");
  await pick(page, "reserva_creada");
  await page.getByLabel("usuario_id").fill("42");
  await page.getByLabel("tour_nombre").fill("Valle Sagrado");
  await page.getByLabel("personas").fill("3");
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByTestId("outcome")).toContainText("Enviada");

  await other.getByRole("button", { name: /Reserva de Valle Sagrado creada/ }).click();
  const panel = other.getByRole("dialog");
  await expect(panel).toContainText('"Valle Sagrado"');
  await expect(panel).toContainText("admin y usuario 42");
});

test("what reaches several people goes out after a yes to how many they are", async ({
  consolePage: page,
  server,
  connect,
}) => {
  const sockets = [await connect("41", "turista"), await connect("42", "admin")];
  const heard: string[] = [];
  for (const [index, socket] of sockets.entries()) socket.on("tour_creado", () => heard.push(String(index)));
  await section(page, "Enviar");
  await pick(page, "tour_creado");
  await page.getByLabel("nombre").fill("Colca");
  await page.getByRole("button", { name: "Enviar notificación" }).click();

  const dialog = page.getByRole("dialog", { name: "¿Enviar a 2 usuarios?" });
  await expect(dialog.getByTestId("asked-reach")).toContainText("2 conectados ahora");
  await expect(dialog).toContainText("Nuevo tour: Colca");
  await expect(dialog.getByRole("button", { name: "Cancelar" })).toBeFocused();
  await dialog.getByRole("button", { name: "Ver quiénes" }).click();
  await expect(dialog.getByRole("list", { name: "A quién llega" }).getByRole("listitem")).toHaveText([/41/, /42/]);
  await connect("43", "turista"); // counted while the question stands
  await expect(page.getByRole("dialog", { name: "¿Enviar a 3 usuarios?" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await stored(server)).toEqual([]);
  expect(heard).toEqual([]);

  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Enviar a 3 usuarios" }).click();
  await expect(page.getByTestId("outcome")).toContainText(/Entregada a 3 conexiones en \d+ ms/);
  await expect.poll(() => heard.sort()).toEqual(["0", "1"]);
});

test("connections without a user are people, too: they are asked about", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("", "turista");
  await connect("", "turista");
  await section(page, "Enviar");
  await pick(page, "tour_creado");
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByRole("dialog").getByRole("button", { name: /^Enviar a 2 conexiones/ })).toBeVisible();
  await page.getByRole("dialog").getByRole("button", { name: "Cancelar" }).click();
  expect(await stored(server)).toEqual([]);
});

test("what lacks a field of its audience is asked about before, and told as sent to a part after", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("9", "admin");
  await section(page, "Enviar");
  await pick(page, "reserva_creada");
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  const dialog = page.getByRole("dialog", { name: "Falta usuario_id" });
  await expect(dialog).toContainText("solo llega a una parte de la audiencia");
  await dialog.getByRole("button", { name: "Volver y rellenar" }).click();
  await expect(page.getByLabel("usuario_id")).toBeFocused();
  await expect(page.getByText("Hace falta para llegar a toda la audiencia.")).toBeVisible();
  expect(await stored(server)).toEqual([]);

  await page.keyboard.press("Control+Enter");
  await dialog.getByRole("button", { name: /Enviar solo a esta parte/ }).click();
  const outcome = page.getByTestId("outcome");
  await expect(outcome.locator(".callout-orange")).toContainText("Enviada solo a una parte");
  await expect(outcome).toContainText("falta data.usuario_id");
  await expect(outcome.getByText("Enviada", { exact: true })).toHaveCount(0);
});

test("the preview is what is then stored, a missing field included", async ({ consolePage: page, server }) => {
  await section(page, "Enviar");
  await pick(page, "reserva_creada");
  await page.getByLabel("usuario_id").fill("42");
  await expect(page.getByTestId("preview")).toContainText("Nueva reserva");
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByTestId("outcome")).toContainText("Enviada");
  expect((await stored(server))[0]).toMatchObject({ message: "Nueva reserva", title: null });
  await page.getByLabel("tour_nombre").fill("Colca");
  await expect(page.getByTestId("preview")).toContainText("Reserva de Colca creada");
});

test("a field of the wrong kind is named before anything is sent, and gets the focus", async ({
  consolePage: page,
  server,
}) => {
  await section(page, "Enviar");
  await pick(page, "reserva_creada");
  await page.getByLabel("personas").fill("muchas");
  await page.getByLabel("fecha", { exact: false }).first().fill("24/12/2026");
  await expect(page.getByText("Debe ser un número entero.")).toBeVisible();
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByLabel("fecha", { exact: false }).first()).toBeFocused();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("2026-12-24");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("personas")).toBeFocused();
  expect(await server.call("/v1/stats")).toMatchObject({ publishes: { accepted: 0 } });
});

test("a field that the server refuses is marked, and gets the focus", async ({ consolePage: page }) => {
  await section(page, "Enviar");
  await page.getByLabel("Título").fill("x".repeat(201));
  await expect(page.getByText("201/200")).toBeVisible();
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByTestId("outcome")).toContainText("No se envió");
  await expect(page.getByLabel("Título")).toBeFocused();
  await expect(page.getByLabel("Título")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Título").fill("corto");
  await expect(page.getByLabel("Título")).not.toHaveAttribute("aria-invalid", "true");
});

test("what is wrong in the options is shown, though they were folded", async ({ consolePage: page }) => {
  await section(page, "Enviar");
  await page.getByRole("button", { name: "Opciones" }).click();
  await page.getByLabel("Enlace").fill("javascript:alert(1)");
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByLabel("Enlace")).toBeFocused();
});

test("what the server refuses is shown with its reason", async ({ consolePage: page }) => {
  await section(page, "Enviar");
  await page.getByText("Personalizada", { exact: true }).click();
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByTestId("outcome")).toContainText("No se envió");
  await expect(page.getByTestId("outcome")).toContainText("invalid_audience");
});

test("the audience is counted while it is chosen, and who is connected is suggested", async ({
  consolePage: page,
  connect,
}) => {
  await connect("41", "turista");
  await connect("42", "turista");
  await connect("42", "turista");
  await section(page, "Enviar");
  await page.getByText("Personalizada", { exact: true }).click();
  await page.getByRole("combobox", { name: "Roles" }).fill("turista");
  await page.getByRole("combobox", { name: "Roles" }).press("Enter");
  await expect(page.getByTestId("reach")).toHaveText("Llega a 2 usuarios");
  await expect(page.locator(".reach")).toContainText("3 conexiones");
  await page.getByRole("combobox", { name: "Usuarios", exact: true }).click();
  await expect(page.getByRole("option")).toHaveText(["41", "42"]);
});

test("nobody is said in orange, beside the button", async ({ consolePage: page }) => {
  await section(page, "Enviar");
  await page.getByText("Personalizada", { exact: true }).click();
  await page.getByRole("combobox", { name: "Roles" }).fill("guia");
  await page.getByRole("combobox", { name: "Roles" }).press("Enter");
  await expect(page.getByTestId("reach")).toHaveText("No llega a nadie");
  await expect(page.locator(".reach")).toHaveAttribute("data-short", "true");
});

test("an example fills what is empty, and goes through", async ({ consolePage: page }) => {
  await section(page, "Enviar");
  await pick(page, "reserva_creada");
  await page.getByLabel("tour_nombre").fill("Colca");
  await page.getByRole("button", { name: "Rellenar con un ejemplo" }).click();
  await expect(page.getByLabel("tour_nombre")).toHaveValue("Colca");
  await expect(page.getByLabel("personas")).not.toHaveValue("");
  await page.getByRole("button", { name: "Enviar notificación" }).click();
  await expect(page.getByTestId("outcome")).toContainText("Enviada");
});

test("the request can be taken along as curl, Python and JavaScript", async ({ consolePage: page, server }) => {
  await section(page, "Enviar");
  await page.getByLabel("Mensaje").fill("it's 'quoted' \u202Efdp.exe");
  const code = page.getByRole("region", { name: "curl" });
  await expect(code).toContainText(`curl -X POST ${server.url}/notify`);
  await expect(code).toContainText(String.raw`\u202efdp.exe`);
  await page.getByRole("tab", { name: "Python" }).click();
  await expect(page.getByRole("region", { name: "Python" })).toContainText("httpx.post(");
  await page.getByRole("tab", { name: "JavaScript" }).click();
  await expect(page.getByRole("region", { name: "JavaScript" })).toContainText("await fetch(");
});

test("a notification is written and sent with the keyboard alone", async ({ consolePage: page, server, connect }) => {
  await connect("41", "turista");
  await connect("42", "turista");
  await page.getByRole("navigation").getByRole("link", { name: "Enviar", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Enviar" })).toBeFocused();
  const type = page.getByRole("combobox", { name: "Tipo de evento" });
  while (!(await type.evaluate((input) => input === document.activeElement))) await page.keyboard.press("Tab");
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("tour_creado");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(type).toHaveValue("tour_creado");
  await page.keyboard.press("Tab"); // the title
  await page.keyboard.press("Tab"); // the message
  await page.keyboard.type("Escrito con el teclado");
  const send = page.getByRole("button", { name: "Enviar notificación" });
  while (!(await send.evaluate((button) => button === document.activeElement))) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByRole("button", { name: "Cancelar" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("outcome")).toContainText("Enviada");
  expect((await stored(server))[0]).toMatchObject({ message: "Escrito con el teclado" });
});

test("a page of many lines leaves the button where it is", async ({ consolePage: page }) => {
  await section(page, "Enviar");
  await page.getByLabel("Mensaje").fill("línea muy larga ".repeat(600));
  const button = page.getByRole("button", { name: "Enviar notificación" });
  await expect(page.getByTestId("preview").getByRole("button", { name: "Ver más" })).toBeVisible();
  await expect(button).toBeInViewport({ ratio: 1 });
  await page.evaluate(() => {
    scrollTo(0, document.body.scrollHeight);
  });
  await expect(button).toBeInViewport({ ratio: 1 });
  await page.setViewportSize({ width: 390, height: 700 });
  await page.evaluate(() => {
    scrollTo(0, 0);
  });
  await expect(button).toBeInViewport({ ratio: 1 });
});
