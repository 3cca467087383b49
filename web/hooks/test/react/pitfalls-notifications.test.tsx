// The fifteen ways in which React kits of this kind go wrong, by number: what is shown of what came.
import { act, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import {
  NotificationInbox,
  NotificationToaster,
  useNotificationEvent,
  useNotifications,
  useNow,
  useUnreadCount,
} from "../../src/index.ts";
import { newUser, Server, serverOfFile } from "../server.ts";
import { connect, Messages, shown, unread, Unread, until } from "./tools.tsx";

const server = serverOfFile();

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
