import { writeFile } from "node:fs/promises";
import { io } from "socket.io-client";
import { violationsOf } from "./axe.ts";
import { expect, section, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";
import { Server } from "./server.ts";

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
  await expect(page.getByText("No está ahora")).toBeVisible();
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

test("whoever is connected is found, however many others are", async ({ consolePage: page, connect, server }) => {
  for (let number = 0; number < 140; number += 1) await connect(`a${String(number).padStart(3, "0")}`, "turista");
  await section(page, "Usuarios");
  await expect(page.getByText("140 usuarios conectados")).toBeVisible();
  await expect(page.getByRole("link", { name: /^a139/ })).toHaveCount(0);
  await page.getByRole("searchbox", { name: "Buscar usuario" }).fill("A139");
  await expect(page.getByRole("link", { name: /^a139/ })).toBeVisible();
  await expect(page.getByText("1 coincidencia")).toBeVisible();

  // Back from a user the search is as it was; the address has it.
  await page.getByRole("link", { name: /^a139/ }).click();
  await expect(page.getByRole("heading", { level: 2, name: "a139" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("searchbox", { name: "Buscar usuario" })).toHaveValue("A139");
  await expect(page.getByRole("link", { name: /^a139/ })).toBeVisible();
  await page.goto(`${server.url}/#/usuarios/a139`);
  await expect(page.getByText("No está ahora")).toHaveCount(0);
  await expect(page.getByText("user:a139")).toBeVisible();
});

test("a long message takes three lines of an inbox until more is asked for", async ({ consolePage: page, server }) => {
  await server.notify({ type: "test", message: "x".repeat(5_000), audience: { users: ["42"] } });
  await page.goto(`${server.url}/#/usuarios/42`);
  const entry = page.locator(".letter");
  const height = async () => (await entry.boundingBox())?.height ?? 0;
  await entry.waitFor();
  await expect.poll(height).toBeLessThan(200);
  await entry.getByRole("button", { name: "Ver más" }).click();
  await expect.poll(height).toBeGreaterThan(400);
  await entry.getByRole("button", { name: "Ver menos" }).click();
  await expect.poll(height).toBeLessThan(200);
});

test("signs that turn text around are written out", async ({ consolePage: page, server }) => {
  const name = "factura_\u202Efdp.exe";
  await server.notify({ type: "test", message: name, data: { archivo: name }, audience: { users: ["42"] } });
  await page.goto(`${server.url}/#/usuarios/42`);
  await expect(page.locator(".letter")).toContainText(String.raw`factura_\u202efdp.exe`);
});

test("who follows a topic is found from the topic and from the person, and a draft counts them", async ({
  page,
}, testInfo) => {
  const catalog = testInfo.outputPath("topics.toml");
  await writeFile(catalog, '[topics."tour:*"]\nfollow = "anyone"\n');
  const server = await Server.start({ SIO_SERVER_CATALOG: catalog });
  for (const [user, topic] of [
    ["ana", "tour:7"],
    ["luis", "tour:7"],
    ["ana", "tour:colca al amanecer"],
  ] as const) {
    const reply = await fetch(`${server.url}/v1/users/${user}/topics/${encodeURIComponent(topic)}`, { method: "PUT" });
    expect(reply.status).toBe(200);
  }
  await look(page, { width: 390, height: 844 });
  await page.goto(`${server.url}/#/usuarios`);
  await page.getByRole("link", { name: "tour:7 2 seguidores" }).click();
  const followers = page.getByRole("list", { name: "Quién sigue tour:7" }).getByRole("listitem");
  await expect(followers).toHaveText([/^ana.*por el sistema/, /^luis/]);
  await followers.getByRole("link", { name: "ana" }).click();
  const topics = page.getByRole("list", { name: "Temas que sigue" }).getByRole("listitem");
  await expect(topics).toHaveText([/^tour:7/, /^tour:colca al amanecer/]);
  await topics.getByRole("link", { name: "tour:colca al amanecer" }).click();
  await expect(page.getByRole("list", { name: "Quién sigue tour:colca al amanecer" })).toBeVisible();
  expect(await violationsOf(page)).toEqual([]);
  expect(await overflowOf(page)).toBe(0);

  await page.goto(`${server.url}/#/enviar?tipo=test`);
  await page.getByText("Personalizada").click();
  await page.getByRole("combobox", { name: "Temas" }).fill("tour:7");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("reach")).toHaveText("Llega a 2 usuarios");
  await page.goto(`${server.url}/#/usuarios`);
  await page.getByRole("button", { name: "Menú" }).click();
  await page.getByRole("link", { name: "Ayuda" }).click();
  await expect(page).toHaveURL(`${server.url}/help/es/`);
  await server.stop();
});

test("who is here is told as people come and go, since when, and of who left when that was", async ({
  consolePage: page,
  server,
  connect,
}) => {
  const heard: string[] = [];
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => heard.push(String(payload)));
  });
  await page.reload();
  const first = await connect("42", "turista");
  await section(page, "Usuarios");
  const list = page.getByRole("list", { name: "Usuarios conectados" });
  await expect(list.getByRole("link")).toHaveText([/^42desde \d\d:\d\d:\d\d · 1 conexión/]);
  await connect("43", "guia");
  await expect(list.getByRole("link")).toHaveText([/^42/, /^43desde/]);
  await page.getByRole("combobox", { name: "Rol" }).click();
  await page.getByRole("option", { name: "guia" }).click();
  await expect(list.getByRole("link")).toHaveText([/^43desde/]);

  await page.goto(`${server.url}/#/usuarios/42`);
  const here = page.getByTestId("here");
  await expect(here).toHaveText(/^Aquí ahora\s*desde \d\d:\d\d:\d\d · 1 conexión$/);
  first.disconnect();
  await expect(here).toHaveText(/^No está ahora\s*Visto por última vez: .*\(hace \d+ s\)$/);
  await page.goto(`${server.url}/#/usuarios/nadie`);
  await expect(page.getByText("Nunca se ha conectado.")).toBeVisible();
  await page.getByRole("searchbox", { name: "Buscar usuario" }).fill("42");
  await expect(page.getByTestId("here").filter({ hasText: "No está ahora" })).toBeVisible();
  expect(await violationsOf(page)).toEqual([]);

  const said = heard.flatMap((frame) => /"ns:presence",(.*)\]$/.exec(frame)?.[1] ?? []);
  expect(new Set(said)).toEqual(new Set(['{"wanted":true}']));
  await section(page, "Resumen");
  await expect.poll(() => heard.some((frame) => frame.includes('"ns:presence",{"wanted":false}'))).toBe(true);
});

test("who has a topic and is here is found, and an empty choice shows all again", async ({ page }, testInfo) => {
  const catalog = testInfo.outputPath("topics.toml");
  await writeFile(catalog, '[topics."tour:*"]\nfollow = "anyone"\n');
  const server = await Server.start({ SIO_SERVER_CATALOG: catalog });
  const sockets = ["ana", "luis"].map((user) => io(server.url, { auth: { role: "turista", user }, forceNew: true }));
  for (const user of ["ana", "eva"])
    await fetch(`${server.url}/v1/users/${user}/topics/${encodeURIComponent("tour:7")}`, { method: "PUT" });
  await look(page, { width: 390, height: 844 });
  await page.goto(`${server.url}/#/usuarios?tema=tour:7`);
  await page.getByRole("link", { name: "Quién está ahora" }).click();
  const list = page.getByRole("list", { name: "Usuarios conectados" });
  await expect(list.getByRole("link")).toHaveText([/^ana/]);
  await expect(page.getByRole("combobox", { name: "Tema" })).toHaveValue("tour:7");
  expect(await violationsOf(page)).toEqual([]);
  expect(await overflowOf(page)).toBe(0);
  await page.getByRole("combobox", { name: "Rol" }).click();
  await page.getByRole("option", { name: "turista" }).click();
  await expect(list.getByRole("link")).toHaveText([/^ana/, /^luis/]);
  await expect(page.getByRole("combobox", { name: "Tema" })).toHaveValue("");
  for (const socket of sockets) socket.disconnect();
  await server.stop();
});
