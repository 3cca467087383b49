import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import {
  ConnectionBanner,
  NotificationBell,
  NotificationInbox,
  NotificationProvider,
  NotificationToaster,
} from "../../src/index.ts";
import { newUser, Server, serverOfFile } from "../server.ts";
import { connect, until } from "./tools.tsx";

const server = serverOfFile();

function one(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
}

const toasts = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-sonner-toast]")];

describe("<NotificationBell>", () => {
  it("is a button whose name says how many are unread, and whose badge is capped and not spoken", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <NotificationBell max={1} />);
    const bell = screen.getByRole("button", { name: "Notificaciones" });
    expect(bell.getAttribute("aria-haspopup")).toBe("dialog");
    expect(bell.querySelector(".sio-badge")).toBeNull();
    await server.publish(user);
    await server.publish(user);
    await until(() => {
      expect(bell.getAttribute("aria-label")).toBe("Notificaciones, 2 sin leer");
    });
    const badge = bell.querySelector(".sio-badge");
    expect([badge?.textContent, badge?.getAttribute("aria-hidden")]).toEqual(["1+", "true"]);
  });

  it("opens a dialog, takes the focus into it, and gives it back at Escape", async () => {
    await connect({ url: server.url, identity: { user: newUser() } }, <NotificationBell />);
    const bell = screen.getByRole("button", { name: "Notificaciones" });
    expect(bell.getAttribute("aria-expanded")).toBe("false");
    fireEvent.click(bell);
    const dialog = screen.getByRole("dialog", { name: "Notificaciones" });
    expect(bell.getAttribute("aria-expanded")).toBe("true");
    expect(bell.getAttribute("aria-controls")).toBe(dialog.id);
    expect(document.activeElement).toBe(dialog);
    fireEvent.keyDown(dialog, { key: "Escape" });
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(bell);
    fireEvent.click(bell);
    fireEvent.pointerDown(document.body);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("has been seen once it was opened, while what is unread stays so", async () => {
    const user = newUser();
    const { notifier } = await connect({ url: server.url, identity: { user } }, <NotificationBell badge="unseen" />);
    await server.publish(user);
    await until(() => {
      expect(screen.getByRole("button", { name: "Notificaciones, 1 sin leer" })).toBeTruthy();
    });
    fireEvent.click(screen.getByRole("button", { name: /Notificaciones/ }));
    await until(async () => {
      expect((await server.ask(`/v1/users/${user}/inbox`)).counts).toMatchObject({ unread: 1, unseen: 0 });
    });
    expect(notifier().getState().counts).toEqual({ unread: 1, unseen: 0 });
  });

  it("asks once, and not in a loop, when it cannot say that it was seen", async () => {
    const own = new Server();
    await own.start();
    const user = newUser();
    const { notifier } = await connect({ url: own.url, identity: { user } }, <NotificationBell>…</NotificationBell>);
    await own.publish(user);
    await until(() => {
      expect(screen.getByRole("button", { name: "Notificaciones, 1 sin leer" })).toBeTruthy();
    });
    await own.stop();
    const mark = vi.spyOn(notifier(), "mark");
    fireEvent.click(screen.getByRole("button", { name: /Notificaciones/ }));
    await until(() => {
      expect(mark.mock.settledResults.filter(({ type }) => type === "rejected").length).toBeGreaterThan(0);
      expect(notifier().getState().counts.unseen).toBe(1);
    });
    const { calls } = mark.mock;
    const before = calls.length;
    await act(() => new Promise((done) => setTimeout(done, 100))); // where a loop would be at its hundredth
    expect(calls.length).toBe(before);
    expect(before).toBeLessThanOrEqual(2); // StrictMode runs the effect of a mount twice
    await own.remove();
  });

  it("speaks English, and says what an application wants it to", async () => {
    const user = newUser();
    await connect(
      { url: server.url, identity: { user }, locale: "en-GB", labels: { emptyAll: "All quiet" } },
      <NotificationBell />,
    );
    fireEvent.click(screen.getByRole("button", { name: "Notifications" }));
    await until(() => {
      expect(screen.getByText("All quiet")).toBeTruthy();
    });
  });
});

describe("<NotificationInbox>", () => {
  it("is loading, then empty, then a list with the day over it", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <NotificationInbox />);
    await until(() => {
      expect(screen.getByText("No tienes notificaciones")).toBeTruthy();
    });
    await server.publish(user, { title: "Nueva reserva", message: "De Ana" });
    await until(() => {
      expect(screen.getByRole("heading", { name: "Hoy" })).toBeTruthy();
    });
    const [entry] = screen.getAllByRole("listitem");
    expect(entry?.textContent).toContain("Sin leer: ");
    expect(entry?.textContent).toContain("Nueva reserva");
    expect(entry?.textContent).toContain("De Ana");
    expect(entry?.querySelector("a button, button a")).toBeNull();
  });

  it("filters, marks and archives from its buttons", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <NotificationInbox />);
    await server.publish(user, { message: "one" });
    await server.publish(user, { message: "two" });
    await until(() => {
      expect(screen.getAllByRole("listitem")).toHaveLength(2);
    });
    const entry = (text: string): HTMLElement | undefined =>
      screen.queryAllByRole("listitem").find((candidate) => candidate.textContent.includes(text));
    const item = (text: string): HTMLElement => {
      const found = entry(text);
      if (!found) throw new Error(`no item ${text}`);
      return found;
    };
    const press = (text: string, name: string): void => {
      fireEvent.click(within(item(text)).getByRole("button", { name: `${name}: ${text}` }));
    };
    press("one", "Marcar como leída");
    await until(() => {
      expect(within(item("one")).getByRole("button", { name: "Marcar como no leída: one" })).toBeTruthy();
    });
    fireEvent.click(screen.getByRole("button", { name: "Sin leer" }));
    await until(() => {
      expect(screen.getAllByRole("listitem").map((item) => item.textContent.includes("two"))).toEqual([true]);
    });
    press("two", "Archivar");
    await until(() => {
      expect(screen.getByText("No te queda nada por leer")).toBeTruthy();
    });
    fireEvent.click(screen.getByRole("button", { name: "Archivadas" }));
    await until(() => {
      expect(entry("two")).toBeTruthy();
    });
    expect(screen.getByRole("button", { name: "Archivadas" }).getAttribute("aria-pressed")).toBe("true");
  });

  it("says that it could not load, and loads when asked again", async () => {
    const own = new Server();
    await own.start();
    const { notifier } = await connect({ url: own.url, identity: { user: newUser() } }, null);
    await own.stop();
    await until(() => {
      expect(notifier().getState().connection.status).toBe("reconnecting");
    });
    const list = notifier().list({ status: "archived" });
    const unsubscribe = list.subscribe(() => undefined);
    await until(() => {
      expect(list.getState().error).toMatchObject({ code: "network" });
    });
    await own.start();
    await act(() => list.refetch());
    expect(list.getState()).toMatchObject({ error: undefined, isLoading: false });
    unsubscribe();
    await own.remove();
  });

  it("does not push away what somebody reads further down", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <NotificationInbox />);
    await server.publish(user, { message: "old" });
    await until(() => {
      expect(screen.getAllByRole("listitem")).toHaveLength(1);
    });
    const scroll = one(".sio-inbox-scroll");
    scroll.scrollTop = 200;
    fireEvent.scroll(scroll);
    await server.publish(user, { message: "new" });
    await until(() => {
      expect(screen.getByRole("button", { name: "1 nueva" })).toBeTruthy();
    });
    expect(screen.getAllByRole("listitem")).toHaveLength(1);
    fireEvent.click(screen.getByRole("button", { name: "1 nueva" }));
    expect(screen.getAllByRole("listitem")).toHaveLength(2);
  });
});

describe("<ConnectionBanner>", () => {
  it("is a live region from the start, speaks when the connection goes, and tries again", async () => {
    const own = new Server();
    await own.start();
    await connect({ url: own.url, identity: { user: newUser() } }, <ConnectionBanner />);
    const banner = one(".sio-banner");
    expect([banner.getAttribute("role"), banner.textContent, banner.hidden]).toEqual(["status", "", true]);
    await own.stop();
    await until(() => {
      expect(banner.textContent).toContain("Reconectando");
    });
    expect(banner.hidden).toBe(false);
    await own.start();
    fireEvent.click(within(banner).getByRole("button", { name: "Reintentar" }));
    await until(() => {
      expect(banner.textContent).toBe("");
    });
    await own.remove();
  });
});

describe("<ConnectionBanner>, where waiting alone does not help,", () => {
  it("says what is wrong in place of what its status says", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    render(
      <NotificationProvider tabs="own" url="ftp://nowhere.example" identity={{ user: newUser() }}>
        <ConnectionBanner />
      </NotificationProvider>,
    );
    await until(() => {
      expect(one(".sio-banner").textContent).toContain("La dirección del servidor de notificaciones no es válida.");
    });
    expect(one(".sio-banner").textContent).not.toContain("Reconectando");
  });
});

describe("<NotificationToaster>", () => {
  it("shows what is live once, in one polite region, and merges what is the same", async () => {
    const user = newUser();
    await connect(
      { url: server.url, identity: { user } },
      <NotificationToaster dedupeBy={({ type }) => type} filter={({ message }) => message !== "quiet"} />,
    );
    await until(() => {
      expect(document.querySelector("section[aria-live]")).not.toBeNull();
    });
    expect(document.querySelectorAll("[aria-live=assertive], [role=alert]")).toHaveLength(0);
    await server.publish(user, { message: "quiet" });
    await server.publish(user, { message: "first" });
    await server.publish(user, { message: "second" });
    await until(() => {
      expect(toasts().map((toast) => toast.textContent)).toEqual(["second"]);
    });
  });
});
