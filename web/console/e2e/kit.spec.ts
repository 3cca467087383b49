// The kit in a page of somebody else's: whatever the browser or the network does, the page stays what it was.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import { wholeBrowserPath } from "./browser.ts";
import { expect, isConnected, test } from "./fixtures.ts";
import { hostKit, serveKit } from "./kit/page.ts";

// Where toasts and panels move, as they do for most; one after another, since one build of the page serves them all.
test.use({ contextOptions: { reducedMotion: "no-preference" } });
test.describe.configure({ mode: "default" });

const state = (page: Pick<Page, "locator">) => page.locator("output[data-status]");

/** A page that is frozen does not answer this. */
const answers = (page: Pick<Page, "evaluate">): Promise<number> => page.evaluate(() => 6 * 7);

test("a browser that blocks all site data has the console and the kit all the same", async ({ server }, {
  project,
}) => {
  const profile = await mkdtemp(join(tmpdir(), "sio-profile-"));
  await mkdir(join(profile, "Default"));
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  // A shell has no settings of a person.
  const executablePath = wholeBrowserPath();
  const context = await chromium.launchPersistentContext(profile, {
    ...project.use.launchOptions,
    ...(executablePath === undefined ? { channel: "chromium" } : { executablePath }),
  });
  try {
    const page = await context.newPage();
    await page.goto(server.url);
    await isConnected(page);
    await serveKit(page);
    await page.goto(`${server.url}/kit/?user=ana`);
    await expect(state(page)).toHaveAttribute("data-status", "connected");
    const refusal = await page.evaluate(() =>
      navigator.locks
        .request("x", () => undefined)
        .then(
          () => "allowed",
          (error: unknown) => (error as Error).name,
        ),
    );
    expect(refusal).toBe("SecurityError"); // else this test shows nothing
    expect(await answers(page)).toBe(42);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
});

test("a frame in a sandbox is not frozen, and says why it has no connection", async ({ page, server }) => {
  await serveKit(page);
  await page.route("**/host/", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><title>host</title><iframe sandbox="allow-scripts" src="${server.url}/kit/?url=${server.url}"></iframe>`,
    }),
  );
  await page.goto(`${server.url}/host/`);
  const frame = page.frameLocator("iframe");
  await expect(state(frame)).toHaveAttribute("data-status", "reconnecting");
  await expect(state(frame)).toHaveAttribute("data-error", /./);
  expect(await answers(page.frames()[1] ?? page)).toBe(42);
});

test("a page that the server does not let in is told so, and its developer which setting to change", async ({
  page,
  secured,
}) => {
  const site = await hostKit();
  try {
    const told: string[] = [];
    page.on("console", (message) => told.push(message.text()));
    await page.goto(`${site.url}/kit/?url=${secured.url}`);
    await expect(state(page)).toHaveAttribute("data-error", "origin_not_allowed", { timeout: 40_000 });
    await expect.poll(() => told.filter((text) => text.includes("SIO_SERVER_ALLOWED_ORIGINS"))).toHaveLength(1);
    expect(told.join("\n")).toContain(site.url);
  } finally {
    site.close();
  }
});

for (const locale of ["es_PE", "xx", "", "not a language"]) {
  test(`a locale "${locale}" leaves the page as it was`, async ({ page, server }) => {
    await serveKit(page);
    await server.notify({ type: "test", message: "antes", audience: { users: ["ana"] } });
    await page.goto(`${server.url}/kit/?user=ana&locale=${encodeURIComponent(locale)}`);
    await expect(state(page)).toHaveAttribute("data-status", "connected");
    await server.notify({ type: "test", message: "hola", audience: { users: ["ana"] } });
    await page.locator(".sio-bell [aria-haspopup]").click();
    await expect(page.getByRole("dialog").getByText("hola")).toBeVisible();
    await expect(page.getByRole("heading", { name: "Aplicación" })).toBeVisible();
  });
}

test("toasts that cannot be loaded, as after a release, are missed alone", async ({ page, server }) => {
  await serveKit(page);
  await page.route("**/kit/Toasts.js", (route) => route.abort());
  const missed = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/kit/Toasts.js"));
  await page.goto(`${server.url}/kit/?user=ana`);
  await missed;
  await server.notify({ type: "test", message: "hola", audience: { users: ["ana"] } });
  await expect(state(page)).toHaveAttribute("data-unread", "1");
  await expect(page.getByRole("heading", { name: "Aplicación" })).toBeVisible();
});

test("a live connection that is blocked is said to be, and the counter goes on", async ({ page, server }) => {
  await serveKit(page);
  await page.goto(`${server.url}/kit/?user=ana`);
  await expect(state(page)).toHaveAttribute("data-status", "connected");
  await page.route("**/socket.io/**", (route) => route.abort("blockedbyclient"));
  await page.routeWebSocket(/\/socket\.io\//, (socket) => socket.close());
  await page.reload();
  await expect(state(page)).toHaveAttribute("data-status", "reconnecting");
  await server.notify({ type: "test", message: "mientras", audience: { users: ["ana"] } });
  await expect(state(page)).toHaveAttribute("data-unread", "1");
  await expect(state(page)).toHaveAttribute("data-error", "blocked", { timeout: 40_000 });
});

test("a thousand notifications at once are a few toasts and a number", async ({ page, server }, info) => {
  await serveKit(page);
  await page.goto(`${server.url}/kit/?user=ana`);
  await expect(state(page)).toHaveAttribute("data-status", "connected");
  await expect(page.locator("section[aria-live]")).toBeAttached();
  await server.notify({ type: "test", message: "la primera", audience: { users: ["ana"] } });
  await expect(page.locator("[data-sonner-toast]")).toHaveCount(1);
  await page.evaluate(() => {
    const seen = { made: 0, most: 0, long: [] as number[] };
    Object.assign(window, { seen });
    new MutationObserver((changes) => {
      for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes]))
        if (node instanceof Element && node.matches("[data-sonner-toast]")) seen.made += 1;
      seen.most = Math.max(seen.most, document.querySelectorAll("[data-sonner-toast]").length);
    }).observe(document.body, { childList: true, subtree: true });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.long.push(Math.round(duration));
    }).observe({ type: "longtask" });
  });
  const items = Array.from({ length: 1_000 }, (_, number) => ({
    type: "test",
    message: `número ${number}`,
    audience: { users: ["ana"] },
  }));
  await server.call("/v1/notifications/batch", { notifications: items });
  await expect(state(page)).toHaveAttribute("data-unread", "1001");
  await expect(page.getByText(/9\d\d/).first()).toBeVisible();
  const seen = await page.evaluate(() => (window as unknown as { seen: Record<string, unknown> }).seen);
  info.annotations.push({ type: "a thousand notifications", description: JSON.stringify(seen) });
  console.log("a thousand notifications:", JSON.stringify(seen));
  expect(seen.made).toBeLessThanOrEqual(5);
  expect(seen.most).toBeLessThanOrEqual(5);
});
