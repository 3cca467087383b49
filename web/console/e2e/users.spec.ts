import { expect, section, test } from "./fixtures.ts";

test("a user is disconnected, and stays so", async ({ consolePage: page, connect }) => {
  const socket = await connect("42", "turista");
  const closing = new Promise((resolve) => socket.once("ns:closing", resolve));
  await section(page, "Usuarios");
  await page.getByRole("link", { name: /^42/ }).click();
  await page.getByRole("button", { name: "Desconectar" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sí, desconectar" }).click();
  await expect(page.getByText("Se cerró 1 conexión.")).toBeVisible();
  expect(await closing).toMatchObject({ code: "token_revoked", reconnect: false });
  await expect(page.getByRole("link", { name: /^42/ })).toHaveCount(0);
  await expect(page.getByText("No está conectado ahora.")).toBeVisible();
});

test("a user's inbox is shown as this user sees it", async ({ consolePage: page, server, connect }) => {
  await connect("42", "turista");
  await server.notify({ type: "test", message: "para el 42", audience: { users: ["42"] } });
  await server.notify({ type: "test", message: "para el 43", audience: { users: ["43"] } });
  await section(page, "Usuarios");
  await page.getByRole("link", { name: /^42/ }).click();
  await expect(page.getByText("para el 42")).toBeVisible();
  await expect(page.getByTestId("unread")).toHaveText("1 sin leer");
  await expect(page.getByText("para el 43")).toHaveCount(0);
});
