// Without a page: what a server does with the kit, Next.js or a test runner.
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";

it("is imported and rendered where there is no window, and connects to nothing", async () => {
  expect(typeof window).toBe("undefined");
  const kit = await import("../../src/index.ts");
  const tree = h(kit.NotificationProvider, { url: "https://avisos.example.com", identity: { user: "ana" } }, [
    h(kit.NotificationBell, { key: "bell" }),
    h(kit.NotificationInbox, { key: "inbox" }),
    h(kit.ConnectionBanner, { key: "banner" }),
    h(kit.NotificationToaster, { key: "toasts" }),
  ]);
  const html = renderToString(tree);
  expect(html).toContain('aria-label="Notificaciones"');
  expect(html).toContain("Cargando…");
  expect(process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP"))).toEqual([]);
});
