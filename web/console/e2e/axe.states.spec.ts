import type { Page } from "@playwright/test";
import { violationsOf } from "./axe.ts";
import { expect, isConnected, test } from "./fixtures.ts";
import { look } from "./layout.ts";

/** As it is now, in light and in dark. */
async function isClean(page: Page, where: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await look(page, { colorScheme });
    expect([where, colorScheme, await violationsOf(page)]).toEqual([where, colorScheme, []]);
  }
}

test("no state of the shell has an accessibility violation", async ({ page, server, connect }) => {
  test.setTimeout(180_000);
  await connect("42", "turista");
  await server.notify({ type: "test", message: "hola" });
  await server.notify({ type: "tipo_que_no_hay" }).catch(() => undefined);
  await page.goto(server.url);
  await isConnected(page);

  await page.getByRole("button", { name: "Preferencias" }).click();
  await page.getByRole("radiogroup", { name: "Idioma" }).waitFor();
  await isClean(page, "preferences");
  await page.keyboard.press("Escape");

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("a");
  await page.getByRole("option").first().waitFor();
  await isClean(page, "palette");
  await page.keyboard.press("Escape");

  await page.locator(".error-row").first().click();
  await page.getByText("Ver como tabla").first().click();
  await isClean(page, "a refusal and a chart's table, open");

  await page.goto(`${server.url}/#/usuarios/%E0%A4%A`);
  await page.getByText("Esta dirección no se puede leer").waitFor();
  await isClean(page, "an address that is none");

  await page.goto(`${server.url}/#/`);
  await page.locator(".figures").waitFor();
  await server.kill();
  await page.getByTestId("banner").waitFor();
  await page.getByText(/el servidor no responde/).waitFor();
  await isClean(page, "without the server");
});

test("an empty server has no accessibility violation", async ({ consolePage: page }) => {
  await page.locator(".step").first().waitFor();
  await isClean(page, "the guide");
});
