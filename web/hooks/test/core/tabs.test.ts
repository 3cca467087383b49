import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createNotifier, type Notifier } from "../../src/core/notifier.ts";
import { joinTabs, type Tabs, type TabSays } from "../../src/core/tabs.ts";
import { Locks } from "../locks.ts";
import { newUser, serverOfFile } from "../server.ts";

beforeEach(() => {
  vi.stubGlobal("navigator", { locks: new Locks() });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const until = async (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 120_000, interval: 10 });

describe("tabs", () => {
  function tab(name: string): { tabs: Tabs; said: TabSays[]; events: string[] } {
    const [said, events]: [TabSays[], string[]] = [[], []];
    const tabs = joinTabs(name, true, {
      lead: () => void events.push("lead"),
      follow: () => void events.push("follow"),
      hear: (heard) => void said.push(heard),
    });
    tabs.contend();
    return { tabs, said, events };
  }

  it("have one leader, and the next when it leaves", async () => {
    const [first, second] = [tab("a"), tab("a")];
    await until(() => {
      expect([first.tabs.leading(), second.tabs.leading()]).toEqual([true, false]);
    });
    first.tabs.close();
    await until(() => {
      expect(second.tabs.leading()).toBe(true);
    });
    second.tabs.close();
  });

  it("succeed a leader that has the lock and does not answer; it follows when it is awake again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const frozen = tab("b");
    await vi.advanceTimersByTimeAsync(0);
    const awake = tab("b");
    awake.tabs.ask();
    await vi.advanceTimersByTimeAsync(4_000);
    vi.useRealTimers();
    await until(() => {
      expect([frozen.tabs.leading(), awake.tabs.leading()]).toEqual([false, true]);
    });
    expect(frozen.events).toEqual(["lead", "follow"]);
    awake.tabs.close();
    await until(() => {
      expect(frozen.tabs.leading()).toBe(true);
    });
    frozen.tabs.close();
  });

  it("know whether any of them is looked at", async () => {
    const [first, second] = [tab("c"), tab("c")];
    first.tabs.look(true);
    second.tabs.look(true);
    await until(async () => {
      expect(await first.tabs.anyVisible()).toBe(true);
    });
    first.tabs.look(false);
    await new Promise((done) => setTimeout(done));
    expect(await first.tabs.anyVisible()).toBe(true);
    second.tabs.look(false);
    await until(async () => {
      expect(await first.tabs.anyVisible()).toBe(false);
    });
    first.tabs.close();
    second.tabs.close();
  });
});

describe("notifiers of one user in several tabs", () => {
  const server = serverOfFile();
  const open: Notifier[] = [];

  afterEach(() => {
    for (const notifier of open.splice(0)) notifier.close();
  });

  function tab(user: string): { notifier: Notifier; heard: string[] } {
    const notifier = createNotifier({ url: server.url, identity: { user } });
    const heard: string[] = [];
    notifier.on("*", ({ message }) => void heard.push(message), { replayed: true });
    notifier.start();
    open.push(notifier);
    return { notifier, heard };
  }

  const leading = (tabs: { notifier: Notifier }[]): number =>
    tabs.filter(({ notifier }) => notifier.getState().connection.isLeader).length;

  it("share one socket, and all have every notification, its state and the counts", async () => {
    const user = newUser();
    const tabs = [tab(user), tab(user), tab(user), tab(user), tab(user)];
    await until(() => {
      for (const { notifier } of tabs)
        expect(notifier.getState()).toMatchObject({ user, connection: { status: "connected" } });
    });
    expect(await server.connections(user)).toBe(1);
    expect(leading(tabs)).toBe(1);
    const { id } = await server.publish(user, { message: "for all tabs" });
    await until(() => {
      for (const { heard, notifier } of tabs) {
        expect(heard).toEqual(["for all tabs"]);
        expect(notifier.getState().counts.unread).toBe(1);
      }
    });
    await tabs[3]?.notifier.mark("read", [id]);
    await until(() => {
      for (const { notifier } of tabs) expect(notifier.getState().counts.unread).toBe(0);
    });
  });

  it("hand the socket over when the tab that holds it closes, and lose and repeat nothing", async () => {
    const user = newUser();
    const tabs = [tab(user), tab(user), tab(user)];
    await until(() => {
      for (const { notifier } of tabs) expect(notifier.getState().connection.status).toBe("connected");
    });
    for (let number = 0; number < 30; number++) {
      if (number === 10) tabs.find(({ notifier }) => notifier.getState().connection.isLeader)?.notifier.close();
      await server.publish(user, { message: String(number) });
    }
    const expected = Array.from({ length: 30 }, (_, number) => String(number));
    const left = tabs.filter(({ notifier }) => notifier.getState().connection.status !== "idle");
    await until(() => {
      for (const { heard } of left) expect(heard).toEqual(expected);
    });
    expect(left).toHaveLength(2);
    expect(leading(left)).toBe(1);
    expect(await server.connections(user)).toBe(1);
  });

  it("ask the server through the tab that holds the socket, and all hear what it tells one of them", async () => {
    const user = newUser();
    const tabs = [tab(user), tab(user), tab(user)];
    await until(() => {
      for (const { notifier } of tabs) expect(notifier.getState().connection.status).toBe("connected");
    });
    const observed = tabs.map(({ notifier }) => {
      const heard: string[] = [];
      notifier.onControl("ns:observed", (body) => {
        for (const { message } of (body as { items: { message: string }[] }).items) heard.push(message);
      });
      return heard;
    });
    const follower = tabs.find(({ notifier }) => !notifier.getState().connection.isLeader)?.notifier;
    expect(await follower?.request("ns:observe", { on: true })).toMatchObject({ ok: true });
    expect(await follower?.request("ns:observe", { on: 7 })).toMatchObject({
      ok: false,
      error: { code: "invalid_data" },
    });
    await server.publish(newUser(), { message: "for somebody else" });
    await until(() => {
      expect(observed).toEqual(tabs.map(() => ["for somebody else"]));
    });
    expect(await server.connections(user)).toBe(1);
  });

  it("are signed out together", async () => {
    const user = newUser();
    const [first, second] = [tab(user), tab(user)];
    await server.publish(user);
    await until(() => {
      for (const { notifier } of [first, second]) expect(notifier.getState().connection.status).toBe("connected");
    });
    first.notifier.signOut();
    await until(() => {
      expect(second.notifier.getState()).toMatchObject({
        user: null,
        items: [],
        connection: { status: "unauthorized" },
      });
    });
    await until(async () => {
      expect(await server.connections(user)).toBe(0);
    });
  });

  it("whose user is unknown share nothing, since the next unknown may be somebody else", async () => {
    const tabs = [0, 1].map(() => {
      let failures = 1;
      const getToken = (): string => {
        if (failures-- > 0) throw new Error("the backend is down");
        return "token.of.nobody";
      };
      const notifier = createNotifier({ url: server.url, identity: { role: "visitante" }, getToken });
      open.push(notifier);
      notifier.start();
      return notifier;
    });
    await until(() => {
      for (const { getState } of tabs)
        expect(getState().connection).toMatchObject({ status: "connected", isLeader: true });
    });
  });

  it("of different users have a socket each and nothing of each other", async () => {
    const [ana, eva] = [newUser(), newUser()];
    const [hers, other] = [tab(ana), tab(eva)];
    await until(() => {
      for (const { notifier } of [hers, other]) expect(notifier.getState().connection.isLeader).toBe(true);
    });
    await until(() => {
      for (const { notifier } of [hers, other]) expect(notifier.getState().connection.status).toBe("connected");
    });
    await server.publish(ana, { message: "for Ana" });
    await server.publish(eva, { message: "for Eva" });
    await until(() => {
      expect([hers.heard, other.heard]).toEqual([["for Ana"], ["for Eva"]]);
    });
  });
});
