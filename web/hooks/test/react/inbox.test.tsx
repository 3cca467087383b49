import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { Profiler } from "react";
import { describe, expect, it, vi } from "vitest";
import { NotificationBell, NotificationInbox, NotificationProvider, plural } from "../../src/index.ts";
import { newUser, Server, serverOfFile } from "../server.ts";
import { connect, until } from "./tools.tsx";

const server = serverOfFile();

const entries = (): HTMLElement[] => screen.queryAllByRole("listitem");
const name = (): string | undefined => document.activeElement?.getAttribute("aria-label") ?? undefined;

async function withEntries(user: string, titles: readonly string[], fields: object = {}): Promise<void> {
  for (const title of titles) await server.publish(user, { title, message: `About ${title}`, ...fields });
  await until(() => {
    expect(entries()).toHaveLength(titles.length);
  });
}

describe("the focus", () => {
  it("goes to the same button of the next entry when one leaves, and at last to the heading", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <NotificationInbox />);
    await withEntries(user, ["C", "B", "A"]);
    for (const [pressed, next] of [
      ["Archivar: B", "Archivar: C"],
      ["Archivar: C", undefined],
    ] as const) {
      const button = screen.getByRole("button", { name: pressed });
      button.focus();
      fireEvent.click(button);
      await until(() => {
        expect(screen.queryByRole("button", { name: pressed })).toBeNull();
        expect(name()).toBe(next);
      });
    }
    expect(document.activeElement?.textContent).toBe("Notificaciones"); // C was the last, and A comes before it
  });

  it("is found again when another device takes the entry away", async () => {
    const user = newUser();
    const { notifier } = await connect({ url: server.url, identity: { user } }, <NotificationInbox />);
    await withEntries(user, ["B", "A"]);
    screen.getByRole("button", { name: "Archivar: A" }).focus();
    const [newest] = notifier().getState().items;
    await act(() => notifier().mark("archive", [newest?.id ?? ""]));
    await until(() => {
      expect(name()).toBe("Archivar: B");
    });
  });

  it("stays where somebody has put it meanwhile", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, [<NotificationInbox key="i" />, <input key="o" />]);
    await withEntries(user, ["B", "A"]);
    screen.getByRole("button", { name: "Archivar: A" }).focus();
    const outside = screen.getByRole("textbox");
    outside.focus();
    fireEvent.click(screen.getByRole("button", { name: "Archivar: A" }));
    await until(() => {
      expect(entries()).toHaveLength(1);
    });
    expect(document.activeElement).toBe(outside);
  });
});

describe("a change that fails", () => {
  it("is told where it was made, and can be dismissed", async () => {
    const own = new Server();
    await own.start();
    const user = newUser();
    await connect({ url: own.url, identity: { user } }, <NotificationInbox />);
    await own.publish(user, { title: "A" });
    await until(() => {
      expect(entries()).toHaveLength(1);
    });
    await own.stop();
    fireEvent.click(screen.getByRole("button", { name: "Archivar: A" }));
    await until(() => {
      expect(screen.getByRole("alert").textContent).toContain("No se ha podido guardar el cambio");
      expect(entries()).toHaveLength(1); // it is back
    });
    fireEvent.click(within(screen.getByRole("alert")).getByRole("button", { name: "Cerrar" }));
    expect(screen.queryByRole("alert")).toBeNull();
    await own.remove();
  });
});

describe("a list", () => {
  it("of which nothing is left after all were read is empty, without a button that leads nowhere", async () => {
    const user = newUser();
    const { notifier } = await connect({ url: server.url, identity: { user } }, null);
    for (let number = 0; number < 7; number++) await server.publish(user, { message: `m${number}` });
    render(
      <NotificationProvider tabs="own" url={server.url} identity={{ user }}>
        <NotificationInbox filters={["unread", "all"]} limit={3} />
      </NotificationProvider>,
    );
    await until(() => {
      expect(entries()).not.toHaveLength(0);
    });
    fireEvent.click(screen.getByRole("button", { name: "Marcar todas como leídas" }));
    await until(() => {
      expect(screen.getByText("No te queda nada por leer")).toBeTruthy();
    });
    expect(screen.queryByRole("button", { name: "Ver más" })).toBeNull();
    expect(notifier().getState().counts.unread).toBe(0);
  });

  it("offers what follows by a button that keeps the focus while it is fetched", async () => {
    const user = newUser();
    for (let number = 0; number < 5; number++) await server.publish(user, { message: `m${number}` });
    await connect({ url: server.url, identity: { user } }, <NotificationInbox limit={2} />);
    await until(() => {
      expect(entries()).toHaveLength(2);
    });
    const more = screen.getByRole("button", { name: "Ver más" });
    more.focus();
    fireEvent.click(more);
    expect(more.hasAttribute("disabled")).toBe(false);
    await until(() => {
      expect(entries()).toHaveLength(4);
    });
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Ver más" }));
    fireEvent.click(screen.getByRole("button", { name: "Ver más" }));
    await until(() => {
      expect(entries()).toHaveLength(5);
    });
    expect(name()).toBe("Marcar como leída: m0"); // in the first of those that have come
  });

  it("shows one category of the application's types, and marks those alone", async () => {
    const user = newUser();
    const categories = [{ label: "Tours", types: ["tour_creado"] }];
    const { notifier } = await connect(
      { url: server.url, identity: { user } },
      <NotificationInbox categories={categories} />,
    );
    await withEntries(user, ["B", "A"]);
    await server.publish(user, { type: "tour_creado", title: "T", data: { nombre: "T" } });
    fireEvent.click(screen.getByRole("button", { name: "Tours" }));
    await until(() => {
      expect(entries()).toHaveLength(1);
    });
    fireEvent.click(screen.getByRole("button", { name: "Marcar todas como leídas" }));
    await until(() => {
      expect(notifier().getState().counts.unread).toBe(2);
    });
    fireEvent.click(screen.getByRole("button", { name: "Todo" }));
    await until(() => {
      expect(entries()).toHaveLength(3);
    });
  });

  it("joins what is repeated, opens it, and archives all of it at once", async () => {
    const user = newUser();
    const title = plural("es", { one: "# reserva nueva", other: "# reservas nuevas" });
    await connect(
      { url: server.url, identity: { user } },
      <NotificationInbox group={{ title: (items) => title(items.length) }} />,
    );
    for (const message of ["one", "two", "three"]) await server.publish(user, { title: "Nueva reserva", message });
    const toggle = await screen.findByRole("button", { name: "3 reservas nuevas" });
    expect(entries()).toHaveLength(1);
    expect(entries()[0]?.textContent).toContain("three");
    fireEvent.click(toggle);
    expect(toggle.getAttribute("aria-expanded")).toBe("true");
    expect(entries()).toHaveLength(4);
    await server.publish(user, { title: "Nueva reserva", message: "four" });
    await until(() => {
      expect(entries()).toHaveLength(5); // it stays open
    });
    fireEvent.click(screen.getByRole("button", { name: "Archivar: 4 reservas nuevas" }));
    await until(() => {
      expect(screen.getByText("No tienes notificaciones")).toBeTruthy();
    });
  });

  it("has headings of the level that fits the page", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <NotificationInbox headingLevel={4} />);
    await withEntries(user, ["A"]);
    expect(screen.getByRole("heading", { name: "Notificaciones", level: 4 })).toBeTruthy();
    expect(screen.getByRole("heading", { name: "Hoy", level: 5 })).toBeTruthy();
  });
});

describe("an entry", () => {
  it("says who did it, that it matters, and keeps the direction of its text to itself", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <NotificationInbox />);
    await server.publish(user, {
      title: "مرحبا!",
      message: "uno\ndos",
      priority: "critical",
      actor: { id: "7", name: "Ana Quispe" },
    });
    const entry = (await screen.findByText("مرحبا!")).closest("li");
    expect(entry?.textContent).toContain("Ana Quispe");
    expect(entry?.textContent).toContain("Urgente");
    expect(screen.getByText("مرحبا!").getAttribute("dir")).toBe("auto");
    expect(within(entry as HTMLElement).getByText(/uno\s+dos/).textContent).toBe("uno\ndos");
  });

  it("is opened by a click anywhere in it, and read by that", async () => {
    const user = newUser();
    await connect({ url: server.url, identity: { user } }, <NotificationInbox />);
    await withEntries(user, ["A"]);
    fireEvent.click(screen.getByText("About A"));
    await until(() => {
      expect(screen.getByRole("button", { name: "Marcar como no leída: A" })).toBeTruthy();
    });
  });

  it("has the application's icon, buttons and handler", async () => {
    const user = newUser();
    const said: string[] = [];
    await connect(
      { url: server.url, identity: { user }, renderIcon: ({ type }) => (type === "test" ? "🧪" : undefined) },
      <NotificationInbox
        onItemClick={({ title }) => said.push(`opened ${title}`)}
        itemActions={({ title }) => [
          { label: "Aceptar", primary: true, onSelect: () => said.push(`accepted ${title}`) },
        ]}
      />,
    );
    await withEntries(user, ["A"]);
    expect(entries()[0]?.textContent).toContain("🧪");
    fireEvent.click(screen.getByRole("button", { name: "Aceptar: A" }));
    fireEvent.click(screen.getByRole("button", { name: "A" }));
    expect(said).toEqual(["accepted A", "opened A"]);
  });

  it("leaves a link to another site to the browser", async () => {
    const user = newUser();
    const followed: string[] = [];
    await connect(
      { url: server.url, identity: { user }, onNavigate: (link) => void followed.push(link) },
      <NotificationInbox />,
    );
    await withEntries(user, ["A"], { link: "https://example.org/a" });
    const link = screen.getByRole("link", { name: "A" });
    const click = new MouseEvent("click", { bubbles: true, cancelable: true });
    // What a browser would do then is none of this test's.
    document.addEventListener(
      "click",
      (event) => {
        expect(event.defaultPrevented).toBe(false);
        event.preventDefault();
      },
      { once: true },
    );
    act(() => void link.dispatchEvent(click));
    expect(followed).toEqual([]);
  });
});

describe("classes", () => {
  it("of the application are added to the parts, or stand alone", async () => {
    const user = newUser();
    const classNames = { item: "mine", panel: "my-panel" };
    const { show } = await connect(
      { url: server.url, identity: { user } },
      <NotificationInbox className="root" style={{ color: "red" }} classNames={classNames} />,
    );
    await withEntries(user, ["A"]);
    expect(document.querySelector(".sio-inbox.root .sio-item.mine")).not.toBeNull();
    show(<NotificationInbox className="root" classNames={classNames} unstyled />);
    await until(() => {
      expect(document.querySelector(".root .mine")).not.toBeNull();
    });
    expect(document.querySelector('[class*="sio-"]')).toBeNull();
    show(<NotificationBell classNames={classNames} />);
    fireEvent.click(screen.getByRole("button", { name: /Notificaciones/ }));
    expect(document.querySelector(".sio-panel.my-panel .sio-item.mine")).not.toBeNull();
  });
});

describe("the provider", () => {
  it("renders nothing anew for settings that are written inline", () => {
    const renders = vi.fn();
    const list = (
      <Profiler id="list" onRender={renders}>
        <NotificationInbox />
      </Profiler>
    );
    const page = () => (
      <NotificationProvider
        url={server.url}
        tabs="own"
        user={null}
        labels={{ emptyAll: "All quiet" }}
        onNavigate={() => undefined}
        renderIcon={() => undefined}
      >
        {list}
      </NotificationProvider>
    );
    const { rerender } = render(page());
    const before = renders.mock.calls.length;
    for (let time = 0; time < 5; time++) rerender(page());
    expect(renders.mock.calls.length).toBe(before);
    expect(screen.getByText("All quiet")).toBeTruthy();
  });

  it("takes a language as people write it, and one that the kit does not have", () => {
    const { rerender } = render(
      <NotificationProvider url={server.url} user={null} locale="es_PE.UTF-8">
        <NotificationBell />
      </NotificationProvider>,
    );
    fireEvent.click(screen.getByRole("button", { name: "Notificaciones" }));
    rerender(
      <NotificationProvider
        url={server.url}
        user={null}
        locale="fr"
        labels={{ notifications: "Avis", bell: () => "Avis" }}
      >
        <NotificationBell />
      </NotificationProvider>,
    );
    expect(screen.getByRole("dialog", { name: "Avis" })).toBeTruthy();
    expect(screen.getByText("No notifications yet")).toBeTruthy();
  });
});
