// The fifteen ways in which React kits of this kind go wrong, by number: those of rendering. The tests of the core have the rest of them.
import { act, render, screen } from "@testing-library/react";
import { Profiler, type ReactNode, Suspense, useState, version } from "react";
import { version as domVersion } from "react-dom";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { describe, expect, it, vi } from "vitest";
import { acquire, keyOf, peek } from "../../src/core/registry.ts";
import {
  NotificationInbox,
  NotificationProvider,
  NotificationToaster,
  useConnectionStatus,
  useNotificationEvent,
  useNotifications,
  useUnreadCount,
} from "../../src/index.ts";
import { newUser, Server, serverOfFile } from "../server.ts";
import { connect, Messages, shown, Status, Unread, until } from "./tools.tsx";

const server = serverOfFile();

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

describe("13 React", () => {
  it("is the one that these tests are said to run with", () => {
    expect([version, domVersion].map((text) => text.split(".")[0])).toEqual([
      process.env.REACT_MAJOR,
      process.env.REACT_MAJOR,
    ]);
  });
});
