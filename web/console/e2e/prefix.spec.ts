import { createServer, request, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Page } from "@playwright/test";
import { expect, isConnected, section, test } from "./fixtures.ts";
import { Server } from "./server.ts";
import { Theatre, TOURS } from "./tryit.ts";

const PREFIX = "/apps/rt";

/** A proxy that serves a server below a path, takes the path away before it asks, and says nothing of it. */
async function strippingProxy(target: URL): Promise<{ url: string; close: () => void }> {
  const proxy: HttpServer = createServer((asked, answer) => {
    if (asked.url?.startsWith(`${PREFIX}/`) !== true) {
      answer.writeHead(404).end();
      return;
    }
    const path = asked.url.slice(PREFIX.length);
    const passed = request(target, { path, method: asked.method ?? "GET", headers: asked.headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
  proxy.on("upgrade", (asked, socket, head) => {
    const onward = connect(Number(target.port), target.hostname, () => {
      const headers = asked.rawHeaders.map((word, at) => (at % 2 === 0 ? `${word}: ` : `${word}\r\n`)).join("");
      onward.write(`${asked.method ?? "GET"} ${asked.url?.slice(PREFIX.length) ?? ""} HTTP/1.1\r\n${headers}\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  await new Promise<void>((listens) => proxy.listen(0, "127.0.0.1", listens));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${PREFIX}/`,
    close: () => {
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}

/** Looks at the console through its address: page, socket, requests, frames, documents, and what it says of itself. */
async function worksAt(page: Page, url: string, server: Server): Promise<void> {
  const failed: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
  });
  const address = url.replace(/\/$/, "");
  await page.goto(url);
  await isConnected(page);
  await expect(page.getByText(`curl ${address}/notify`)).toBeVisible();

  await section(page, "En vivo");
  await server.notify({ type: "test", message: "bajo una ruta" });
  await expect(page.getByText("bajo una ruta").first()).toBeVisible();

  await section(page, "API");
  const opened = page.waitForEvent("popup");
  await page.getByRole("link", { name: "Swagger UI" }).click();
  const viewer = await opened;
  await expect(viewer.getByText("/v1/inbox/counts").first()).toBeVisible();

  const theatre = new Theatre(page);
  await theatre.open(address);
  await theatre.book();
  await expect(theatre.rows).toHaveText(TOURS.slice(-1));
  expect(failed).toEqual([]);
}

test("below a path that a proxy takes away, the console finds its parts without any setting", async ({
  page,
  server,
}) => {
  const proxy = await strippingProxy(new URL(server.url));
  try {
    await worksAt(page, proxy.url, server);
  } finally {
    proxy.close();
  }
});

test("below the base path of the server the console is whole, and its address without a slash leads there", async ({
  page,
}) => {
  const server = await Server.start({ SIO_SERVER_BASE_PATH: PREFIX });
  try {
    expect(server.url.endsWith(PREFIX)).toBe(true);
    await worksAt(page, server.url, server);
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/`);
  } finally {
    await server.stop();
  }
});
