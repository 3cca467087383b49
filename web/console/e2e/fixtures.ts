import { test as base, type Page } from "@playwright/test";
import { io, type Socket } from "socket.io-client";
import { SECURED, Server } from "./server.ts";

interface Fixtures {
  /** A server in development mode, for this test alone. */
  server: Server;
  /** A server that wants keys and tokens. */
  secured: Server;
  /** The console, open and connected to `server`. */
  consolePage: Page;
  /** Connects a client of a user to `server`, as a front end does; without a name nobody knows whose it is. */
  connect: (user: string, role: string) => Promise<Socket>;
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern -- how Playwright names what a fixture depends on
  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.stop();
  },
  // eslint-disable-next-line no-empty-pattern -- as above
  secured: async ({}, use) => {
    const server = await Server.start(SECURED);
    await use(server);
    await server.stop();
  },
  consolePage: async ({ page, server }, use) => {
    await page.goto(server.url);
    await isConnected(page);
    await use(page);
  },
  connect: async ({ server }, use) => {
    const sockets: Socket[] = [];
    await use(async (user, role) => {
      const socket = io(server.url, {
        auth: { role, ...(user === "" ? {} : { user }) },
        forceNew: true,
        transports: ["websocket"],
      });
      sockets.push(socket);
      await new Promise<void>((resolve) =>
        socket.once("ns:hello", () => {
          resolve();
        }),
      );
      return socket;
    });
    for (const socket of sockets) socket.disconnect();
  },
});

export { expect } from "@playwright/test";

/** Waits until the page says that it is connected. */
export async function isConnected(page: Page): Promise<void> {
  await page.locator('[data-status="connected"]').waitFor();
}

/** Goes to a section by its name in the navigation. */
export async function section(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
}
