import { violationsOf } from "./axe.ts";
import { expect, isConnected, test } from "./fixtures.ts";

const SECTIONS = {
  Resumen: "/",
  Enviar: "/enviar/reserva_creada",
  "En vivo": "/en-vivo",
  Historial: "/historial",
  Usuarios: "/usuarios/42",
  Catálogo: "/catalogo",
  Simulador: "/simulador",
  API: "/api",
};

// Each section adds this to the test's time, so that a slow machine is no failure and a section that hangs is one.
const SECTION_MS = 60_000;

for (const colorScheme of ["light", "dark"] as const) {
  for (const viewport of [
    { width: 1280, height: 860 },
    { width: 390, height: 844 },
  ]) {
    test(`no section has an accessibility violation: ${colorScheme}, ${viewport.width} wide`, async ({
      browser,
      server,
      connect,
    }) => {
      await connect("42", "turista");
      await server.notify({ type: "tour_creado", data: { nombre: "Colca" }, priority: "critical", link: "/tours/7" });
      await server.notify({ type: "reserva_creada", data: { usuario_id: "42", tour_nombre: "Colca", personas: 2 } });
      const { id } = await server.notify({ type: "test" });
      const context = await browser.newContext({ colorScheme, viewport, locale: "es-ES", reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.goto(server.url);
      await isConnected(page);
      for (const [name, path] of Object.entries({ ...SECTIONS, Notificación: `/historial/${id}` })) {
        test.setTimeout(test.info().timeout + SECTION_MS);
        await page.goto(`${server.url}/#${path}`);
        await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
        await expect(page.getByRole("status", { name: "Cargando…" })).toHaveCount(0);
        if (name === "Catálogo") await page.getByRole("button", { name: /reserva_creada/ }).click();
        if (name === "En vivo") await page.getByRole("button", { name: /Nuevo tour: Colca/ }).waitFor();
        expect([name, await violationsOf(page)]).toEqual([name, []]);
      }
      await context.close();
    });
  }
}

test("signing in, the drawer and the dialog have no accessibility violation", async ({
  page,
  secured,
  browser,
  server,
}) => {
  await page.goto(secured.url);
  await page.getByLabel("Token o clave").waitFor();
  expect(await violationsOf(page)).toEqual([]);

  await server.notify({ type: "test", message: "hola", data: { lista: [1, { dos: true }] } });
  const context = await browser.newContext({ reducedMotion: "reduce", locale: "es-ES" });
  const live = await context.newPage();
  await live.goto(`${server.url}/#/en-vivo`);
  await live.getByRole("button", { name: /hola/ }).click();
  await live.getByRole("dialog").waitFor();
  expect(await violationsOf(live)).toEqual([]);
  await live.goto(`${server.url}/#/usuarios/42`);
  await live.getByRole("button", { name: "Desconectar" }).click();
  await live.getByRole("dialog").waitFor();
  expect(await violationsOf(live)).toEqual([]);
  await context.close();
});
