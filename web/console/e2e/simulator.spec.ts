import { expect, section, test } from "./fixtures.ts";

test("simulated clients get everything, also those that were cut and slowed", async ({ consolePage: page }) => {
  await section(page, "Simulador");
  await page.getByLabel("Clientes", { exact: true }).fill("4");
  await page.getByRole("button", { name: "Conectar", exact: true }).click();
  await expect(page.getByTestId("totals")).toContainText("4 de 4 conectados");
  await page.getByRole("button", { name: "Frenar: simulado-2" }).click();
  await page.getByLabel("Notificaciones", { exact: true }).fill("40");
  await page.getByLabel("Por segundo").fill("20");
  await page.getByRole("button", { name: "Lanzar ráfaga" }).click();
  await page.getByRole("button", { name: "Cortar: simulado-1" }).click();
  await expect(page.getByText("40 de 40 enviadas")).toBeVisible();
  for (const name of ["simulado-1", "simulado-2", "simulado-3", "simulado-4"]) {
    const cells = page.getByRole("row", { name: new RegExp(name) }).getByRole("cell");
    await expect(cells.nth(2)).toHaveText("40", { timeout: 30_000 }); // received
    await expect(cells.nth(4)).toHaveText("0"); // repeated
    await expect(cells.nth(5)).toHaveText("0"); // lost
  }
  await expect(page.getByTestId("measured")).toContainText("mediana");
});
