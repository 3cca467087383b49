import { act, fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { NotificationBell, NotificationToaster } from "../../src/index.ts";
import { newUser, serverOfFile } from "../server.ts";
import { connect, until } from "./tools.tsx";

const server = serverOfFile();

const toasts = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-sonner-toast]")];
const ready = (): Promise<void> =>
  until(() => {
    expect(document.querySelector("section[aria-live]")).not.toBeNull();
  });

describe("a toast", () => {
  it("has the title, the message, a link by name, and a button that closes it", async () => {
    const user = newUser();
    const followed: string[] = [];
    const { notifier } = await connect(
      { url: server.url, identity: { user }, onNavigate: (link) => void followed.push(link) },
      <NotificationToaster />,
    );
    await ready();
    await server.publish(user, { title: "Reserva", message: "De Ana", link: "/reservas/7", priority: "critical" });
    const open = await screen.findByRole("button", { name: "Ver: Reserva" });
    expect(toasts()[0]?.textContent).toContain("Urgente");
    expect(toasts()[0]?.textContent).toContain("De Ana");
    fireEvent.click(open);
    await until(() => {
      expect(followed).toEqual(["/reservas/7"]);
      expect(notifier().getState().counts.unread).toBe(0);
      expect(toasts().filter((toast) => toast.dataset.removed === "false")).toEqual([]);
    });
    await server.publish(user, { title: "Otra" });
    await until(() => {
      expect(screen.getByText("Otra")).toBeTruthy();
    });
    const toast = toasts().find((one) => one.textContent.includes("Otra"));
    fireEvent.click(within(toast ?? document.body).getByRole("button", { name: "Cerrar" }));
    await until(() => {
      expect(screen.queryByText("Otra")).toBeNull();
    });
  });

  it("looks as the application says, or does not appear", async () => {
    const user = newUser();
    await connect(
      { url: server.url, identity: { user } },
      <NotificationToaster
        renderToast={({ message }, { close }) =>
          message === "quiet" ? null : <button onClick={close}>Own {message}</button>
        }
      />,
    );
    await ready();
    for (const message of ["quiet", "loud"]) await server.publish(user, { message });
    const own = await screen.findByRole("button", { name: "Own loud" });
    expect(toasts()).toHaveLength(1);
    fireEvent.click(own);
    await until(() => {
      expect(toasts()).toHaveLength(0);
    });
  });

  it("does not appear over an open panel that shows the same, unless it is asked for", async () => {
    const user = newUser();
    const both = (whileOpen: boolean) => [
      <NotificationBell key="b" />,
      <NotificationToaster key="t" whileOpen={whileOpen} />,
    ];
    const { show } = await connect({ url: server.url, identity: { user } }, both(false));
    await ready();
    fireEvent.click(screen.getByRole("button", { name: "Notificaciones" }));
    await server.publish(user, { message: "in the panel" });
    await until(() => {
      expect(within(screen.getByRole("dialog")).getByText("in the panel")).toBeTruthy();
    });
    expect(toasts()).toHaveLength(0);
    show(both(true));
    await server.publish(user, { message: "in both" });
    await until(() => {
      expect(toasts()).toHaveLength(1);
    });
    fireEvent.keyDown(screen.getByRole("dialog"), { key: "Escape" });
    show(both(false));
    await act(() => server.publish(user, { message: "after" }));
    await until(() => {
      expect(toasts()).toHaveLength(2);
    });
  });
});
