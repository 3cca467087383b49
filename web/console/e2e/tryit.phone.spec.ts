import type { Browser, Page } from "@playwright/test";
import { violationsOf } from "./axe.ts";
import { expect, test } from "./fixtures.ts";
import { Theatre, TOURS, WORDS } from "./tryit.ts";

/** A browser of somebody else, as a phone is one. */
async function phoneAt(browser: Browser, address: string, locale = "es-ES"): Promise<Page> {
  const context = await browser.newContext({ locale, viewport: { width: 390, height: 844 }, hasTouch: true });
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

async function addressOf(page: Page): Promise<string> {
  return (await page.getByRole("link", { name: "O abre esta dirección" }).getAttribute("href")) ?? "";
}

test("the code opens Ana's phone elsewhere, which gets what is booked here, and opens nothing twice", async ({
  browser,
  consolePage: page,
  server,
}) => {
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await theatre.button("En mi teléfono").click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("img", { name: /^Código QR/ })).toBeVisible();
  await expect(dialog.getByText("Un teléfono no puede llegar a 127.0.0.1")).toBeVisible();
  await expect(dialog.getByRole("region", { name: "Orden para servir en la red local" })).toContainText(
    `serve --host 0.0.0.0 --port ${new URL(server.url).port}`,
  );
  const address = await addressOf(page);
  expect(address).toMatch(new RegExp(`^${server.url}/#/telefono\\?pase=`));

  const phone = await phoneAt(browser, address);
  await expect(phone.getByRole("heading", { level: 1 })).toHaveText("¿Adónde vamos, Ana?");
  await expect(phone.getByRole("button", { name: "Reservar" })).toHaveCount(0);
  await expect(phone).toHaveURL(`${server.url}/#/telefono`); // the pass is of no more use to anybody
  await expect(dialog.getByText("Tu teléfono está conectado.")).toBeVisible();
  await expect.poll(() => addressOf(page)).not.toBe(address); // the next one is for another phone

  await page.keyboard.press("Escape");
  await theatre.book();
  await expect(phone.locator(".guest-bookings .guest-ticket-tour")).toHaveText(TOURS.slice(-1));
  await expect(phone.locator(".sio-toast")).toContainText(WORDS.es.booking);
  await phone.reload();
  await expect(phone.locator(".guest-bookings .guest-ticket-tour")).toHaveText(TOURS.slice(-1));

  const late = await phoneAt(browser, address);
  await expect(late.getByRole("heading", { level: 1 })).toHaveText("Este código ya no sirve");
  await expect(late.getByText(/escanea el código nuevo/)).toBeVisible();
  expect(await violationsOf(late)).toEqual([]);
  for (const one of [phone, late]) await one.context().close();
});

test("a page without a code, and one with nonsense, say what to do", async ({ browser, server }) => {
  for (const [address, title] of [
    ["/#/telefono", "The code is missing"],
    ["/#/telefono?pase=nonsense", "This code no longer works"],
    ["/#/telefono?pase=", "This code no longer works"],
    ["/#/telefono?pase=%E0%A4%A", "This code no longer works"],
  ] as const) {
    const phone = await phoneAt(browser, server.url + address, "en-GB");
    await expect(phone.getByRole("heading", { level: 1 })).toHaveText(title);
    await expect(phone.getByText("In the console, open Try it")).toBeVisible();
    await phone.context().close();
  }
});

test("a server that is away is told as that, and the code is good once it is back", async ({
  browser,
  consolePage: page,
  server,
}) => {
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await theatre.button("En mi teléfono").click();
  await page.getByRole("img", { name: /^Código QR/ }).waitFor();
  const address = await addressOf(page);
  const context = await browser.newContext({ locale: "es-ES", viewport: { width: 390, height: 844 } });
  const phone = await context.newPage();
  await phone.route("**/v1/passes/redeem", (route) => route.abort());
  await phone.goto(address);
  await expect(phone.getByRole("heading", { level: 1 })).toHaveText("El servidor no responde");
  await phone.unroute("**/v1/passes/redeem");
  await phone.getByRole("button", { name: "Reintentar" }).click();
  await expect(phone.getByRole("heading", { level: 1 })).toHaveText("¿Adónde vamos, Ana?");
  await context.close();
});

test("nothing of the pass or the token is in an address or a log line that a server sees", async ({
  browser,
  consolePage: page,
  server,
}) => {
  const asked: string[] = [];
  const theatre = new Theatre(page);
  await theatre.open(server.url);
  await theatre.button("En mi teléfono").click();
  await page.getByRole("img", { name: /^Código QR/ }).waitFor();
  const address = await addressOf(page);
  const pass = new URLSearchParams(address.split("?")[1]).get("pase") ?? "";
  expect(pass).not.toBe("");
  const context = await browser.newContext();
  const phone = await context.newPage();
  phone.on("request", (request) => asked.push(request.url()));
  phone.on("websocket", (socket) => asked.push(socket.url()));
  await phone.goto(address);
  await phone.locator(".guest-phone").waitFor();
  await expect.poll(() => asked.some((url) => url.includes("/socket.io/"))).toBe(true);
  const seen = asked.map((url) => url.split("#", 1)[0] ?? "");
  expect(seen.filter((url) => url.includes(pass) || url.includes("eyJ"))).toEqual([]);
  await context.close();
});
