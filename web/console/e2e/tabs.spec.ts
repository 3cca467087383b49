import type { Page } from "@playwright/test";
import { expect, isConnected, test } from "./fixtures.ts";
import type { Server } from "./server.ts";

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
  const tabs: Page[] = [];
  for (let number = 1; number <= 5; number += 1) {
    const tab = await context.newPage();
    await tab.goto(`${server.url}/#/en-vivo`);
    await isConnected(tab);
    tabs.push(tab);
  }
  await expect.poll(() => connections(server)).toBe(1);
  await server.notify({ type: "test", message: "para las cinco" });
  for (const tab of tabs) await expect(tab.getByText("para las cinco")).toBeVisible();

  const leading = () => Promise.all(tabs.map((tab) => tab.locator('[data-leader="true"]').count()));
  await expect.poll(async () => (await leading()).toSorted().join("")).toBe("00001");
  const leader = (await leading()).indexOf(1);
  const left = tabs.filter((_, number) => number !== leader);
  await tabs[leader]?.close();
  await server.notify({ type: "test", message: "durante el relevo" });
  const successor = await Promise.any(
    left.map(async (tab) => {
      await tab.locator('[data-leader="true"][data-status="connected"]').waitFor();
      return tab;
    }),
  );
  await server.notify({ type: "test", message: "nada más relevar" });
  await expect(successor.getByText("nada más relevar")).toBeVisible();
  await server.notify({ type: "test", message: "después del relevo" });
  for (const tab of left) {
    await expect(tab.getByText("durante el relevo")).toBeVisible();
    await expect(tab.getByText("después del relevo")).toBeVisible();
    await expect(tab.getByTestId("shown")).toHaveText("4 notificaciones");
  }
  await expect.poll(() => connections(server)).toBe(1);
});
