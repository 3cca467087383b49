// Networks that let HTTP through and no WebSocket: what there is to be had, comes by long polling.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { proxyOfFile } from "../proxy.ts";
import { newUser, serverOfFile } from "../server.ts";
import { connect, connected, hears, shortest, until } from "./notifiers.ts";

const server = serverOfFile();
const proxy = proxyOfFile(server);

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  shortest();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What a browser keeps for a page's session. */
function session(): Map<string, string> {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
  return kept;
}

describe("a network that does not let WebSockets through", () => {
  it.each(["hang", "greet", "cut"] as const)("(%s) is one for long polling", async (upgrades) => {
    proxy.upgrades = upgrades;
    const user = newUser();
    const notifier = connect({ url: proxy.url, identity: { user } });
    await connected(notifier, "polling");
    await hears(server, notifier, user);
  });

  it("and only swallows them is remembered for the session of the page, for a while", async () => {
    const kept = session();
    proxy.upgrades = "hang";
    await connected(connect({ url: proxy.url, identity: { user: newUser() } }), "polling");
    expect(kept.size).toBe(1);
    proxy.seen.length = 0;
    await connected(connect({ url: proxy.url, identity: { user: newUser() } }), "polling");
    expect(proxy.count("UPGRADE")).toBe(0);
    for (const key of kept.keys()) kept.set(key, String(Date.now() - 1));
    proxy.upgrades = "pass";
    await connected(connect({ url: proxy.url, identity: { user: newUser() } }), "websocket");
  });

  it("and swallows everything, for a time, is not taken for one of these", async () => {
    const kept = session();
    proxy.upgrades = "hang";
    proxy.fate = (path) => (path.includes("/socket.io/") ? "hang" : "pass");
    const notifier = connect({ url: proxy.url, identity: { user: newUser() } });
    await until(() => {
      expect(proxy.count("transport=polling")).toBeGreaterThan(0);
    });
    proxy.upgrades = "pass";
    await connected(notifier, "websocket");
    expect([...kept.values()].every((until_) => until_ === "0")).toBe(true);
  });
});
