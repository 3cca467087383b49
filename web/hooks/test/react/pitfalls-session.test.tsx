// The fifteen ways in which React kits of this kind go wrong, by number: who is connected, and while somebody looks.
import { act, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { keyOf, peek } from "../../src/core/registry.ts";
import { nameOf } from "../../src/core/target.ts";
import { useNotifications, useUnreadCount } from "../../src/index.ts";
import { Locks } from "../locks.ts";
import { newUser, Server, serverOfFile, token } from "../server.ts";
import { connect, Messages, shown, unread, Unread, until } from "./tools.tsx";

const server = serverOfFile();

describe("6 tokens", () => {
  const guarded = serverOfFile({ secrets: true });

  it("are fetched anew for each connection, by the latest function", async () => {
    const user = newUser();
    const asked: string[] = [];
    const props = (name: string) => ({
      url: guarded.url,
      user,
      getToken: (reason: string) => {
        asked.push(`${name}: ${reason}`);
        return token(user);
      },
    });
    const { show, notifier } = await connect(props("first"), null);
    show(null, props("second"));
    act(() => void window.dispatchEvent(new Event("pagehide")));
    act(() => {
      notifier().retryNow();
    });
    await until(() => {
      expect(asked).toEqual(["first: connect", "second: connect"]);
    });
  });

  it("of another role are believed, and what a client says of itself is not", async () => {
    const user = newUser();
    let roles: readonly string[] = [];
    const { notifier } = await connect(
      { url: guarded.url, user, getToken: () => token(user, { role: "turista" }), identity: { role: "admin" } },
      null,
    );
    roles = notifier().getState().roles;
    expect(roles).toEqual(["turista"]);
  });
});

describe("7 a user switch", () => {
  it("shows nothing of the one before, not for one render, and leaves no connection", async () => {
    const [ana, eva] = [newUser(), newUser()];
    const renders: string[] = [];
    function Watch({ who }: { who: string }): null {
      const { items } = useNotifications();
      const { unread: count } = useUnreadCount();
      renders.push(`${who === ana ? "Ana" : "Eva"}: ${items.map((item) => item.message).join()} ${count}`);
      return null;
    }
    const of = (user: string) => ({ url: server.url, user, identity: { user } });
    const { show } = await connect(of(ana), <Watch who={ana} />);
    await server.publish(ana, { message: "for Ana" });
    await until(() => {
      expect(renders.at(-1)).toBe("Ana: for Ana 1");
    });
    show(<Watch who={eva} />, of(eva));
    await until(async () => {
      expect(await server.connections(eva)).toBe(1);
      expect(await server.connections(ana)).toBe(0);
    });
    expect(renders.filter((line) => line.startsWith("Eva") && line !== "Eva:  0")).toEqual([]);
    expect(peek(keyOf(of(ana)))).toBeUndefined();
  });

  it("to nobody ends the connection", async () => {
    const user = newUser();
    const props = { url: server.url, user, identity: { user } };
    const { show } = await connect(props, <Unread />);
    show(<Unread />, { ...props, user: null });
    await until(async () => {
      expect(await server.connections(user)).toBe(0);
    });
    expect(screen.getByTestId("status").textContent).toBe("idle");
  });

  it("by signing out leaves an empty page that stays disconnected", async () => {
    const user = newUser();
    const { notifier } = await connect({ url: server.url, identity: { user } }, [
      <Unread key="u" />,
      <Messages key="m" />,
    ]);
    await server.publish(user);
    await until(() => {
      expect([shown(), unread()]).toEqual([["Hola"], "1"]);
    });
    act(() => {
      notifier().signOut();
    });
    expect([shown(), unread(), screen.getByTestId("status").textContent]).toEqual([[], "0", "unauthorized"]);
    await until(async () => {
      expect(await server.connections(user)).toBe(0);
    });
  });
});

describe("8 a hidden tab", () => {
  function look(state: DocumentVisibilityState): void {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }

  it("gives the connection up after a while, and is back with what it missed when somebody looks", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user }, pauseWhenHidden: 50 }, <Messages />);
    act(() => {
      look("hidden");
    });
    await until(async () => {
      expect(await server.connections(user)).toBe(0);
    });
    expect(screen.getByTestId("status").textContent).toBe("idle");
    await server.publish(user, { message: "while hidden" });
    act(() => {
      look("visible");
    });
    await until(() => {
      expect(shown()).toEqual(["while hidden"]);
    });
    expect(await server.connections(user)).toBe(1);
  });

  it("keeps the connection for another that is looked at, and gives it up when that one is hidden as well", async () => {
    const locks = new Locks();
    Object.defineProperty(navigator, "locks", { value: locks, configurable: true });
    const user = newUser();
    const options = { url: server.url, identity: { user }, pauseWhenHidden: 50 };
    const name = nameOf(options, user);
    let hide: (() => void) | undefined; // the other tab, as this one sees it: a lock and a channel
    const other = locks.request(`${name}|visible`, { mode: "shared" }, () => new Promise((done) => (hide = done)));
    const channel = new BroadcastChannel(name);
    await connect({ ...options, tabs: "shared" }, null);
    act(() => {
      look("hidden");
    });
    await new Promise((done) => setTimeout(done, 500)); // ten times as long as a tab that is alone would wait
    expect(await server.connections(user)).toBe(1);
    hide?.();
    await other;
    channel.postMessage({ say: "hidden" });
    await until(async () => {
      expect(await server.connections(user)).toBe(0);
    });
    channel.close();
    look("visible");
    Reflect.deleteProperty(navigator, "locks");
  });

  it("lets go of it for the back-forward cache, and takes it up again", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, null);
    act(() => void window.dispatchEvent(new Event("pagehide")));
    await until(async () => {
      expect(await server.connections(user)).toBe(0);
    });
    act(() => void window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true })));
    await until(async () => {
      expect(await server.connections(user)).toBe(1);
    });
  });

  it("does not wait for its turn when the network is back", async () => {
    const own = new Server();
    await own.start();
    await connect({ url: own.url, identity: { user: newUser() } }, null);
    await own.stop();
    vi.spyOn(Math, "random").mockReturnValue(1); // the longest waits there are
    await until(() => {
      expect(screen.getByTestId("status").textContent).toBe("reconnecting");
    });
    await own.start();
    act(() => void window.dispatchEvent(new Event("online")));
    await until(() => {
      expect(screen.getByTestId("status").textContent).toBe("connected");
    });
    vi.restoreAllMocks();
    await own.remove();
  });
});
