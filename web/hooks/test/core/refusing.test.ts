// What browsers have and refuse, and what they lack: none of it may freeze, empty or silently end anything.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createNotifier, type Notifier } from "../../src/core/notifier.ts";
import type { NotifierOptions } from "../../src/core/types.ts";
import { Locks } from "../locks.ts";
import { newUser, serverOfFile } from "../server.ts";
import { connect } from "./notifiers.ts";

const server = serverOfFile();
const until = async (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 120_000, interval: 20 });

const refuse = (): never => {
  throw new DOMException("The request was denied.", "SecurityError");
};
const refused = (name: string) => (): Promise<never> => Promise.reject(new DOMException("no", name));
const never = (): Promise<never> => new Promise(() => undefined);
const empty = (): Promise<{ held: [] }> => Promise.resolve({ held: [] });

const open: Notifier[] = [];
beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  for (const notifier of open.splice(0)) notifier.close();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** One whose tabs share, as they do by default; it connects and hears. */
async function works(options: NotifierOptions = {}): Promise<Notifier> {
  const user = newUser();
  const notifier = createNotifier({ url: server.url, identity: { user }, ...options });
  open.push(notifier);
  const heard: string[] = [];
  notifier.on("*", ({ message }) => void heard.push(message));
  notifier.start();
  await until(() => {
    expect(notifier.getState().connection).toMatchObject({ status: "connected", isLeader: true });
  });
  await server.publish(user);
  await until(() => {
    expect(heard).toEqual(["Hola"]);
  });
  return notifier;
}

describe("Web Locks that are there", () => {
  it.each([
    ["reject with SecurityError", refused("SecurityError")],
    ["reject with InvalidStateError", refused("InvalidStateError")],
    ["reject with AbortError, always", refused("AbortError")],
    ["reject with nothing", () => Promise.reject(undefined as unknown as Error)],
    ["throw", refuse],
    ["answer nothing, ever", never],
    ["answer at once without a lock", () => undefined],
  ])("and %s, are asked a few times and done without", async (_, answer) => {
    const request = vi.fn(answer as () => Promise<never>);
    vi.stubGlobal("navigator", { locks: { request, query: refused("SecurityError") } });
    await works();
    expect(request.mock.calls.length).toBeLessThan(10);
  });

  it("and cannot be looked at, are done without", async () => {
    vi.stubGlobal("navigator", {
      get locks() {
        return refuse();
      },
    });
    await works();
  });

  it("and do not say who is looked at, let a hidden tab give its connection up", async () => {
    const locks = new Locks();
    vi.stubGlobal("navigator", { locks: { request: locks.request.bind(locks), query: never } });
    const page = hidden();
    const notifier = await works({ pauseWhenHidden: 1 });
    page.hide();
    await until(() => {
      expect(notifier.getState().connection.status).toBe("idle");
    });
  });
});

/** A page that can be hidden. */
function hidden() {
  const page = new EventTarget();
  const state = { visibilityState: "visible" };
  vi.stubGlobal("document", Object.assign(page, state));
  vi.stubGlobal("window", new EventTarget());
  return {
    hide: () => {
      Object.assign(page, { visibilityState: "hidden" });
      page.dispatchEvent(new Event("visibilitychange"));
    },
  };
}

describe("a browser", () => {
  const withLocks = (): void => void vi.stubGlobal("navigator", { locks: new Locks() });

  const Refusing = vi.fn(function () {
    refuse();
  });
  class Deaf {
    postMessage = refuse;
    close = refuse;
  }

  it.each<[string, () => void]>([
    ["whose BroadcastChannel refuses to be made", () => vi.stubGlobal("BroadcastChannel", Refusing)],
    ["without BroadcastChannel", () => vi.stubGlobal("BroadcastChannel", undefined)],
    ["whose BroadcastChannel says nothing", () => vi.stubGlobal("BroadcastChannel", Deaf)],
    ["without TextDecoder", () => vi.stubGlobal("TextDecoder", undefined)],
    ["without crypto", () => vi.stubGlobal("crypto", undefined)],
    ["without a document", () => vi.stubGlobal("document", undefined)],
    ["whose document tells no visibility", () => vi.stubGlobal("document", { addEventListener: refuse })],
    ["whose window listens to nothing", () => vi.stubGlobal("window", {})],
    ["without a location", () => vi.stubGlobal("location", undefined)],
    ["without a navigator", () => vi.stubGlobal("navigator", undefined)],
  ])("%s connects", async (_, break_) => {
    withLocks();
    break_();
    await works();
  });

  it.each<[string, object]>([
    ["that does not know whether it is online", { onLine: undefined }],
    ["that is sure to be offline", { onLine: false }],
    ["that will not say whether it is online", Object.defineProperty({}, "onLine", { get: refuse })],
    ["whose connection tells nothing", { connection: {} }],
    ["whose connection refuses", Object.defineProperty({}, "connection", { get: refuse })],
  ])("%s connects", async (_, navigator) => {
    vi.stubGlobal("navigator", navigator);
    await works();
  });

  it.each(["getItem", "setItem"])("whose session refuses %s connects", async (name) => {
    vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => undefined, [name]: refuse });
    await works();
  });
});

describe("storage", () => {
  const working = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
  const all = { getItem: refuse, setItem: refuse, removeItem: refuse };
  const full = (): never => {
    throw new DOMException("full", "QuotaExceededError");
  };

  it.each<[string, object | string]>([
    ["that is full", { ...working, setItem: full }],
    ["that refuses everything", all],
    ["that cannot be read", { ...working, getItem: refuse }],
    ["that cannot forget", { ...working, removeItem: refuse }],
    ["that answers later", { getItem: () => Promise.resolve("x-1"), setItem: empty, removeItem: empty }],
    ["that fails later", { getItem: refused("E"), setItem: refused("E"), removeItem: refused("E") }],
    ["with what is nothing of ours", { ...working, getItem: () => "<script>" }],
    ["with a very long text", { ...working, getItem: () => "a".repeat(1e6) }],
    ["with a number", { ...working, getItem: () => 7 }],
    ["of no kind", {}],
    ["of another kind", "indexedDB"],
  ])("%s costs the place that it should keep, and nothing else", async (_, storage) => {
    const notifier = await works({ storage: storage as never });
    await until(() => {
      expect(notifier.getState().items).toHaveLength(1);
    });
    notifier.signOut();
    expect(notifier.getState().items).toHaveLength(0);
  });

  it.each(["local", "session"] as const)("of the browser that may not be touched (%s) is none", async (storage) => {
    vi.stubGlobal("sessionStorage", undefined);
    await works({ storage });
  });

  it("of the browser keeps the place by its name", async () => {
    const kept = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    });
    await works({ storage: "local" });
    expect([...kept.keys()]).toEqual([expect.stringContaining("sio-server|")]);
  });

  it("that fails is told of once", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await works({ storage: all });
    expect(warn.mock.calls.filter(([text]) => String(text).includes("storage")).length).toBeLessThan(2);
  });
});

describe("functions of the application that throw", () => {
  const bug = (): never => {
    throw new Error("a bug of the application");
  };
  const later = (): Promise<never> => Promise.reject(new Error("a bug of the application, later"));

  it.each<[string, () => void]>([
    ["at once", bug],
    ["later", later],
  ])("%s stop nothing, and their errors are told", async (_, fail) => {
    const report = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const user = newUser();
    const notifier = connect({ url: server.url, identity: { user }, onUnrecovered: fail });
    const heard: string[] = [];
    notifier.on("*", fail);
    notifier.onControl("ns:hello", fail);
    notifier.subscribe(fail);
    const list = notifier.list();
    list.subscribe(fail);
    notifier.on("*", ({ message }) => void heard.push(message));
    await until(() => {
      expect(notifier.getState().connection.status).toBe("connected");
    });
    await server.publish(user);
    await until(() => {
      expect(heard).toEqual(["Hola"]);
      expect(list.getState().items).toHaveLength(1);
    });
    expect(report).toHaveBeenCalled();
  });
});
