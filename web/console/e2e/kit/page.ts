import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { build } from "vite";

let built: Promise<Map<string, string>> | undefined;

/** The application's scripts by their names, as its bundler makes them. */
async function bundle(): Promise<Map<string, string>> {
  const made = await build({
    configFile: false,
    logLevel: "error",
    root: import.meta.dirname,
    base: "/kit/",
    resolve: { conditions: ["@sio-server/source", "module", "browser", "import", "default"] },
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      modulePreload: false,
      rolldownOptions: {
        input: new URL("app.tsx", import.meta.url).pathname,
        output: { entryFileNames: "app.js", chunkFileNames: "[name].js" },
      },
    },
  });
  const { output } = made as { output: { fileName: string; code?: string }[] };
  return new Map(output.map(({ fileName, code = "" }) => [fileName, code]));
}

interface Answer {
  contentType: string;
  headers: Record<string, string>;
  body: string;
}

/** What is at an address of the application: one of its scripts, or the page around them. */
async function answer(path: string): Promise<Answer> {
  const html = '<!doctype html><html lang="es"><div id="root"></div><script type="module" src="/kit/app.js"></script>';
  return path.endsWith(".js")
    ? {
        contentType: "text/javascript",
        headers: { "Access-Control-Allow-Origin": "*" }, // a frame in a sandbox is of no site
        body: (await (built ??= bundle())).get(path.replace("/kit/", "")) ?? "",
      }
    : { contentType: "text/html; charset=utf-8", headers: {}, body: html };
}

/** Serves the application at `/kit/` of whichever server the page goes to. */
export async function serveKit(page: Pick<Page, "route">): Promise<void> {
  await page.route("**/kit/**", async (route) => {
    await route.fulfill(await answer(new URL(route.request().url()).pathname));
  });
}

/** Serves it on a site of its own. */
export async function hostKit(): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    void answer(new URL(request.url ?? "/", "http://localhost").pathname).then(({ contentType, headers, body }) => {
      response.writeHead(200, { "Content-Type": contentType, ...headers }).end(body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://localhost:${String((server.address() as AddressInfo).port)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
