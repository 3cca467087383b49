/**
 * What the console costs: `npm run measure`. Prints JSON; nothing is asserted, as machines differ.
 *
 * First load: bytes over the wire with an empty cache, and when the page shows the server's figures and is connected
 * with the main thread at rest (no task over 50 ms in the half second after); and the same over a slow line. Stream: the long tasks (over 50 ms) of
 * 30 seconds on "En vivo" while 1,000 notifications a second are published; and what became of these: how many came
 * over the wire, how many the page took, how many it still holds, how many it says that it let go. Nothing is missing if
 * published = framed = arrived = held + released.
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

/** Counts what comes over the wire, before any code of the page sees it. */
function counted(page: Page): () => number {
  let framed = 0;
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      const text = payload.toString();
      if (!text.startsWith('42["ns:observed"')) return;
      const [, body] = JSON.parse(text.slice(2)) as [string, { items: unknown[] }];
      framed += body.items.length;
    });
  });
  return () => framed;
}

async function stream(browser: Browser, server: Server) {
  const page = await browser.newPage({ locale: "es-ES", viewport: { width: 1280, height: 860 } });
  await watched(page);
  const framed = counted(page);
  await page.goto(`${server.url}/#/en-vivo`);
  await page.locator('[data-status="connected"]').waitFor();
  await page.waitForTimeout(2_000);
  await page.evaluate(() => {
    window.longTasks = [];
  });
  const start = performance.now();
  let sent = 0;
  let accepted = 0;
  const waiting: Promise<void>[] = [];
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
      waiting.push(
        server.call("/v1/notifications/batch", { notifications }).then((reply) => {
          accepted += (reply as { accepted: number }).accepted;
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(waiting);
  const seconds = (performance.now() - start) / 1_000;
  await page.waitForTimeout(2_000);
  const tasks = await page.evaluate(() => window.longTasks.map((task) => Math.round(task.took)));
  const shown = page.getByTestId("shown");
  const number = async (name: string) => Number(await shown.getAttribute(`data-${name}`));
  const [arrived, held, released] = [await number("arrived"), await number("held"), await number("released")];
  const words = await page.getByTestId("released").allTextContents();
  const heap = await page.evaluate(
    () => (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0,
  );
  await page.close();
  return {
    perSecond: Math.round(accepted / seconds),
    published: accepted,
    framed: framed(),
    arrived,
    held,
    released,
    missing: accepted - held - released,
    words: words.join(),
    longTasks: tasks.length,
    longest: Math.max(0, ...tasks),
    over200: tasks.filter((took) => took > 200).length,
    heapMiB: Math.round(heap / 2 ** 20),
  };
}

test("first load", async ({ browser }) => {
  const server = await Server.start();
  for (let number = 0; number < LOADS; number += 1) console.log(JSON.stringify(await firstLoad(browser, server)));
  await server.stop();
});

/** A slow line: 50 kB a second, 400 ms there and back, through Chromium's own brake. */
test("first load on a slow line", async ({ browser }) => {
  test.setTimeout(120_000);
  const server = await Server.start();
  for (let number = 0; number < 3; number += 1) {
    const context = await browser.newContext({ locale: "es-ES" });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 400,
      downloadThroughput: 50_000,
      uploadThroughput: 50_000,
    });
    const began = Date.now();
    await page.goto(server.url, { waitUntil: "commit" });
    await page.getByText("En marcha").waitFor();
    const figures = Date.now() - began;
    await page.locator('[data-status="connected"]').waitFor();
    const connected = Date.now() - began;
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
    console.log(JSON.stringify({ slow: true, firstPaint: Math.round(paint), figures, connected }));
    await context.close();
  }
  await server.stop();
});

test("stream", async ({ browser }) => {
  test.setTimeout((SECONDS + 60) * 1_000);
  const server = await Server.start();
  console.log(JSON.stringify(await stream(browser, server)));
  await server.stop();
});
