import { expect, section, test } from "./fixtures.ts";

test("with reduced motion rows are where they belong at once, and never over one another", async ({
  consolePage: page,
  server,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await section(page, "En vivo");
  await server.notify({ type: "test", message: "fila 0" });
  await expect(page.getByText("fila 0")).toBeVisible();
  await page.evaluate(() => {
    document.addEventListener("transitionrun", (event) => {
      if (event.target instanceof HTMLElement && event.target.dataset.index !== undefined)
        document.body.dataset.moved = event.propertyName;
    });
  });
  for (let number = 1; number <= 5; number += 1) await server.notify({ type: "test", message: `fila ${number}` });
  await expect(page.getByTestId("shown")).toHaveText("6 notificaciones");
  expect(await page.evaluate(() => document.body.dataset.moved)).toBeUndefined();
});
