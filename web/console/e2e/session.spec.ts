import type { Page } from "@playwright/test";
import { expect, isConnected, section, test } from "./fixtures.ts";
import { KEY, token } from "./server.ts";

async function signIn(page: Page, credential: string): Promise<void> {
  await page.getByLabel("Token o clave").fill(credential);
  await page.getByRole("button", { name: "Entrar" }).click();
}

test("in development the console opens signed in", async ({ consolePage }) => {
  await expect(consolePage.getByRole("heading", { level: 1, name: "Resumen" })).toBeVisible();
  await expect(consolePage.getByText("Desarrollo", { exact: true })).toBeVisible();
});

test("elsewhere it asks, and takes a publisher key", async ({ page, secured }) => {
  await page.goto(secured.url);
  await signIn(page, KEY);
  await isConnected(page);
  await secured.notify({ type: "test", message: "para quien mira", audience: { users: ["nadie"] } });
  await section(page, "En vivo");
  await expect(page.getByText("para quien mira")).toBeVisible();
});

test("it takes an administrator's token", async ({ page, secured }) => {
  await page.goto(secured.url);
  await signIn(page, token("1", "admin"));
  await isConnected(page);
  await secured.notify({ type: "test", message: "visto por el administrador", audience: { users: ["nadie"] } });
  await section(page, "En vivo");
  await expect(page.getByText("visto por el administrador")).toBeVisible();
});

test("a wrong credential is refused, and a tourist's token gets nowhere", async ({ page, secured }) => {
  await page.goto(secured.url);
  await signIn(page, "no-es-una-clave");
  await expect(page.getByText("El servidor no acepta esta credencial.")).toBeVisible();
  await signIn(page, token("7", "turista"));
  await expect(page.getByText(/hace falta el rol admin/)).toBeVisible();
  await expect(page.getByRole("navigation")).toHaveCount(0);
});

test("a credential is kept in memory alone: nothing is stored, and a reload asks again", async ({ page, secured }) => {
  await page.goto(secured.url);
  await signIn(page, KEY);
  await isConnected(page);
  const kept = await page.evaluate(() =>
    JSON.stringify([localStorage, sessionStorage, document.cookie, location.href]),
  );
  expect(kept).not.toContain(KEY);
  await page.reload();
  await expect(page.getByLabel("Token o clave")).toBeVisible();
});

test("who signs out is asked again and sees nothing more", async ({ page, secured }) => {
  await page.goto(secured.url);
  await signIn(page, KEY);
  await isConnected(page);
  await page.goto(`${secured.url}/#/enviar/test`);
  await page.getByLabel("Mensaje").fill("solo para mis ojos");
  const kept = () => page.evaluate(() => JSON.stringify(sessionStorage));
  await expect.poll(kept).toContain("solo para mis ojos");
  await page.getByRole("button", { name: "Cerrar sesión" }).click();
  await expect(page.getByLabel("Token o clave")).toBeVisible();
  await expect(page.getByRole("navigation")).toHaveCount(0);
  expect(await kept()).not.toContain("solo para mis ojos");
});
