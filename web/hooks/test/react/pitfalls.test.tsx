// The fifteen ways in which React kits of this kind go wrong, by number. The tests of the core have the rest of them.
import { act, render, screen } from "@testing-library/react";
import { Profiler, type ReactNode, Suspense, useState, version } from "react";
import { version as domVersion } from "react-dom";
import { renderToString } from "react-dom/server";
import { hydrateRoot } from "react-dom/client";
import { describe, expect, it, vi } from "vitest";
import { acquire, keyOf, peek } from "../../src/core/registry.ts";
import {
  NotificationInbox,
  NotificationProvider,
  NotificationToaster,
  useConnectionStatus,
  useNotificationEvent,
  useNotifications,
  useNow,
  useUnreadCount,
} from "../../src/index.ts";
import { nameOf } from "../../src/core/target.ts";
import { Locks } from "../locks.ts";
import { newUser, Server, token, serverOfFile } from "../server.ts";
import { connect, Status, until } from "./tools.tsx";

const server = serverOfFile();

function Unread(): ReactNode {
  return <output data-testid="unread">{useUnreadCount().unread}</output>;
}

function Messages(): ReactNode {
  const { items } = useNotifications();
  return (
    <ul className="messages">
      {items.map((item) => (
        <li key={item.id}>{item.message}</li>
      ))}
    </ul>
  );
}

const shown = (): (string | null)[] => [...document.querySelectorAll(".messages li")].map((item) => item.textContent);
const unread = (): string | null => screen.getByTestId("unread").textContent;

describe("1 StrictMode", () => {
  it("makes one connection and tells each handler once", async () => {
    const user = newUser();
    const heard: string[] = [];
    function Listening(): null {
      useNotificationEvent("test", ({ message }) => void heard.push(message));
      return null;
    }
    await connect({ url: server.url, identity: { user } }, <Listening />);
    expect(await server.connections(user)).toBe(1);
    await server.publish(user, { message: "once" });
    await until(() => {
      expect(heard).toEqual(["once"]);
    });
    await server.publish(user, { message: "last" });
    await until(() => {
      expect(heard).toEqual(["once", "last"]);
    });
    expect(await server.connections(user)).toBe(1);
  });

  it("keeps the connection over an unmount and a mount, and gives it up when nobody comes back", async () => {
    const user = newUser();
    const options = { url: server.url, identity: { user } };
    const first = await connect(options, null);
    const notifier = first.notifier();
    first.unmount();
    const second = await connect(options, null);
    expect(second.notifier()).toBe(notifier);
    second.unmount();
    await until(async () => {
      expect(await server.connections(user)).toBe(0);
    });
    expect(peek(keyOf(options))).toBeUndefined();
  });

  it("makes nothing in a render that comes to nothing", async () => {
    const user = newUser();
    const options = { url: server.url, identity: { user } };
    const never = new Promise<void>(() => undefined);
    function Waiting(): ReactNode {
      useUnreadCount();
      useNotifications();
      throw never; // eslint-disable-line @typescript-eslint/only-throw-error -- how React 18 and 19 suspend
    }
    const { unmount } = render(
      <Suspense fallback="waiting">
        <NotificationProvider {...options} tabs="own">
          <Waiting />
        </NotificationProvider>
      </Suspense>,
    );
    expect(screen.getByText("waiting")).toBeTruthy();
    expect(peek(keyOf(options))).toBeUndefined();
    await server.publish(newUser()); // whatever would be on its way has time to arrive
    expect(await server.connections(user)).toBe(0);
    unmount();
  });
});

describe("2 inline options", () => {
  it("do not reconnect, and count from then on", async () => {
    const user = newUser();
    const seen = new Set<string>();
    function Watch(): null {
      seen.add(useConnectionStatus().status);
      return null;
    }
    const props = () => ({
      url: server.url,
      identity: { user, topics: ["a"] },
      transports: ["websocket" as const],
      onUnrecovered: () => undefined,
    });
    const { show, notifier } = await connect(props(), <Watch />);
    const before = notifier();
    seen.clear();
    for (let render = 0; render < 5; render++) show(<Watch />, props());
    expect(notifier()).toBe(before);
    expect([...seen]).toEqual(["connected"]);
    expect(await server.connections(user)).toBe(1);
  });

  it("with another address are another connection", async () => {
    const other = new Server();
    await other.start();
    const user = newUser();
    const { show } = await connect({ url: server.url, identity: { user } }, null);
    show(null, { url: other.url, identity: { user } });
    await until(async () => {
      expect([await server.connections(user), await other.connections(user)]).toEqual([0, 1]);
    });
    await other.remove();
  });
});

describe("3 handlers", () => {
  it("see the state of the latest render without a new subscription", async () => {
    const user = newUser();
    const heard: string[] = [];
    let raise: (() => void) | undefined;
    function Counting(): null {
      const [count, setCount] = useState(0);
      raise = () => {
        setCount((value) => value + 1);
      };
      useNotificationEvent("*", ({ message }) => void heard.push(`${message} at ${count}`));
      return null;
    }
    const { notifier } = await connect({ url: server.url, identity: { user } }, <Counting />);
    const on = vi.spyOn(notifier(), "on");
    act(() => raise?.());
    act(() => raise?.());
    await server.publish(user);
    await until(() => {
      expect(heard).toEqual(["Hola at 2"]);
    });
    expect(on).not.toHaveBeenCalled();
  });

  it("end with their component and with no other", async () => {
    const user = newUser();
    const heard: string[] = [];
    function Listening({ name }: { name: string }): null {
      useNotificationEvent("test", () => void heard.push(name));
      return null;
    }
    const both = (
      <>
        <Listening key="a" name="a" />
        <Listening key="b" name="b" />
      </>
    );
    const { show } = await connect({ url: server.url, identity: { user } }, both);
    show(<Listening key="b" name="b" />);
    await server.publish(user);
    await until(() => {
      expect(heard).toEqual(["b"]);
    });
  });
});

describe("4 snapshots", () => {
  it("are the same object until something changes, and components do not render for nothing", async () => {
    const user = newUser();
    let renders = 0;
    const { notifier } = await connect(
      { url: server.url, identity: { user } },
      <Profiler
        id="list"
        onRender={() => {
          renders++;
        }}
      >
        <Messages />
        <Unread />
      </Profiler>,
    );
    const list = notifier().list();
    await until(() => {
      expect(list.getState().isFetching).toBe(false);
    });
    expect(notifier().getState()).toBe(notifier().getState());
    expect(list.getState()).toBe(list.getState());
    expect(notifier().list({ status: "all", types: [] })).toBe(list);
    renders = 0;
    await server.publish(newUser());
    await server.publish(user);
    await until(() => {
      expect(shown()).toEqual(["Hola"]);
    });
    expect(renders).toBeLessThanOrEqual(2);
  });

  it("hydrate what a server rendered, without a connection there", () => {
    const tree = (
      <NotificationProvider url={server.url} identity={{ user: newUser() }} tabs="own">
        <Status />
        <Unread />
        <NotificationInbox />
        <NotificationToaster />
      </NotificationProvider>
    );
    const complaints = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const container = document.body.appendChild(document.createElement("div"));
    container.innerHTML = renderToString(tree);
    expect(container.textContent).toContain("idle");
    let root: ReturnType<typeof hydrateRoot> | undefined;
    act(() => {
      root = hydrateRoot(container, tree);
    });
    expect(complaints.mock.calls).toEqual([]);
    complaints.mockRestore();
    act(() => root?.unmount());
    container.remove();
  });
});

describe("5 replayed items", () => {
  it("are in the list in order, each once, and are no news: neither a toast nor an event", async () => {
    const user = newUser();
    const news: string[] = [];
    function News(): null {
      useNotificationEvent("*", ({ message }) => void news.push(message));
      return null;
    }
    const { notifier } = await connect({ url: server.url, identity: { user } }, [
      <News key="n" />,
      <Messages key="m" />,
      <NotificationToaster key="t" />,
    ]);
    const toasts = () => [...document.querySelectorAll("[data-sonner-toast]")].map((toast) => toast.textContent);
    const all: [string, boolean][] = [];
    notifier().on("*", ({ message, replayed }) => void all.push([message, replayed]), { replayed: true });
    await until(() => {
      expect(document.querySelector("section[aria-live]")).not.toBeNull(); // the toaster is loaded by itself
    });
    await server.publish(user, { message: "before" });
    await until(() => {
      expect(toasts()).toHaveLength(1);
    });
    act(() => void window.dispatchEvent(new Event("pagehide")));
    await until(async () => {
      expect(await server.connections(user)).toBe(0);
    });
    for (const message of ["missed", "missed, too"]) await server.publish(user, { message });
    act(() => void window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true })));
    await until(() => {
      expect(shown()).toEqual(["missed, too", "missed", "before"]);
      expect(all.slice(1)).toEqual([
        ["missed", true],
        ["missed, too", true],
      ]);
    });
    await server.publish(user, { message: "after" });
    await until(() => {
      expect(shown()).toEqual(["after", "missed, too", "missed", "before"]);
      expect(toasts()).toHaveLength(2);
    });
    expect(news).toEqual(["before", "after"]);
    expect(toasts().join()).not.toContain("missed");
    await act(async () => notifier().list().refetch());
    expect(shown()).toEqual(["after", "missed, too", "missed", "before"]);
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

describe("9 a wrong clock", () => {
  it("does not change how long ago something was", async () => {
    let now = 0;
    function Clock(): null {
      now = useNow(60_000);
      return null;
    }
    const real = Date.now();
    const wrong = vi.spyOn(Date, "now").mockImplementation(() => real + 3_600_000);
    await connect({ url: server.url, identity: { user: newUser() } }, <Clock />);
    expect(Math.abs(now - real)).toBeLessThan(60_000);
    wrong.mockRestore();
  });
});

describe("10 an optimistic change", () => {
  it("is shown at once, and taken back to the letter when it fails", async () => {
    const user = newUser();
    let list: ReturnType<typeof useNotifications> | undefined;
    function Take(): null {
      list = useNotifications();
      return null;
    }
    const own = new Server();
    await own.start();
    await connect({ url: own.url, identity: { user } }, [<Take key="t" />, <Unread key="u" />]);
    for (const message of ["a", "b", "c"]) await own.publish(user, { message });
    await until(() => {
      expect(list?.items).toHaveLength(3);
    });
    const before = list?.items;
    await own.stop();
    let failed: unknown;
    act(() => {
      list?.markAllRead().catch((error: unknown) => (failed = error));
    });
    expect(unread()).toBe("0");
    expect(list?.items.every((item) => item.read)).toBe(true);
    await until(() => {
      expect(failed).toMatchObject({ name: "NotifierError", code: "network" });
    });
    expect(unread()).toBe("3");
    expect(list?.items).toEqual(before);
    await own.remove();
  });

  it("is counted once, although the socket and the answer both tell of it", async () => {
    const user = newUser();
    let list: ReturnType<typeof useNotifications> | undefined;
    const counts: string[] = [];
    function Take(): null {
      list = useNotifications();
      const { unread: count, unseen } = useUnreadCount();
      counts.push(`${count}/${unseen}`);
      return null;
    }
    await connect({ url: server.url, identity: { user } }, <Take />);
    const { id } = await server.publish(user);
    await server.publish(user);
    await until(() => {
      expect(counts.at(-1)).toBe("2/2");
    });
    counts.length = 0;
    await act(async () => list?.markRead(id));
    await act(async () => list?.refetch());
    expect(new Set(counts)).toEqual(new Set(["1/1"]));
  });
});

describe("11 and 12 copies of the module", () => {
  it("find the same connection for the same server and user, and only then", async () => {
    vi.resetModules();
    const copy = await import("../../src/core/registry.ts");
    expect(copy.acquire).not.toBe(acquire);
    const user = newUser();
    const options = { url: server.url, identity: { user }, tabs: "own" as const };
    const [mine, theirs] = [acquire(options), copy.acquire(options)];
    expect(theirs.notifier).toBe(mine.notifier);
    const other = copy.acquire({ ...options, identity: { user: newUser() } });
    expect(other.notifier).not.toBe(mine.notifier);
    await until(async () => {
      expect(await server.connections(user)).toBe(1);
    });
    for (const lease of [mine, theirs, other]) lease.release();
  });
});

describe("15 what publishers write", () => {
  it("is text and never HTML, and a link goes where the application says", async () => {
    const user = newUser();
    const followed: string[] = [];
    await connect(
      { url: server.url, identity: { user }, onNavigate: (link) => void followed.push(link) },
      <NotificationInbox />,
    );
    await server.publish(user, { title: "<img src=x onerror=alert(1)>", message: "<b>bold</b>" });
    await until(() => {
      expect(screen.getByText("<b>bold</b>")).toBeTruthy();
    });
    expect(document.querySelector("img, b")).toBeNull();
    expect(screen.queryByRole("link")).toBeNull();
    await server.publish(user, { title: "Reserva", link: "/admin/reservas/7" });
    await until(() => {
      expect(screen.getByRole("link").getAttribute("href")).toBe("/admin/reservas/7");
    });
    act(() => {
      screen.getByRole("link").click();
    });
    expect(followed).toEqual(["/admin/reservas/7"]);
  });
});

describe("without a provider", () => {
  it("a hook says what is missing", () => {
    const quiet = vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect(() => render(<Unread />)).toThrow(/NotificationProvider/);
    quiet.mockRestore();
  });
});

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

describe("13 React", () => {
  it("is the one that these tests are said to run with", () => {
    expect([version, domVersion].map((text) => text.split(".")[0])).toEqual([
      process.env.REACT_MAJOR,
      process.env.REACT_MAJOR,
    ]);
  });
});
