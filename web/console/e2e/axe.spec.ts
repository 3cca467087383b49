import { violationsOf } from "./axe.ts";
import { expect, isConnected, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";

const SECTIONS = {
  Resumen: "/",
  Enviar: "/enviar/reserva_creada",
  "En vivo": "/en-vivo",
  Historial: "/historial",
  Usuarios: "/usuarios/42",
  Catálogo: "/catalogo",
  Claves: "/claves",
  Pruébalo: "/pruebalo",
  Simulador: "/simulador",
  API: "/api",
  Notificación: "/historial/",
  "API, an operation": "/api/notify",
};

const DESK = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };

const LOOKS = [
  { colorScheme: "light", forcedColors: "none", ...DESK },
  { colorScheme: "dark", forcedColors: "none", ...DESK },
  { colorScheme: "light", forcedColors: "active", ...DESK },
  { colorScheme: "light", forcedColors: "none", ...PHONE },
  { colorScheme: "dark", forcedColors: "none", ...PHONE },
] as const;

// Each look adds this to the test's time, so that a slow machine is no failure and a section that hangs is one.
const LOOK_MS = 20_000;

for (const [name, path] of Object.entries(SECTIONS)) {
  test(`it has no accessibility violation in any look, and fits into 320 pixels in English: ${name}`, async ({
    page,
    server,
    connect,
  }) => {
    test.setTimeout(test.info().timeout + (LOOKS.length + 1) * LOOK_MS);
    await connect("42", "turista");
    await server.notify({ type: "tour_creado", data: { nombre: "Colca" }, priority: "critical", link: "/tours/7" });
    await server.notify({ type: "reserva_creada", data: { usuario_id: "42", tour_nombre: "Colca", personas: 2 } });
    const { id } = await server.notify({ type: "test", message: "hola" });
    const [title = ""] = name.split(",");
    await page.goto(`${server.url}/#${path}${name === "Notificación" ? id : ""}`);
    await isConnected(page);
    await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
    await expect(page.getByRole("status", { name: "Cargando…" })).toHaveCount(0);
    if (name === "Catálogo") await page.getByRole("button", { name: /reserva_creada/ }).click();
    if (name === "En vivo") await page.getByRole("button", { name: /Nuevo tour: Colca/ }).waitFor();
    for (const one of LOOKS) {
      await look(page, one);
      expect([one, await violationsOf(page)]).toEqual([one, []]);
    }

    // As it comes up where there is little room.
    await look(page, { colorScheme: "light", width: 320, height: 640 });
    await page.evaluate(() => {
      localStorage.setItem("sio-server:language", "en");
    });
    await page.reload();
    await isConnected(page);
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expect(page.getByRole("status", { name: "Loading…" })).toHaveCount(0);
    expect(await violationsOf(page)).toEqual([]);
    await expect.poll(() => overflowOf(page)).toBe(0);
  });
}

test("signing in, the drawer and the dialog have no accessibility violation", async ({ page, secured, server }) => {
  await page.goto(secured.url);
  await page.getByLabel("Token o clave").waitFor();
  expect(await violationsOf(page)).toEqual([]);

  await server.notify({ type: "test", message: "hola", data: { lista: [1, { dos: true }] } });
  await page.goto(`${server.url}/#/en-vivo`);
  await page.getByRole("button", { name: /hola/ }).click();
  await page.getByRole("dialog").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.goto(`${server.url}/#/usuarios/42`);
  await page.getByRole("button", { name: "Desconectar" }).click();
  await page.getByRole("dialog").waitFor();
  expect(await violationsOf(page)).toEqual([]);
});
