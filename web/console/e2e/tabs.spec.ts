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
  const tabs = [];
  for (let number = 1; number <= 5; number += 1) {
    const tab = await context.newPage();
    await tab.goto(`${server.url}/#/en-vivo`);
    await isConnected(tab);
    tabs.push(tab);
  }
  expect(await connections(server)).toBe(1);
  await server.notify({ type: "test", message: "para las cinco" });
  for (const tab of tabs) await expect(tab.getByText("para las cinco")).toBeVisible();

  const leading = await Promise.all(tabs.map((tab) => tab.locator('[data-leader="true"]').count()));
  expect(leading.filter((count) => count === 1)).toHaveLength(1);
  await tabs[leading.indexOf(1)]?.close();
  const left = tabs.filter((tab) => !tab.isClosed());
  await server.notify({ type: "test", message: "durante el relevo" });
  await expect
    .poll(async () => {
      const leaders = await Promise.all(
        left.map((tab) => tab.locator('[data-leader="true"][data-status="connected"]').count()),
      );
      return leaders.reduce((sum, count) => sum + count, 0);
    })
    .toBe(1);
  await server.notify({ type: "test", message: "después del relevo" });
  for (const tab of left) {
    await expect(tab.getByText("durante el relevo")).toBeVisible();
    await expect(tab.getByText("después del relevo")).toBeVisible();
    await expect(tab.getByTestId("shown")).toHaveText("3 de 3");
  }
  expect(await connections(server)).toBe(1);
});
