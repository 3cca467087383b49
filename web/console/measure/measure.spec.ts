/**
 * What the console costs: `npm run measure`. Prints JSON; nothing is asserted, as machines differ.
 *
 * First load: bytes over the wire with an empty cache, and when the page shows the server's figures and is connected
 * with the main thread at rest (no task over 50 ms in the half second after). Stream: the long tasks (over 50 ms) of
 * 30 seconds on "En vivo" while 1,000 notifications a second are published.
 */
import { test, type Browser, type Page } from "@playwright/test";
import { Server } from "../e2e/server.ts";

const SECONDS = Number(process.env.SECONDS ?? 30);
const RATE = Number(process.env.RATE ?? 1_000);
const LOADS = 5;

declare global {
  interface Window {
    longTasks: { at: number; took: number }[];
  }
}

async function watched(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.longTasks.push({ at: entry.startTime, took: entry.duration });
    }).observe({ type: "longtask", buffered: true });
  });
}

async function firstLoad(browser: Browser, server: Server) {
  const context = await browser.newContext({ locale: "es-ES" });
  const page = await context.newPage();
  await watched(page);
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  let requests = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests += 1;
  });
  await page.goto(server.url);
  await page.locator('[data-status="connected"]').waitFor();
  await page.getByText("En marcha").waitFor();
  const shown = await page.evaluate(() => performance.now());
  await page.waitForTimeout(1_500);
  const interactive = await page.evaluate((at) => {
    const until = window.longTasks.filter((task) => task.at < at + 500).map((task) => task.at + task.took);
    return Math.max(at, ...until);
  }, shown);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
  const files = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((entry) => new URL(entry.name).pathname.startsWith("/assets/"))
      .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).transferSize, 0),
  );
  await context.close();
  return { bytes, assets: files, requests, firstPaint: Math.round(paint), interactive: Math.round(interactive) };
}

async function stream(browser: Browser, server: Server) {
  const page = await browser.newPage({ locale: "es-ES", viewport: { width: 1280, height: 860 } });
  await watched(page);
  await page.goto(`${server.url}/#/en-vivo`);
  await page.locator('[data-status="connected"]').waitFor();
  await page.waitForTimeout(2_000);
  await page.evaluate(() => {
    window.longTasks = [];
  });
  const start = performance.now();
  let sent = 0;
  const waiting: Promise<unknown>[] = [];
  while (performance.now() - start < SECONDS * 1_000) {
    const due = Math.floor(((performance.now() - start) / 1_000) * RATE) - sent;
    if (due >= RATE / 20) {
      const first = sent;
      const notifications = Array.from({ length: due }, (_, index) => ({
        type: "reserva_creada",
        message: `Reserva ${first + index}`,
        data: { reserva_id: `R-${first + index}`, usuario_id: "42", tour_nombre: "Valle Sagrado", personas: 2 },
      }));
      sent += due;
      waiting.push(server.call("/v1/notifications/batch", { notifications }));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(waiting);
  const published = performance.now() - start;
  await page.waitForTimeout(2_000);
  const tasks = await page.evaluate(() => window.longTasks.map((task) => Math.round(task.took)));
  const shown = await page.getByTestId("shown").textContent();
  const heap = await page.evaluate(
    () => (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0,
  );
  await page.close();
  return {
    sent,
    perSecond: Math.round(sent / (published / 1_000)),
    longTasks: tasks.length,
    longest: Math.max(0, ...tasks),
    over200: tasks.filter((took) => took > 200).length,
    shown,
    heapMiB: Math.round(heap / 2 ** 20),
  };
}

test("first load", async ({ browser }) => {
  const server = await Server.start();
  for (let number = 0; number < LOADS; number += 1) console.log(JSON.stringify(await firstLoad(browser, server)));
  await server.stop();
});

test("stream", async ({ browser }) => {
  test.setTimeout((SECONDS + 60) * 1_000);
  const server = await Server.start();
  console.log(JSON.stringify(await stream(browser, server)));
  await server.stop();
});
