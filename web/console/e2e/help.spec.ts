// The documents that the server shows at /help: `make docs` has built them.
import { violationsOf } from "./axe.ts";
import { expect, test } from "./fixtures.ts";
import { look, overflowOf } from "./layout.ts";

const DESK = { width: 1280, height: 860 };
const PHONE = { width: 320, height: 640 };

for (const path of ["", "es/", "backend/", "es/keys/"]) {
  test(`a page of the documents has no accessibility violation and fits a phone: /help/${path}`, async ({
    page,
    server,
  }) => {
    const problems: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("requestfailed", (request) => problems.push(request.url()));
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.url)) problems.push(request.url());
    });
    await page.goto(`${server.url}/help/${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expect(page.locator("html")).toHaveAttribute("lang", path.startsWith("es/") ? "es" : "en");
    for (const colorScheme of ["light", "dark"] as const) {
      await look(page, { colorScheme, ...DESK });
      expect([colorScheme, await violationsOf(page)]).toEqual([colorScheme, []]);
    }
    await look(page, { colorScheme: "light", ...PHONE });
    expect(await violationsOf(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    expect(problems).toEqual([]);
  });
}

test("words are found in the documents, in the reader's language, without another machine", async ({
  page,
  server,
}) => {
  await page.goto(`${server.url}/help/es/`);
  const box = page.getByRole("textbox", { name: "Búsqueda" });
  const found = page.getByRole("heading", { name: "La cola en disco" }).first();
  // What is typed before the theme's search is there is passed over, until the next letter.
  await expect(async () => {
    await box.fill("cola en disc");
    await box.press("o");
    await expect(found).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await found.click();
  await expect(page).toHaveURL(/\/help\/es\/backend\//);
});
