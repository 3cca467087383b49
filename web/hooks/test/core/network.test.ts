// Networks that are in the way: they swallow, hold back, go deaf or block, and nobody says so.
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

describe("a connection whose network has gone without a word", () => {
  it("is found out when the page is looked at or is online again, and made anew at once", async () => {
    const user = newUser();
    const notifier = connect({ url: proxy.url, identity: { user } });
    await connected(notifier);
    proxy.freeze();
    await server.publish(user, { message: "into the void" });
    const frozen = notifier.getState().items.length;
    notifier.retryNow();
    await until(() => {
      expect(notifier.getState().items.map(({ message }) => message)).toEqual(["into the void"]);
    });
    expect(frozen).toBe(0);
    await connected(notifier);
    await hears(server, notifier, user);
  });

  it("that lives is left as it is", async () => {
    const notifier = connect({ url: proxy.url, identity: { user: newUser() } });
    await connected(notifier);
    proxy.seen.length = 0;
    for (let round = 0; round < 10; round++) notifier.retryNow();
    expect(await notifier.request("ns:ack", { seq: 0 })).toMatchObject({ ok: true });
    expect(proxy.count("UPGRADE")).toBe(0);
  });
});

describe("HTTP that is never answered", () => {
  it("takes a change back, says so, and leaves the list able to go on", async () => {
    const user = newUser();
    const notifier = connect({ url: proxy.url, identity: { user } });
    await connected(notifier);
    await server.publish(user);
    const list = notifier.list();
    list.subscribe(() => undefined);
    await until(() => {
      expect(notifier.getState().counts.unread).toBe(1);
      expect(list.getState().isFetching).toBe(false);
    });
    proxy.fate = (path) => (path.startsWith("/v1/") ? "hang" : "pass");
    const waiting = [notifier.mark("read", "all"), list.refetch()] as const;
    const failed = expect(waiting[0]).rejects.toMatchObject({ name: "NotifierError", code: "network" });
    expect(notifier.getState().counts.unread).toBe(0);
    await failed;
    await waiting[1];
    expect(list.getState()).toMatchObject({ isFetching: false, error: { code: "network" } });
    expect(notifier.getState().counts.unread).toBe(1);
    proxy.fate = () => "pass";
    await list.refetch();
    expect(list.getState()).toMatchObject({ error: undefined, hasMore: false });
    await notifier.mark("read", "all");
    expect(notifier.getState().counts.unread).toBe(0);
  });
});

describe("a page that is left", () => {
  it("has its marks sent nevertheless, and nothing else, within what a browser grants", async () => {
    const requests: RequestInit[] = [];
    const fetched = fetch;
    vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
      requests.push(init);
      return fetched(url, init);
    });
    const notifier = connect({ url: proxy.url, identity: { user: newUser() } });
    await connected(notifier);
    const list = notifier.list();
    list.subscribe(() => undefined);
    await until(() => {
      expect(list.getState().isFetching).toBe(false);
    });
    const reads = requests.length;
    expect(requests.map(({ keepalive }) => keepalive ?? false)).not.toContain(true);
    const ids = Array.from({ length: 400 }, (_, at) => `${String(at)}-of-some-length-like-that-of-an-id`);
    await Promise.allSettled([1, 2, 3].map(() => notifier.mark("read", ids)));
    const marks = requests.slice(reads);
    expect(marks.map(({ keepalive }) => keepalive)).toEqual([true, true, false]);
    await notifier.mark("seen", "all");
    expect(requests.at(-1)).toMatchObject({ method: "POST", keepalive: true });
  });
});

describe("a live connection that is blocked while HTTP answers", () => {
  it("is said to be, and the inbox is fetched now and then", async () => {
    const user = newUser();
    await connected(connect({ url: server.url, identity: { user } }));
    await server.publish(user, { message: "before" });
    proxy.upgrades = "cut";
    proxy.fate = (path) => (path.includes("/socket.io/") ? "cut" : "pass");
    const notifier = connect({ url: proxy.url, identity: { user } });
    const list = notifier.list();
    list.subscribe(() => undefined);
    const shown = (): string[] => list.getState().items.map(({ message }) => message);
    await until(() => {
      expect(shown()).toEqual(["before"]);
    });
    await server.publish(user, { message: "meanwhile" });
    await until(() => {
      expect(shown()).toEqual(["meanwhile", "before"]);
      expect(notifier.getState()).toMatchObject({ counts: { unread: 2 }, connection: { lastError: "blocked" } });
    });
    expect(proxy.count("/v1/inbox")).toBeLessThan(6);
    proxy.upgrades = "pass";
    notifier.retryNow();
    await connected(notifier);
    expect(notifier.getState().connection.lastError).toBeUndefined();
    expect(shown()).toEqual(["meanwhile", "before"]);
  });

  it("is tried again at once when the server answers: it may just have come back", async () => {
    vi.restoreAllMocks();
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    vi.spyOn(Math, "random").mockReturnValue(0.999); // waits between attempts are long
    const notifier = connect({ url: proxy.url, identity: { user: newUser() } });
    await connected(notifier);
    proxy.upgrades = "cut";
    proxy.fate = () => "cut";
    proxy.freeze();
    notifier.retryNow();
    await until(() => {
      expect(notifier.getState().connection.attempts).toBeGreaterThan(3);
    });
    proxy.upgrades = "pass";
    proxy.fate = () => "pass";
    const due = notifier.getState().connection.retryAt;
    await connected(notifier);
    expect(Date.now()).toBeLessThan(due ?? 0);
  });
});
