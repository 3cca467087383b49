import { expect, isConnected, test } from "./fixtures.ts";
import type { Server } from "./server.ts";

/**
 * What is promised: from the end of the tab that holds the connection until another shows what is new. On a machine that
 * is busy, as long as it takes there to open two tabs.
 */
const HANDED_OVER_MS = 2_000;

interface Stats {
  connections: { total: number };
}

async function connections(server: Server): Promise<number> {
  return ((await server.call("/v1/stats")) as Stats).connections.total;
}

test("five tabs share one socket, and hand it over when the one that holds it is closed", async ({
  context,
  server,
}) => {
  const tabs = [];
  let patience = HANDED_OVER_MS;
  for (let number = 1; number <= 5; number += 1) {
    const began = Date.now();
    const tab = await context.newPage();
    await tab.goto(`${server.url}/#/en-vivo`);
    await isConnected(tab);
    patience = Math.max(patience, 2 * (Date.now() - began));
    tabs.push(tab);
  }
  expect(await connections(server)).toBe(1);
  await server.notify({ type: "test", message: "para las cinco" });
  for (const tab of tabs) await expect(tab.getByText("para las cinco")).toBeVisible();

  const leading = await Promise.all(tabs.map((tab) => tab.locator('[data-leader="true"]').count()));
  expect(leading.filter((count) => count === 1)).toHaveLength(1);
  const left = tabs.filter((_, number) => leading[number] === 0);
  const closed = Date.now();
  await tabs[leading.indexOf(1)]?.close();
  await server.notify({ type: "test", message: "durante el relevo" });
  const successor = await Promise.any(
    left.map(async (tab) => {
      await tab.locator('[data-leader="true"][data-status="connected"]').waitFor();
      return tab;
    }),
  );
  await server.notify({ type: "test", message: "nada más relevar" });
  await successor.getByText("nada más relevar").waitFor();
  expect(Date.now() - closed).toBeLessThan(patience);
  await server.notify({ type: "test", message: "después del relevo" });
  for (const tab of left) {
    await expect(tab.getByText("durante el relevo")).toBeVisible();
    await expect(tab.getByText("después del relevo")).toBeVisible();
    await expect(tab.getByTestId("shown")).toHaveText("4 notificaciones");
  }
  expect(await connections(server)).toBe(1);
});
