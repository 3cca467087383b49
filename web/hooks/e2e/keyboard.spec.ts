import type { Page } from "@playwright/test";
import { settled } from "../../console/e2e/layout.ts";
import { expect, type Server, test } from "./fixtures.ts";

const TITLES = ["Colca", "Nazca", "Paracas"];

async function open(page: Page, gallery: string, server: Server, query = ""): Promise<void> {
  await page.goto(`${gallery}?scene=live&server=${encodeURIComponent(server.url)}&user=ana${query}`);
  await page.locator('.sio-bell[data-status="connected"]').waitFor();
}

async function notify(server: Server, titles: readonly string[], fields: object = {}): Promise<void> {
  for (const title of titles) {
    const body = { type: "test", title, message: `Sobre ${title}`, data: {}, audience: { users: ["ana"] } };
    await server.notify({ ...body, ...fields });
  }
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement } = document;
    return activeElement?.getAttribute("aria-label") ?? activeElement?.textContent ?? "";
  });

test("keyboard alone: bell, entry, archive, filter, close", async ({ page, gallery, server }) => {
  await open(page, gallery, server);
  await notify(server, TITLES);
  const bell = page.getByRole("button", { name: "Notificaciones, 3 sin leer" });
  await bell.waitFor();
  await bell.focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("dialog", { name: "Notificaciones" });
  await expect(panel.getByRole("listitem")).toHaveCount(3);

  // To the first entry's buttons, by nothing but the tab key.
  const name = "Archivar: Paracas";
  for (let step = 0; (await focused(page)) !== name; step += 1) {
    expect(step).toBeLessThan(20);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("listitem")).toHaveCount(2);
  await expect.poll(() => focused(page)).toBe("Archivar: Nazca"); // the next entry's same button
  await page.keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Archivar: Colca");
  await page.keyboard.press("Enter");
  await expect(panel.getByText("No tienes notificaciones")).toBeVisible();
  await expect(panel.getByRole("heading", { name: "Notificaciones" })).toBeFocused();

  await page.keyboard.press("Tab"); // "mark all", which has nothing to do and can be reached all the same
  for (let step = 0; (await focused(page)) !== "Archivadas"; step += 1) {
    expect(step).toBeLessThan(10);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("listitem")).toHaveCount(3);
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(page.getByRole("button", { name: "Notificaciones", exact: true })).toBeFocused();
});

test("an entry that no longer fits the filter hands the focus on", async ({ page, gallery, server }) => {
  await open(page, gallery, server);
  await notify(server, TITLES);
  await page.getByRole("button", { name: "Notificaciones, 3 sin leer" }).click();
  await page.getByRole("button", { name: "Sin leer", exact: true }).click();
  const read = page.getByRole("button", { name: "Marcar como leída: Nazca" });
  await read.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Marcar como leída: Colca" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("the panel closes when one tabs out of it, and at Escape wherever the focus is", async ({
  page,
  gallery,
  server,
}) => {
  await open(page, gallery, server);
  const bell = page.getByRole("button", { name: "Notificaciones" });
  const panel = page.getByRole("dialog");
  await bell.focus();
  await page.keyboard.press("Enter");
  await panel.waitFor();
  const after = page.getByRole("link", { name: "Después" });
  for (let step = 0; (await focused(page)) !== "Después"; step += 1) {
    expect(step).toBeLessThan(12);
    await page.keyboard.press("Tab");
  }
  await expect(panel).toBeHidden();
  await expect(after).toBeFocused();

  await bell.click();
  await panel.waitFor();
  await page.evaluate(() => {
    (document.activeElement as HTMLElement).blur(); // as a click on nothing inside leaves it
  });
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();

  // Backwards, too: over the bell and out.
  await bell.click();
  await panel.waitFor();
  await page.keyboard.press("Shift+Tab");
  await expect(bell).toBeFocused();
  await expect(panel).toBeVisible();
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("link", { name: "Antes" })).toBeFocused();
  await expect(panel).toBeHidden();
});

test("a link is followed by the router and closes the panel, another site is the browser's", async ({
  page,
  gallery,
  server,
}) => {
  await open(page, gallery, server);
  await notify(server, ["Dentro"], { link: "/reservas/7" });
  await notify(server, ["Fuera"], { link: "https://example.org/otra" });
  await page.route("https://example.org/**", (route) =>
    route.fulfill({ body: "otra página", contentType: "text/html" }),
  );
  const bell = page.getByRole("button", { name: "Notificaciones, 2 sin leer" });
  await bell.click();
  const panel = page.getByRole("dialog");
  const entry = panel.getByRole("listitem").filter({ hasText: "Dentro" });
  await settled(page);
  const { height } = (await entry.boundingBox()) ?? { height: 0 };
  await entry.click({ position: { x: 24, y: height - 6 } }); // its edge: all of it is the link
  await expect(page.getByTestId("address")).toHaveText("/reservas/7");
  await expect(panel).toBeHidden();
  await page.getByRole("button", { name: "Notificaciones, 1 sin leer" }).click();
  await panel.getByRole("link", { name: "Fuera" }).click();
  await expect(page).toHaveURL("https://example.org/otra");
});
