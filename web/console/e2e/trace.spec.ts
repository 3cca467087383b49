import type { Page } from "@playwright/test";
import { violationsOf } from "./axe.ts";
import { expect, isConnected, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";
import type { Server } from "./server.ts";

// Looking a page through adds this to a test's time, so that a slow machine is no failure.
const AXE_MS = 60_000;

const ADMINS = { type: "test", message: "Para administradores", audience: { roles: ["admin"] } };

/** Asks on the page of a notification why somebody did not get it. */
async function ask(page: Page, user: string) {
  await page.getByRole("combobox", { name: "Usuario" }).fill(user);
  await page.getByRole("button", { name: "Averiguar" }).click();
}

async function open(page: Page, server: Server, id: string) {
  await page.goto(`${server.url}/#/historial/${id}`);
  await page.getByRole("heading", { name: "¿Por qué no le llegó?" }).waitFor();
}

test("whoever asks why somebody did not get it gets the sentence that answers", async ({
  consolePage: page,
  server,
  connect,
}) => {
  const tourist = await connect("101", "turista");
  const away = await connect("eva", "admin");
  const reader = await connect("marta", "admin");
  away.disconnect();
  const isAway = async () => ((await server.call("/v1/users?q=eva")) as { total: number }).total === 0;
  await expect.poll(isAway, { timeout: AXE_MS }).toBe(true);
  const { id: admins } = await server.notify(ADMINS);
  const { id: excepted } = await server.notify({ ...ADMINS, audience: { all: true, except: { users: ["101"] } } });
  const { id: named } = await server.notify({ ...ADMINS, audience: { users: ["0101", "nunca"] } });
  const { id: short } = await server.notify({ ...ADMINS, ttl: 1 });
  await connect("tarde", "admin");
  await reader.emitWithAck("ns:read", { ids: [admins] });

  const answers: [string, string, string, RegExp][] = [
    [admins, "marta", "read", /marta la leyó/],
    [admins, "eva", "offline", /eva no está conectado\. La tiene en su bandeja/],
    [admins, "101", "not_addressed", /Era para el rol admin, y no para 101/],
    [admins, "tarde", "not_yet_seen", /tarde entró con eso por primera vez después/],
    [admins, "nadie", "unknown", /nadie se ha conectado nunca como nadie/],
    [excepted, "101", "excepted", /dejó fuera a 101 a propósito/],
    [named, "101", "spelling_addressed", /Era para 0101, y no para 101.*sub del token/],
    [named, "0101", "spelling_connected", /Se conecta 101/],
    [named, "nunca", "never_connected", /nunca no se ha conectado nunca/],
    [short, "eva", "expired", /Caducó antes de que eva pudiera recibirla/],
    [short, "marta", "sent", /Se le envió a marta/],
  ];
  for (const [id, user, verdict, sentence] of answers) {
    await open(page, server, id);
    await ask(page, user);
    const answer = page.getByTestId("answer");
    // What has to expire takes its second: the page asks again by itself.
    await expect(answer).toHaveAttribute("data-verdict", verdict);
    await expect(answer).toContainText(sentence);
  }
  expect(tourist.connected).toBe(true);
});

test("the way is drawn step by step, and goes on by itself", async ({ consolePage: page, server, connect }) => {
  const marta = await connect("marta", "admin");
  await connect("luis", "admin");
  const { id, seq } = await server.notify(ADMINS);
  await open(page, server, id);
  const steps = page.getByRole("list", { name: "Del publicador a cada persona" });
  await expect(steps.locator('[data-step="handed"]')).toContainText(/a 2 conexiones.*ms/);
  await expect(steps.locator('[data-step="first_acknowledged"]')).toContainText("no se sabe");
  const people = page.getByRole("list", { name: "Hasta dónde llegó con cada persona" });
  await expect(people.locator('[data-user="marta"]')).toContainText("Enviada");

  await marta.emitWithAck("ns:ack", { seq });
  await expect(steps.locator('[data-step="first_acknowledged"]')).toContainText(/\+.* (ms|s)/);
  await marta.emitWithAck("ns:read", { ids: [id] });
  await expect(people.locator('[data-user="marta"]')).toContainText("Leída");
  await expect(people.locator('[data-user="luis"]')).toContainText("Enviada");
});

test("users are suggested: whom it was for, and who is connected", async ({ consolePage: page, server, connect }) => {
  await connect("marta", "admin");
  await connect("maximo", "turista");
  const { id } = await server.notify(ADMINS);
  await open(page, server, id);
  await page.getByRole("combobox", { name: "Usuario" }).click();
  await expect(page.getByRole("option").first()).toHaveText("marta");
  await page.getByRole("combobox", { name: "Usuario" }).fill("MAX");
  await page.getByRole("option", { name: "maximo" }).click();
  await expect(page.getByTestId("answer")).toHaveAttribute("data-verdict", "not_addressed");
});

test("somebody who is spelt alike is one click away, and by keyboard alone all of it is reached", async ({
  consolePage: page,
  server,
  connect,
}) => {
  await connect("Rosa", "admin");
  const { id } = await server.notify(ADMINS);
  await open(page, server, id);
  await page.getByRole("combobox", { name: "Usuario" }).focus();
  await page.keyboard.type("rosa");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("answer")).toHaveAttribute("data-verdict", "unknown_alike");
  await page.getByRole("button", { name: "Preguntar por «Rosa»" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("answer")).toHaveAttribute("data-verdict", "sent");
});

test("in English the sentence is English, and hostile names are text", async ({ browser, server, connect }) => {
  const hostile = `<img src=x onerror=alert(1)> "'%_`;
  await connect(hostile, "turista");
  const { id } = await server.notify(ADMINS);
  const context = await browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  page.on("dialog", () => {
    throw new Error("a name ran as markup");
  });
  await page.goto(`${server.url}/#/historial/${id}`);
  await page.getByRole("combobox", { name: "User" }).fill(hostile);
  await page.getByRole("button", { name: "Find out" }).click();
  await expect(page.getByTestId("answer")).toContainText(`It was for the role admin, and not for ${hostile}.`);
  await page.getByRole("combobox", { name: "User" }).fill("ana\u0007");
  await page.getByRole("button", { name: "Find out" }).click();
  await expect(page.getByRole("status").getByRole("alert")).toBeVisible();
  await context.close();
});

test("a way with an answer fits and has no violation, whatever it is looked at with", async ({
  page,
  server,
  connect,
}) => {
  test.setTimeout(test.info().timeout + 2 * AXE_MS);
  const marta = await connect("marta", "admin");
  await connect("un-nombre-de-usuario-muy-largo-que-no-cabe-en-ninguna-columna-de-la-consola", "admin");
  const { id, seq } = await server.notify(ADMINS);
  await marta.emitWithAck("ns:ack", { seq });
  await page.goto(server.url);
  await isConnected(page);
  await open(page, server, id);
  await ask(page, "marta");
  await expect(page.getByTestId("answer")).toHaveAttribute("data-verdict", "acknowledged");
  for (const width of [1280, 390, 320]) {
    for (const [colorScheme, forcedColors] of [
      ["light", "none"],
      ["dark", "none"],
      ["light", "active"],
    ] as const) {
      await look(page, { colorScheme, forcedColors, width });
      const where = [width, colorScheme, forcedColors];
      await expect.poll(() => overflowOf(page)).toBeLessThanOrEqual(0);
      expect([...where, await violationsOf(page)]).toEqual([...where, []]);
    }
  }
});
