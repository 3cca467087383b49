import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { build } from "vite";

let built: Promise<string> | undefined;

/** The application as one script, as its bundler makes it. */
async function bundle(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: "error",
    root: import.meta.dirname,
    resolve: { conditions: ["@sio-server/source", "module", "browser", "import", "default"] },
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      rolldownOptions: { input: new URL("app.tsx", import.meta.url).pathname, output: { codeSplitting: false } },
    },
  });
  const { output } = made as { output: { code?: string }[] };
  return output.map(({ code = "" }) => code).join("\n");
}

interface Answer {
  contentType: string;
  headers: Record<string, string>;
  body: string;
}

/** What is at an address of the application: its script, or the page around it. */
async function answer(path: string): Promise<Answer> {
  const html = '<!doctype html><html lang="es"><div id="root"></div><script type="module" src="/kit/app.js"></script>';
  return path.endsWith(".js")
    ? {
        contentType: "text/javascript",
        headers: { "Access-Control-Allow-Origin": "*" }, // a frame in a sandbox is of no site
        body: await (built ??= bundle()),
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
