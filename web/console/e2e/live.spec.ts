import { expect, section, test } from "./fixtures.ts";

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
  await expect(page.getByTestId("shown")).toHaveText("31 de 31");
});

test("what is let go to make room is counted, and said where it is", async ({ consolePage: page, server }) => {
  await section(page, "En vivo");
  const notifications = Array.from({ length: 1_000 }, (_, index) => ({ type: "test", message: `relleno ${index}` }));
  for (let round = 0; round < 23; round += 1) await server.call("/v1/notifications/batch", { notifications });
  const shown = page.getByTestId("shown");
  await expect(shown).toHaveAttribute("data-arrived", "23000");
  const [held, released] = [
    Number(await shown.getAttribute("data-held")),
    Number(await shown.getAttribute("data-released")),
  ];
  expect(released).toBeGreaterThan(0);
  expect(held + released).toBe(23_000);
  await expect(page.getByTestId("released")).toContainText(/De 23\.000, .* están en el Historial/);
});

test("the stream is filtered by type, role and text", async ({ consolePage: page, server }) => {
  await server.notify({ type: "test", message: "una prueba" });
  await server.notify({ type: "tour_creado", data: { nombre: "Valle Sagrado" } });
  await server.notify({ type: "usuario_registrado", data: { nombre: "Ana" } });
  await section(page, "En vivo");
  await expect(page.getByTestId("shown")).toHaveText("3 de 3");
  await page.getByLabel("Buscar en el texto y los datos").fill("SAGRADO");
  await expect(page.getByTestId("shown")).toHaveText("1 de 3");
  await page.getByLabel("Buscar en el texto y los datos").fill("");
  await page.getByRole("combobox", { name: "Rol" }).click();
  await page.getByRole("option", { name: "turista" }).click();
  await expect(page.getByTestId("shown")).toHaveText("2 de 3");
  await page.getByRole("combobox", { name: "Tipos" }).fill("tour_creado");
  await page.getByRole("option", { name: "tour_creado" }).click();
  await expect(page.getByTestId("shown")).toHaveText("1 de 3");
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
  await expect(page.getByTestId("shown")).toHaveText("2 de 2");
  const { items } = (await server.call("/v1/notifications")) as {
    items: { audience: object; message: string; priority: string }[];
  };
  expect(items[0]?.audience).toEqual(items[1]?.audience);
  expect([items[0]?.message, items[0]?.priority]).toEqual(["Nuevo tour: Colca", "high"]);
});

test("what is not stored says so, and leads to no receipts", async ({ consolePage: page, server }) => {
  await section(page, "En vivo");
  await server.notify({ type: "test", message: "se guarda" });
  await server.notify({ type: "test", message: "pasajera", persist: false });
  await page.getByRole("button", { name: /pasajera/ }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("No se guardó")).toBeVisible();
  await expect(dialog.getByRole("link", { name: "Ver acuses" })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /se guarda/ }).click();
  await expect(dialog.getByRole("link", { name: "Ver acuses" })).toBeVisible();
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
